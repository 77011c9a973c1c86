#include "core/address.hpp"
#include "core/validate_deployment.hpp"
#include "core/validate_env.hpp"
#include "core/validate_fields.hpp"
#include "core/validate_lifecycle.hpp"

#include <reeve/core/dependency.hpp>
#include <reeve/core/validate.hpp>

#include <algorithm>
#include <set>
#include <tuple>

namespace reeve {
namespace {

constexpr std::string_view needs_isolation =
    "may not be used when `isolation` is \"none\": remove that, or write isolation = \"private\"";

constexpr std::string_view not_for_init = "may not be set for init containers without restartPolicy=Always";

enum class ProbeKind { liveness, readiness, startup };

// An init container that runs to its end before the others start; with restartPolicy Always it is a sidecar.
bool runs_to_its_end(const ContainerSpec& container) { return container.restart_policy != RestartPolicy::always; }

// --- names and labels -----------------------------------------------------------------------------------------------

void check_metadata(FieldErrors& errors, const ObjectMeta& metadata, NameFaults (*name_faults)(std::string_view)) {
  if (metadata.name.empty()) {
    errors.required("metadata.name", "name or generateName is required");
  } else {
    errors.faults("metadata.name", metadata.name, name_faults(metadata.name));
  }
  errors.faults("metadata.namespace", metadata.name_space, dns_label_faults(metadata.name_space));
  check_labels(errors, "metadata.labels", metadata.labels);
  for (const auto& [key, value] : metadata.annotations) {
    errors.faults("metadata.annotations", key, label_key_faults(key));
  }
}

// --- probes ---------------------------------------------------------------------------------------------------------

// validateHandler: exactly one; the first found stays, each further one is refused.
void check_handlers(FieldErrors& errors, const std::string& path, const ProbeSpec& probe) {
  int count = 0;
  const auto look = [&](bool present, const char* name) {
    if (present && ++count > 1) errors.forbidden(path + '.' + name, "may not specify more than 1 handler type");
  };
  look(probe.exec.has_value(), "exec");
  look(probe.http_get.has_value(), "httpGet");
  look(probe.tcp_socket.has_value(), "tcpSocket");
  look(probe.notify.has_value(), "notify");
  if (count == 0) errors.required(path, "must specify a handler type");
}

// Reeve's own rule: a program that tells is not asked. Its silence has a length where that means something.
void check_notify(FieldErrors& errors, const std::string& path, const ProbeSpec& probe, ProbeKind kind) {
  const ProbeSpec defaults;
  const auto refuse = [&](bool is_written, const char* key, const char* instead) {
    if (is_written) errors.forbidden(path + '.' + key, std::string("may not be used with `notify`: ") + instead);
  };
  refuse(probe.initial_delay != defaults.initial_delay, "initialDelaySeconds",
         "nothing is asked that could come too early; a startupProbe with `notify` gives a start its time");
  refuse(probe.timeout != defaults.timeout, "timeoutSeconds", "nothing is run that could take too long");
  refuse(probe.success_threshold != defaults.success_threshold, "successThreshold", "what the program says counts");
  if (kind != ProbeKind::readiness) return;
  refuse(probe.period != defaults.period, "periodSeconds", "readiness changes the instant the program says so");
  refuse(probe.failure_threshold != defaults.failure_threshold, "failureThreshold", "what the program says counts");
}

// validateLivenessProbe, validateReadinessProbe, validateStartupProbe.
void check_probe(FieldErrors& errors, const std::string& path, const Boxed<ProbeSpec>& probe, ProbeKind kind) {
  if (!probe) return;
  check_handlers(errors, path, *probe);
  FieldWalk(errors).walk(path, *probe);
  if (probe->http_get) check_headers(errors, path + ".httpGet", *probe->http_get);
  if (probe->notify) check_notify(errors, path, *probe, kind);
  if (kind != ProbeKind::readiness && probe->success_threshold != 1 && !probe->notify) {
    errors.invalid(path + ".successThreshold", std::to_string(probe->success_threshold), "must be 1");
  }
  if (kind == ProbeKind::readiness && probe->termination_grace_period) {
    errors.invalid(path + ".terminationGracePeriodSeconds", in_seconds(*probe->termination_grace_period),
                   "must not be set for readinessProbes");
  }
}

// Reeve's own rule: what is assigned has no number that could be written.
void check_assigned_port(FieldErrors& errors, const std::string& path, const Boxed<ProbeSpec>& probe,
                         const std::vector<ContainerPort>& ports) {
  if (!probe || std::ranges::find(ports, 0, &ContainerPort::container_port) == ports.end()) return;
  const auto look = [&](const auto& action, const char* name) {
    if (!action || action->port != PortRef(0)) return;
    errors.invalid(path + '.' + name + ".port", "0",
                   "an assigned port (containerPort 0) is meant by its name: give the port a name and write that here");
  };
  look(probe->http_get, "httpGet");
  look(probe->tcp_socket, "tcpSocket");
}

void forbid_probe(FieldErrors& errors, const std::string& path, const Boxed<ProbeSpec>& probe) {
  if (probe) errors.forbidden(path, std::string(not_for_init));
}

// --- containers -----------------------------------------------------------------------------------------------------

void check_container_ports(FieldErrors& errors, const std::string& path, const std::vector<ContainerPort>& ports) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const ContainerPort& port = ports[i];
    const std::string here = indexed(path, i);
    if (!port.name.empty()) {
      errors.faults(here + ".name", port.name, port_name_faults(port.name));
      if (!seen.insert(port.name).second) errors.duplicate(here + ".name", quoted(port.name));
    }
  }
}

