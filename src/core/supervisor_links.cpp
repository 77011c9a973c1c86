// Links: which services pods with a network of their own reach in it, and the addresses that pods hold.
#include <reeve/core/supervisor.hpp>

#include <algorithm>

namespace reeve {

// A link holds the address of its service's name, so that it is the service's once there is one.
void Supervisor::take(const Pod& pod) {
  for (const std::string& each : pod.spec()->links) {
    linked_[{Kind::service, pod.identity().name_space, each}].insert(pod.id());
    service_ips_.hold(address_name(pod.identity().name_space, each));
  }
}

void Supervisor::give_back(const Pod& pod) {
  const std::string& name_space = pod.identity().name_space;
  for (const std::int32_t port : pod.assigned_ports()) ports_.erase(port);
  if (has_own_network(*pod.spec())) pod_ips_.release(address_name(name_space, pod.identity().name));
  for (const std::string& each : pod.spec()->links) {
    const auto found = linked_.find({Kind::service, name_space, each});
    found->second.erase(pod.id());
    if (found->second.empty()) linked_.erase(found);
    service_ips_.release(address_name(name_space, each));
  }
}

Surroundings::Linked Supervisor::linked(const ObjectRef& service) const {
  const auto found = services_.find(service);
  if (found != services_.end()) return {found->second->given().cluster_ip, found->second.get()};
  return {service_ips_.of(address_name(service.name_space, service.name)), nullptr};
}

const Service* Supervisor::find_service(const ObjectRef& service) const {
  const auto found = services_.find(service);
  return found == services_.end() ? nullptr : found->second.get();
}

// Closes what is open and should not be so, then opens what should be.
void Supervisor::update_links(Step& step, Entry& entry) {
  std::vector<OpenLink> wanted;
  const Pod& pod = *entry.pod;
  if (pod.has_sandbox() && has_own_network(*pod.spec())) {
    for (const std::string& each : pod.spec()->links) {
      const auto found = services_.find({Kind::service, pod.identity().name_space, each});
      if (found != services_.end()) found->second->add_links(pod.id(), wanted);
    }
  }
  for (const OpenLink& each : entry.links) {
    if (std::ranges::find(wanted, each) == wanted.end()) step.want(CloseLink{each.service, each.pod});
  }
  for (const OpenLink& each : wanted) {
    if (std::ranges::find(entry.links, each) == entry.links.end()) step.want(each);
  }
  entry.links = std::move(wanted);
}

// After a service came, changed or went.
void Supervisor::update_links(Step& step, const ObjectRef& service) {
  const auto found = linked_.find(service);
  if (found == linked_.end()) return;
  for (const PodId id : found->second) update_links(step, entries_.at(id));
}

}  // namespace reeve
