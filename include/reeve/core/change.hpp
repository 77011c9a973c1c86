#pragma once
// What became visibly different, in the order in which it did: the raw material of a watch.

#include <reeve/core/event.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

namespace reeve {

class Deployment;
class Pod;
class ReplicaSet;
class Service;

// Kinds of things that can be listed. Endpoints follow from services and pods.
enum class Resource { pods, services, endpoints, events, deployments, replica_sets };

enum class ChangeType { added, modified, deleted };

// What a deleted object was at its end; nothing while it lives.
using LastSeen =
    std::variant<std::monostate, std::shared_ptr<const Pod>, std::shared_ptr<const Service>,
                 std::shared_ptr<const Deployment>, std::shared_ptr<const ReplicaSet>, std::shared_ptr<const Event>>;

struct Change {
  Resource resource = Resource::pods;
  std::string name_space;
  std::string name;  // of an event: empty, it has a number
  std::uint64_t event_id = 0;
  ChangeType type = ChangeType::modified;
  std::uint64_t version = 0;
  LastSeen last_seen;
};

}  // namespace reeve