void check_pass_sockets(FieldErrors& errors, const std::string& path, const std::vector<std::string>& services) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < services.size(); ++i) {
    errors.faults(indexed(path, i), services[i], service_name_faults(services[i]));
    if (!seen.insert(services[i]).second) errors.duplicate(indexed(path, i), quoted(services[i]));
  }
}

struct Place {
  std::string path;
  bool is_init = false;
  Duration grace{};  // of the pod
};

void check_container(FieldErrors& errors, const Place& place, const ContainerSpec& container,
                     std::set<std::string>& names) {
  // The walk sees the container without its probes and hooks: those of an init container are refused whole.
  ContainerSpec bare = container;
  bare.liveness_probe = bare.readiness_probe = bare.startup_probe = {};
  bare.lifecycle = {};
  FieldWalk(errors).walk(place.path, bare);
  if (container.name.empty()) {
    errors.required(place.path + ".name");
  } else {
    errors.faults(place.path + ".name", container.name, dns_label_faults(container.name));
    if (!names.insert(container.name).second) errors.duplicate(place.path + ".name", quoted(container.name));
  }
  check_container_ports(errors, place.path + ".ports", container.ports);
  check_env(errors, place.path + ".env", container.env);
  check_pass_sockets(errors, place.path + ".passSockets", container.pass_sockets);
  if (place.is_init && runs_to_its_end(container)) {
    forbid_probe(errors, place.path + ".livenessProbe", container.liveness_probe);
    forbid_probe(errors, place.path + ".readinessProbe", container.readiness_probe);
    forbid_probe(errors, place.path + ".startupProbe", container.startup_probe);
    if (container.lifecycle) errors.forbidden(place.path + ".lifecycle", std::string(not_for_init));
    if (!container.pass_sockets.empty()) errors.forbidden(place.path + ".passSockets", std::string(not_for_init));
    return;
  }
  const auto check = [&](const char* name, const Boxed<ProbeSpec>& probe, ProbeKind kind) {
    check_probe(errors, place.path + '.' + name, probe, kind);
    check_assigned_port(errors, place.path + '.' + name, probe, container.ports);
  };
  check("livenessProbe", container.liveness_probe, ProbeKind::liveness);
  check("readinessProbe", container.readiness_probe, ProbeKind::readiness);
  check("startupProbe", container.startup_probe, ProbeKind::startup);
  if (container.lifecycle) {
    check_lifecycle(errors, place.path + ".lifecycle", *container.lifecycle, place.grace);
  }
}

// Reeve's own rules: a link needs a hosts file of the pod's own, a network of its own needs a sandbox.
void check_links(FieldErrors& errors, const std::string& path, const PodSpec& pod) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < pod.links.size(); ++i) {
    const std::string here = indexed(path + ".links", i);
    errors.faults(here, pod.links[i], service_name_faults(pod.links[i]));
    if (!seen.insert(pod.links[i]).second) errors.duplicate(here, quoted(pod.links[i]));
  }
  if (pod.isolation != Isolation::none) return;
  if (!pod.links.empty()) errors.forbidden(path + ".links", std::string(needs_isolation));
  if (has_own_network(pod)) errors.forbidden(path + ".network", std::string(needs_isolation));
}

