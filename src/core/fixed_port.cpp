#include <reeve/core/fixed_port.hpp>
#include <reeve/core/rollout.hpp>
#include <reeve/core/text.hpp>

namespace reeve {
namespace {

// The port that a probe knocks at on the pod itself, by number.
std::optional<std::int32_t> knocked_port(const Boxed<ProbeSpec>& probe) {
  const PortRef* port = nullptr;
  if (probe && probe->http_get && probe->http_get->host.empty()) port = &probe->http_get->port;
  if (probe && probe->tcp_socket && probe->tcp_socket->host.empty()) port = &probe->tcp_socket->port;
  const auto* number = port == nullptr ? nullptr : std::get_if<std::int32_t>(port);
  if (number == nullptr) return std::nullopt;
  return *number;
}

std::optional<std::string> fixed_port(const ContainerSpec& container) {
  const std::string whose = " of container " + quoted(container.name);
  for (const ContainerPort& each : container.ports) {
    if (each.container_port > 0) return "containerPort " + std::to_string(each.container_port) + whose;
  }
  const std::pair<const char*, const Boxed<ProbeSpec>*> probes[] = {{"livenessProbe", &container.liveness_probe},
                                                                    {"readinessProbe", &container.readiness_probe},
                                                                    {"startupProbe", &container.startup_probe}};
  for (const auto& [name, probe] : probes) {
    if (const auto number = knocked_port(*probe)) {
      return "port " + std::to_string(*number) + " of the " + name + whose;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> fixed_port(const PodSpec& pod) {
  for (const auto* list : {&pod.containers, &pod.init_containers}) {
    for (const ContainerSpec& each : *list) {
      if (auto found = fixed_port(each)) return found;
    }
  }
  return std::nullopt;
}

bool copies_collide(const DeploymentSpec& deployment) {
  return rollout::limits_of(deployment).total_max() > 1 && fixed_port(deployment.pod_template.spec).has_value();
}

bool isolates_copies(const DeploymentSpec& deployment) {
  return !deployment.pod_template.spec.network && copies_collide(deployment);
}

}  // namespace reeve
