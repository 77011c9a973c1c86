// How objects come, change and go.
#include <reeve/core/hash.hpp>
#include <reeve/core/supervisor.hpp>

#include <algorithm>

namespace reeve {
namespace {

constexpr std::int32_t node_port_first = 30000;
constexpr std::int32_t node_ports = 2768;

bool needs_node_port(ServiceType type) { return type == ServiceType::node_port; }

// The node port that a service's port has now, or 0.
std::int32_t node_port_of(const Service& service, std::int32_t port) {
  const auto& ports = service.object().spec.ports;
  const auto found = std::ranges::find(ports, port, &ServicePort::port);
  if (found == ports.end()) return 0;
  return service.given().node_ports[static_cast<std::size_t>(found - ports.begin())];
}

}  // namespace

void Supervisor::answer(Step& step, ObjectApplied& input) {
  if (shutting_down_) return;
  const ObjectRef name = ref_of(input.object);
  std::visit([&](auto& object) { apply(step, std::move(object)); }, input.object);
  for (std::string& each : input.warnings) {
    step.report({.object = name,
                 .field_path = {},
                 .type = EventType::warning,
                 .reason = "FieldNotServed",
                 .message = std::move(each),
                 .source = source::reeve});
  }
}

void Supervisor::answer(Step& step, ObjectDeleted& input) {
  if (input.object.kind == Kind::pod) {
    successors_.erase(input.object);
    std::erase_if(pods_at_shutdown_, [&](const SavedPod& each) { return ref_of(each.object) == input.object; });
    saved_version_ += 1;
    const auto found = by_name_.find(input.object);
    if (found != by_name_.end()) remove(step, found->second, input.grace);
  } else if (auto deployment = deployments_.extract(input.object)) {
    saved_version_ += 1;
    deployment.mapped()->remove_all(step, *this);
    selectors_.erase(input.object);
    unschedule(input.object);
    note(Resource::deployments, input.object, ChangeType::deleted,
         std::shared_ptr<const Deployment>(std::move(deployment.mapped())));
  } else if (auto service = services_.extract(input.object)) {
    saved_version_ += 1;
    close(step, input.object, *service.mapped());
    give_back_addresses(*service.mapped());
    note_service_gone(std::move(service.mapped()), input.object);
  }
}

// Only what is said about a running pod changes: with another spec, the new one comes when the old one is gone.
void Supervisor::apply(Step& step, PodObject object) {
  const ObjectRef name{Kind::pod, object.metadata.name_space, object.metadata.name};
  const auto found = by_name_.find(name);
  if (found != by_name_.end()) {
    const Pod& current = *find(found->second);
    const bool unchanged = *current.spec() == object.spec && current.metadata() == object.metadata;
    if (unchanged && !current.is_terminating()) return;
    saved_version_ += 1;
    if (*current.spec() == object.spec && !current.is_terminating()) {
      return relabel(step, found->second, std::move(object.metadata));
    }
    const bool already_leaves = current.is_terminating();
    successors_.insert_or_assign(name, std::move(object));
    if (!already_leaves) remove(step, found->second, std::nullopt);
    return;
  }
  saved_version_ += 1;
  auto spec = std::make_shared<const PodSpec>(std::move(object.spec));
  create_pod(step, std::move(object.metadata), std::move(spec), nullptr);
}

// Services come to select it, or cease to; its owner keeps it.
void Supervisor::relabel(Step& step, PodId id, ObjectMeta metadata) {
  Entry& entry = entries_.at(id);
  with_pod(step, id, [&](Pod& pod) {
    pod.relabel(std::move(metadata.labels), std::move(metadata.annotations));
    for (const auto& [name, service] : services_) {
      const bool is_known = std::ranges::find(entry.services, service.get()) != entry.services.end();
      if (!is_known && service->selects(pod.metadata())) entry.services.push_back(service.get());
    }
    note_dependents(entry);
  });
}

void Supervisor::apply(Step& step, DeploymentObject object) {
  const ObjectRef name = ref_of(object);
  object.metadata.annotations.erase(annotation::revision);
  auto& deployment = deployments_[name];
  const bool is_new = deployment == nullptr;
  const bool moves = is_new || deployment->object().spec.selector != object.spec.selector ||
                     deployment->object().spec.pod_template.metadata.labels != object.spec.pod_template.metadata.labels;
  if (is_new) {
    deployment = std::make_unique<Deployment>(std::move(object), step.now);
    note(Resource::deployments, name, ChangeType::added);
  } else if (deployment->object() != object) {
    deployment->replace(std::move(object));
    changed(*deployment);
  } else {
    return;
  }
  if (moves) warn_of_overlap(step, *deployment);
  unsettled_.insert(name);
}

// Each keeps its own pods, but services and commands that go by labels meet those of both.
void Supervisor::warn_of_overlap(Step& step, const Deployment& deployment) {
  selectors_.put(deployment.object());
  for (const ObjectRef& other : selectors_.overlapping(deployment.object())) {
    step.report({.object = deployment.name(),
                 .field_path = {},
                 .type = EventType::warning,
                 .reason = "SelectorOverlap",
                 .message = "Deployment \"" + other.name +
                            "\" and this one select each other's pods: give each a label that the other does not have",
                 .source = source::deployment_controller});
  }
}

void Supervisor::apply(Step& step, ServiceObject object) {
  const ObjectRef name{Kind::service, object.metadata.name_space, object.metadata.name};
  const auto found = services_.find(name);
  const Service* service = found == services_.end() ? nullptr : found->second.get();
  if (service != nullptr && service->object() == object) return;
  saved_version_ += 1;
  ServiceAddresses given = take_addresses(object, service);
  if (service != nullptr) give_back_addresses(*service);
  put(step, std::move(object), std::move(given), step.now);
}

// A new one, or one in the place of another.
void Supervisor::put(Step& step, ServiceObject object, ServiceAddresses given, Instant created) {
  const ObjectRef name = ref_of(object);
  const auto found = services_.find(name);
  Service* service = found == services_.end() ? nullptr : found->second.get();
  for (const Resource each : {Resource::services, Resource::endpoints}) {
    service != nullptr ? void(shadowed_.insert({each, name})) : note(each, name, ChangeType::added);
  }
  if (service != nullptr && service->ids().size() == object.spec.ports.size()) {
    service->replace(std::move(object), std::move(given));
  } else {
    service = make_service(step, name, std::move(object), std::move(given), created);
  }
  for (const auto& each : service->fixed_endpoints()) fixed_endpoints_.erase(each.id);
  service->open(step);
  for (const auto& each : service->fixed_endpoints()) fixed_endpoints_.insert(each.id);
  update_links(step, name);
  for (auto& [id, entry] : entries_) {
    std::erase(entry.services, service);
    service->update(step, *entry.pod);
    if (service->selects(entry.pod->metadata()) || service->has_published(id)) entry.services.push_back(service);
  }
}

// Each of its ports is proxied for itself: with another number of them it is another one.
Service* Supervisor::make_service(Step& step, const ObjectRef& name, ServiceObject object, ServiceAddresses given,
                                  Instant created) {
  if (const auto old = services_.extract(name)) {
    created = old.mapped()->created();
    close(step, name, *old.mapped());
  }
  std::vector<ServiceId> ids;
  for (std::size_t i = 0; i < object.spec.ports.size(); ++i) {
    ids.push_back(step.new_id<ServiceId>());
    service_names_[ids.back()] = name;
  }
  auto service = std::make_unique<Service>(std::move(object), std::move(given), std::move(ids), created);
  return services_.insert_or_assign(name, std::move(service)).first->second.get();
}

// Of a service that is among the others no longer.
void Supervisor::close(Step& step, const ObjectRef& name, const Service& service) {
  update_links(step, name);
  service.close(step);
  for (const ServiceId id : service.ids()) service_names_.erase(id);
  for (const auto& each : service.fixed_endpoints()) fixed_endpoints_.erase(each.id);
  for (auto& [id, entry] : entries_) {
    service.add_published(id, entry.closed);
    std::erase(entry.services, &service);
  }
}

void Supervisor::match_services(Entry& entry) {
  for (const auto& [name, service] : services_) {
    if (service->selects(entry.pod->metadata())) entry.services.push_back(service.get());
  }
}

std::int32_t Supervisor::free_node_port(const ServiceObject& object, const ServicePort& port,
                                        const std::vector<std::int32_t>& taken) const {
  const std::string key = object.metadata.name_space + "/" + object.metadata.name + ":" + std::to_string(port.port);
  const std::uint32_t start = fnv1a(key) % node_ports;
  for (std::int32_t i = 0; i < node_ports; ++i) {
    const std::int32_t candidate = node_port_first + (static_cast<std::int32_t>(start) + i) % node_ports;
    if (!node_ports_.contains(candidate) && std::ranges::find(taken, candidate) == taken.end()) return candidate;
  }
  return node_port_first;
}

// What it takes is its own until it is given back; what `current` has stays so meanwhile.
ServiceAddresses Supervisor::take_addresses(const ServiceObject& object, const Service* current) {
  ServiceAddresses given;
  given.cluster_ip = object.spec.cluster_ip;
  if (given.cluster_ip.empty()) {
    given.cluster_ip = service_ips_.hold(address_name(object.metadata.name_space, object.metadata.name));
  } else {
    service_ips_.occupy(given.cluster_ip);
  }
  given.node_ports = node_ports_for(object, current);
  for (const std::int32_t port : given.node_ports) {
    if (port != 0) node_ports_.insert(port);
  }
  return given;
}

void Supervisor::give_back_addresses(const Service& service) {
  const ServiceObject& object = service.object();
  if (object.spec.cluster_ip.empty()) {
    service_ips_.release(address_name(object.metadata.name_space, object.metadata.name));
  } else {
    service_ips_.vacate(object.spec.cluster_ip);
  }
  for (const std::int32_t port : service.given().node_ports) node_ports_.extract(port);
}

std::vector<std::int32_t> Supervisor::node_ports_for(const ServiceObject& object, const Service* current) const {
  std::vector<std::int32_t> given(object.spec.ports.size(), 0);
  if (!needs_node_port(object.spec.type)) return given;
  // Written ones first, then those it had, so that neither is given away to a port that leaves the choice open.
  const auto for_open = [&](auto&& choose) {
    for (std::size_t i = 0; i < given.size(); ++i) {
      if (given[i] == 0) given[i] = choose(object.spec.ports[i]);
    }
  };
  for_open([](const ServicePort& port) { return port.node_port.value_or(0); });
  if (current != nullptr) {
    for_open([&](const ServicePort& port) {
      const std::int32_t had = node_port_of(*current, port.port);
      return std::ranges::find(given, had) == given.end() ? had : 0;
    });
  }
  for_open([&](const ServicePort& port) { return free_node_port(object, port, given); });
  return given;
}

void Supervisor::answer(Step& step, ListenerFailed& input) {
  const auto found = service_names_.find(input.service);
  if (found == service_names_.end()) {
    late_inputs_ += 1;
    return;
  }
  step.report({.object = found->second,
               .field_path = {},
               .type = EventType::warning,
               .reason = "ListenFailed",
               .message = input.message,
               .source = source::service_controller});
}

}  // namespace reeve
