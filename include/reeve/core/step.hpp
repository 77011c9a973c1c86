#pragma once
// What a machine may reach while it answers one input.

#include <reeve/core/effect.hpp>
#include <reeve/core/event.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reeve {

class Pod;
class Service;

// What a failed liveness probe leads to: a kill, or a wait for one.
enum class LivenessKill { now, delayed };

// What pods may know of what is around them.
class Surroundings {
 public:
  virtual ~Surroundings() = default;
  virtual const std::string& node_name() const = 0;

  // A service that a pod links to: the address it has or would have, and the service if there is one.
  struct Linked {
    std::string address;
    const Service* service = nullptr;
  };
  virtual Linked linked(const ObjectRef& service) const = 0;

  // What the pod depends on and is not ready: "deployment/db"; or there is no such thing.
  struct Unmet {
    std::string name;
    bool exists = false;
  };
  virtual std::vector<Unmet> unmet_by(const Pod& pod) const = 0;

  // The service of that name, if there is one.
  virtual const Service* find_service(const ObjectRef& service) const = 0;

  // Whether a liveness kill of the pod has to wait.
  virtual LivenessKill liveness_kill(PodId pod) const = 0;

  // Services that have the pod among their endpoints, or had it, so that connections to it may be open.
  virtual std::vector<ServiceId> published_by(PodId pod) const = 0;
};

struct Step {
  Instant now;
  Effects& effects;
  EventLog& events;
  std::uint64_t& ids;
  const Surroundings& around;

  template <class AnyId>
  AnyId new_id() {
    return AnyId{++ids};
  }

  template <class AnyEffect>
  void want(AnyEffect&& effect) {
    effects.emplace_back(std::forward<AnyEffect>(effect));
  }

  // Records the event and has it told to the user.
  void report(Event event) { want(ReportEvent{events.record(std::move(event), now)}); }
};

// A step of one pod and its containers.
struct PodStep : Step {
  const Pod& owner;
  const std::shared_ptr<const PodIdentity>& pod;
  const std::shared_ptr<const PodSpec>& spec;
};

}  // namespace reeve
