#include <reeve/core/service.hpp>

#include <algorithm>

namespace reeve {
namespace {

std::string joined(std::string_view host, std::int32_t port) { return std::string(host) + ':' + std::to_string(port); }

}  // namespace

bool selects(const Labels& selector, const Labels& labels) {
  if (selector.empty()) return false;
  return std::ranges::all_of(selector, [&](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  });
}

bool Service::selects(const ObjectMeta& pod) const {
  return object_.metadata.name_space == pod.name_space && reeve::selects(object_.spec.selector, pod.labels);
}

Service::Service(ServiceObject object, ServiceAddresses given, std::vector<ServiceId> ids, Instant created)
    : object_(std::move(object)),
      given_(std::move(given)),
      ids_(std::move(ids)),
      created_(created),
      published_(ids_.size()) {}

void Service::replace(ServiceObject object, ServiceAddresses given) {
  object_ = std::move(object);
  given_ = std::move(given);
}

std::vector<std::string> Service::addresses(std::size_t port_index) const {
  const ServicePort& port = object_.spec.ports[port_index];
  std::vector<std::string> all{joined(given_.cluster_ip, port.port)};
  if (given_.node_ports[port_index] != 0) all.push_back(joined("0.0.0.0", given_.node_ports[port_index]));
  if (object_.spec.type == ServiceType::load_balancer) all.push_back(joined("0.0.0.0", port.port));
  if (port_index == 0) all.insert(all.end(), object_.spec.listen.begin(), object_.spec.listen.end());
  return all;
}

void Service::open(Step& step) {
  const ServiceSpec& spec = object_.spec;
  std::optional<Duration> affinity;
  if (spec.session_affinity == SessionAffinity::client_ip) {
    affinity = spec.session_affinity_config.value_or(SessionAffinityConfig{}).client_ip.timeout;
  }
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    const std::string& port_name = spec.ports[i].name;
    const std::string name = object_.metadata.name + (port_name.empty() ? "" : ":" + port_name);
    step.want(OpenService{ids_[i], name, addresses(i), spec.balancing, affinity, spec.on_unready, spec.when_unready,
                          spec.hold, hands_over_sockets(spec), object_.metadata.name_space, ids_.size() == 1});
  }
  publish_fixed(step);
}

// One that stays keeps its identity, and with it its connections.
void Service::publish_fixed(Step& step) {
  std::vector<FixedEndpoint> wanted;
  for (const std::string& each : object_.spec.endpoints) {
    const auto had = std::ranges::find(fixed_, each, &FixedEndpoint::address);
    wanted.push_back({each, had == fixed_.end() ? step.new_id<PodId>() : had->id});
    if (had == fixed_.end()) step.want(SetEndpoint{ids_[0], wanted.back().id, each, true, true, false});
  }
  for (const FixedEndpoint& each : fixed_) {
    if (std::ranges::find(wanted, each.id, &FixedEndpoint::id) == wanted.end())
      step.want(RemoveEndpoint{ids_[0], each.id});
  }
  fixed_ = std::move(wanted);
}

void Service::add_links(PodId pod, std::vector<OpenLink>& links) const {
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    links.push_back({ids_[i], pod, joined(given_.cluster_ip, object_.spec.ports[i].port)});
  }
}

void Service::close(Step& step) const {
  for (const ServiceId id : ids_) step.want(CloseService{id});
}

std::optional<SetEndpoint> Service::wanted(std::size_t port_index, const Pod& pod, bool is_listed) const {
  if (is_final(pod.phase()) || pod.is_drained() || !selects(pod.metadata())) return std::nullopt;
  const ServicePort& port = object_.spec.ports[port_index];
  const auto number = pod.resolve(port.target_port.value_or(PortRef(port.port)));
  if (!number) return std::nullopt;
  // Kubernetes keeps one with publishNotReadyAddresses ready to its end, which would never drain it.
  const bool ready = (pod.is_ready() || object_.spec.publish_not_ready_addresses) && !pod.is_withdrawn();
  // Whose connections are not simply kept stays in the list, or the proxy would not know of what they became.
  const bool stays = is_listed && object_.spec.on_unready != OnUnready::keep;
  if (!ready && !pod.is_ready() && !stays) return std::nullopt;
  return SetEndpoint{ids_[port_index], pod.id(),           joined(host_ip, *number),    ready,
                     pod.is_ready(),   pod.is_withdrawn(), has_own_network(*pod.spec())};
}

void Service::update(Step& step, const Pod& pod) {
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    const auto published = published_[i].find(pod.id());
    const bool is_listed = published != published_[i].end() && published->second;
    auto endpoint = wanted(i, pod, is_listed);
    if (!endpoint) {
      if (!is_listed) continue;
      published->second.reset();
      step.want(RemoveEndpoint{ids_[i], pod.id()});
    } else if (published == published_[i].end() || published->second != *endpoint) {
      published_[i].insert_or_assign(pod.id(), *endpoint);
      step.want(*std::move(endpoint));
    }
  }
}

void Service::remove(Step& step, PodId pod) {
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    const auto published = published_[i].extract(pod);
    if (published && published.mapped()) step.want(RemoveEndpoint{ids_[i], pod});
  }
}

bool Service::has_published(PodId pod) const {
  return std::ranges::any_of(published_, [pod](const auto& each) { return each.contains(pod); });
}

void Service::add_published(PodId pod, std::vector<ServiceId>& services) const {
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    if (published_[i].contains(pod)) services.push_back(ids_[i]);
  }
}

}  // namespace reeve