void check_depends_on(FieldErrors& errors, const std::string& path, const PodSpec& pod) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < pod.depends_on.size(); ++i) {
    const std::string here = indexed(path + ".dependsOn", i), &text = pod.depends_on[i];
    const auto dependency = parse_dependency(text);
    if (!dependency) {
      errors.invalid(here, quoted(text), "must be a name, or \"pod/NAME\" or \"deployment/NAME\"");
      continue;
    }
    errors.faults(here, text, dns_subdomain_faults(dependency->name));
    if (!seen.insert(text).second) errors.duplicate(here, quoted(text));
  }
}

void check_pod_spec(FieldErrors& errors, const std::string& path, const PodSpec& pod) {
  PodSpec bare = pod;
  bare.init_containers.clear();
  bare.containers.assign(pod.containers.empty() ? 0 : 1, ContainerSpec{});
  FieldWalk(errors).walk(path, bare);
  check_links(errors, path, pod);
  check_depends_on(errors, path, pod);
  std::set<std::string> names;
  for (std::size_t i = 0; i < pod.init_containers.size(); ++i) {
    check_container(errors, {indexed(path + ".initContainers", i), true, pod.termination_grace_period},
                    pod.init_containers[i], names);
  }
  for (std::size_t i = 0; i < pod.containers.size(); ++i) {
    check_container(errors, {indexed(path + ".containers", i), false, pod.termination_grace_period}, pod.containers[i],
                    names);
  }
}

// --- services -------------------------------------------------------------------------------------------------------

using PortKey = std::tuple<Protocol, std::int32_t>;

void check_service_port(FieldErrors& errors, const std::string& path, const ServiceSpec& service,
                        const ServicePort& port) {
  if (port.name.empty() && service.ports.size() > 1) errors.required(path + ".name");
  if (!port.name.empty()) errors.faults(path + ".name", port.name, dns_label_faults(port.name));
  if (!port.node_port) return;
  if (service.type == ServiceType::cluster_ip) {
    errors.forbidden(path + ".nodePort", "may not be used when `type` is 'ClusterIP'");
  }
}

void check_service_ports(FieldErrors& errors, const ServiceSpec& service) {
  std::set<std::string> names;
  std::set<PortKey> ports;
  std::set<std::int32_t> node_ports;
  for (std::size_t i = 0; i < service.ports.size(); ++i) {
    const ServicePort& port = service.ports[i];
    const std::string path = indexed("spec.ports", i);
    check_service_port(errors, path, service, port);
    if (!port.name.empty() && !names.insert(port.name).second) errors.duplicate(path + ".name", quoted(port.name));
    if (!ports.emplace(port.protocol, port.port).second) errors.duplicate(path + ".port", std::to_string(port.port));
    if (port.node_port && !node_ports.insert(*port.node_port).second) {
      errors.duplicate(path + ".nodePort", std::to_string(*port.node_port));
    }
  }
}

void check_listen(FieldErrors& errors, const ServiceSpec& service) {
  if (!service.listen.empty() && service.ports.size() > 1) {
    errors.forbidden("spec.listen", "may only be used by a service with one port");
  }
  std::set<std::string> seen;
  for (std::size_t i = 0; i < service.listen.size(); ++i) {
    const std::string& address = service.listen[i];
    const std::string path = indexed("spec.listen", i);
    if (!is_listen_address(address)) {
      errors.invalid(path, quoted(address),
                     "must be an address and a port, \"0.0.0.0:80\" or \"[::]:80\", or \"unix:\" and an absolute path");
    } else if (!seen.insert(address).second) {
      errors.duplicate(path, quoted(address));
    }
  }
}

// Reeve's own rules: the proxy takes no part in what is handed over.
void check_handed_over(FieldErrors& errors, const ServiceSpec& service) {
  const ServiceSpec defaults;
  const auto refuse = [&](bool is_written, const std::string& key) {
    if (!is_written) return;
    errors.forbidden("spec." + key,
                     "may not be used by a service with neither selector nor endpoints: its sockets go to the "
                     "containers that name it in passSockets, and the proxy takes no part");
  };
  for (std::size_t i = 0; i < service.ports.size(); ++i) {
    refuse(service.ports[i].target_port.has_value(), indexed("ports", i) + ".targetPort");
  }
  refuse(service.session_affinity != defaults.session_affinity, "sessionAffinity");
  refuse(service.publish_not_ready_addresses, "publishNotReadyAddresses");
  refuse(service.balancing != defaults.balancing, "balancing");
  refuse(service.on_unready != defaults.on_unready, "onUnready");
  refuse(service.when_unready != defaults.when_unready, "whenUnready");
  refuse(service.hold != defaults.hold, "holdSeconds");
}

