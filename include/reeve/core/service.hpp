#pragma once
// A service: which pods serve it, on which addresses it listens (pkg/controller/endpoint, endpointslice/utils.go).

#include <reeve/core/pod.hpp>
#include <reeve/core/spec.hpp>
#include <reeve/core/step.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace reeve {

// True if every label of the selector stands among labels; an empty selector selects nothing.
bool selects(const Labels& selector, const Labels& labels);

// What a service gets that its spec leaves open.
struct ServiceAddresses {
  std::string cluster_ip;
  std::vector<std::int32_t> node_ports;  // one per port; 0 where the type has none
};

class Service {
 public:
  // One id per port: each is proxied for itself.
  Service(ServiceObject object, ServiceAddresses given, std::vector<ServiceId> ids, Instant created);

  // Opens its listeners, or changes them after `replace`, and publishes what serves without being a pod.
  void open(Step& step);
  void close(Step& step) const;

  // Takes a changed object with the same ports; open must follow.
  void replace(ServiceObject object, ServiceAddresses given);

  // True for the pods of its own namespace with the labels of its selector.
  bool selects(const ObjectMeta& pod) const;

  // Publishes what changed about one pod that the selector selects.
  void update(Step& step, const Pod& pod);
  void remove(Step& step, PodId pod);

  // It has the pod among its endpoints, or had it; and those of its ports for which that is so.
  bool has_published(PodId pod) const;
  void add_published(PodId pod, std::vector<ServiceId>& services) const;

  // What serves without being a pod, each under an identity of its own.
  struct FixedEndpoint {
    std::string address;
    PodId id;
  };
  const std::vector<FixedEndpoint>& fixed_endpoints() const noexcept { return fixed_; }

  // A link for each of its ports.
  void add_links(PodId pod, std::vector<OpenLink>& links) const;

  const ServiceObject& object() const noexcept { return object_; }
  const ServiceAddresses& given() const noexcept { return given_; }
  const std::vector<ServiceId>& ids() const noexcept { return ids_; }
  Instant created() const noexcept { return created_; }
  std::vector<std::string> addresses(std::size_t port_index) const;

 private:
  void publish_fixed(Step& step);
  std::optional<SetEndpoint> wanted(std::size_t port_index, const Pod& pod, bool is_listed) const;

  ServiceObject object_;
  ServiceAddresses given_;
  std::vector<ServiceId> ids_;
  Instant created_;
  // One map per port; nothing: the pod was published there, and is so no longer.
  std::vector<std::unordered_map<PodId, std::optional<SetEndpoint>>> published_;
  std::vector<FixedEndpoint> fixed_;
};

}  // namespace reeve