// Reeve's own rules: a service serves pods, or what stands in `endpoints`; or it hands its sockets over.
void check_endpoints(FieldErrors& errors, const ServiceSpec& service) {
  const std::vector<std::string>& endpoints = service.endpoints;
  if (hands_over_sockets(service)) return check_handed_over(errors, service);
  if (endpoints.empty()) return;
  if (!service.selector.empty())
    errors.forbidden("spec.endpoints", "may not be used together with a selector: each says whom the service serves");
  if (service.ports.size() > 1)
    errors.forbidden("spec.endpoints",
                     "may only be used by a service with one port: each address carries a port of its own");
  if (service.ports.size() == 1 && service.ports[0].target_port)
    errors.forbidden("spec.ports[0].targetPort",
                     "may not be used with `endpoints`: each address carries a port of its own");
  if (service.publish_not_ready_addresses)
    errors.forbidden("spec.publishNotReadyAddresses", "may not be used with `endpoints`: they are always ready");
  std::set<std::string> seen;
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    const std::string path = indexed("spec.endpoints", i);
    if (!is_listen_address(endpoints[i])) {
      errors.invalid(path, quoted(endpoints[i]),
                     "must be an address and a port, \"192.0.2.1:443\" or \"[2001:db8::1]:80\", or \"unix:\" and an "
                     "absolute path");
    } else if (!seen.insert(endpoints[i]).second) {
      errors.duplicate(path, quoted(endpoints[i]));
    } else if (std::ranges::find(service.listen, endpoints[i]) != service.listen.end()) {
      errors.invalid(path, quoted(endpoints[i]), "is where this service listens itself");
    }
  }
}

void check_cluster_ip(FieldErrors& errors, const std::string& address) {
  if (address.empty() || is_cluster_address(address)) return;
  const bool headless = address == "None";
  errors.invalid(
      "spec.clusterIP", quoted(address),
      headless ? "services without an address of their own are not served yet"
               : "must be empty or an address inside serviceSubnet (127.77.0.0/16) that reeve does not use itself");
}

void check_service(FieldErrors& errors, const ServiceSpec& service) {
  check_endpoints(errors, service);
  check_labels(errors, "spec.selector", service.selector);
  check_service_ports(errors, service);
  check_listen(errors, service);
  check_cluster_ip(errors, service.cluster_ip);
  if (service.session_affinity == SessionAffinity::none && service.session_affinity_config) {
    errors.forbidden("spec.sessionAffinityConfig", "must not be set when session affinity is None");
  }
}

// --- objects --------------------------------------------------------------------------------------------------------

void check(FieldErrors& errors, const PodObject& pod) {
  check_metadata(errors, pod.metadata, dns_subdomain_faults);
  check_pod_spec(errors, "spec", pod.spec);
}

void check(FieldErrors& errors, const DeploymentObject& deployment) {
  check_metadata(errors, deployment.metadata, dns_subdomain_faults);
  DeploymentSpec bare = deployment.spec;  // without the template, which has a walk of its own
  bare.pod_template = {};
  bare.pod_template.spec.containers.resize(1);
  FieldWalk(errors).walk("spec", bare);
  check_pod_spec(errors, "spec.template.spec", deployment.spec.pod_template.spec);
  check_deployment(errors, deployment.spec);
}

void check(FieldErrors& errors, const ServiceObject& service) {
  check_metadata(errors, service.metadata, service_name_faults);
  FieldWalk(errors).walk("spec", service.spec);
  check_service(errors, service.spec);
}

// Where Kubernetes words a bound of the table in its own way.
void use_kubernetes_words(FieldError& error) {
  const std::string_view field = error.field;
  if (error.type != "Invalid value" || !error.detail.starts_with("must be between")) return;
  if (field.ends_with(".containerPort") && error.value == std::to_string(ContainerPort::unwritten)) {
    error.type = "Required value";
    error.value = error.detail = "";
  } else if (field.ends_with(".nodePort")) {
    error.detail = "provided port is not in the valid range. The range of valid ports is 30000-32767";
  } else if (field.ends_with(".clientIP.timeoutSeconds")) {
    error.detail = "must be greater than 0 and less than 86400";
  }
}

}  // namespace

std::vector<FieldError> validate(const Object& object) {
  FieldErrors errors;
  std::visit([&](const auto& each) { check(errors, each); }, object);
  std::vector<FieldError> found = errors.take();
  std::ranges::for_each(found, use_kubernetes_words);
  return found;
}

}  // namespace reeve
