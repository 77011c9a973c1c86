#include <reeve/core/environment.hpp>
#include <reeve/core/pod.hpp>
#include <reeve/core/service.hpp>
#include <reeve/core/step.hpp>

#include <algorithm>

namespace reeve {
namespace {

// makeEnvVariableName: "my-db" to "MY_DB".
std::string variable_name(std::string_view name) {
  std::string upper(name);
  for (char& c : upper) c = c == '-' || c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return upper;
}

std::string value_in(const Labels& labels, std::string_view key) {
  const auto found = labels.find(std::string(key));
  return found == labels.end() ? std::string() : found->second;
}

// podFieldSelectorRuntimeValue, ExtractFieldPathAsString. Validation lets nothing else through.
std::string value_of(const std::string& field_path, const Pod& pod, const Surroundings& around) {
  const FieldPath field = split_field_path(field_path);
  const std::string_view path = field.path;
  if (field.has_subscript) {
    return value_in(path == "metadata.labels" ? pod.metadata().labels : pod.metadata().annotations, field.subscript);
  }
  if (path == "metadata.name") return pod.identity().name;
  if (path == "metadata.namespace") return pod.identity().name_space;
  if (path == "metadata.uid") return pod.identity().uid;
  if (path == "spec.nodeName" || path == "spec.host") return around.node_name();
  return path.starts_with("status.podIP") ? pod.pod_ip() : std::string(host_ip);
}

// So that expanding leaves the text as it is: Kubernetes expands written values only.
std::string unexpandable(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += c == '$' ? std::string("$$") : std::string(1, c);
  return escaped;
}

// FromServices and makeLinkVariables. A service that does not exist yet has an address, but no ports.
void add_link(std::vector<NameValue>& variables, const std::string& name, const Surroundings::Linked& linked) {
  const std::string prefix = variable_name(name);
  const std::string& address = linked.address;
  variables.push_back({prefix + "_SERVICE_HOST", address});
  if (linked.service == nullptr) return;
  const std::vector<ServicePort>& ports = linked.service->object().spec.ports;
  const auto url = [&](const ServicePort& port) { return "tcp://" + address + ':' + std::to_string(port.port); };
  variables.push_back({prefix + "_SERVICE_PORT", std::to_string(ports.front().port)});
  for (const ServicePort& each : ports) {
    if (each.name.empty()) continue;
    variables.push_back({prefix + "_SERVICE_PORT_" + variable_name(each.name), std::to_string(each.port)});
  }
  variables.push_back({prefix + "_PORT", url(ports.front())});
  for (const ServicePort& each : ports) {
    const std::string number = std::to_string(each.port);
    const std::string port = prefix + "_PORT_" + number + "_TCP";
    variables.push_back({port, url(each)});
    variables.push_back({port + "_PROTO", "tcp"});
    variables.push_back({port + "_PORT", number});
    variables.push_back({port + "_ADDR", address});
  }
}

// PORT is the first port that was assigned, PORT_NAME each that has a name.
void add_ports(std::vector<NameValue>& variables, const ContainerSpec& container, const Pod& pod) {
  bool is_first = true;
  for (const ContainerPort& each : container.ports) {
    const auto number = each.container_port == 0 ? pod.number_of(each) : std::nullopt;
    if (!number) continue;
    if (std::exchange(is_first, false)) variables.push_back({"PORT", std::to_string(*number)});
    if (!each.name.empty()) variables.push_back({"PORT_" + variable_name(each.name), std::to_string(*number)});
  }
}

}  // namespace

std::shared_ptr<const Environment> environment_of(const ContainerSpec& container, const Pod& pod,
                                                  const Surroundings& around) {
  const std::vector<std::string>& links = pod.spec()->links;
  const bool refers =
      std::ranges::any_of(container.env, [](const EnvVar& each) { return each.value_from.has_value(); });
  const bool has_open_port =
      std::ranges::find(container.ports, 0, &ContainerPort::container_port) != container.ports.end();
  if (links.empty() && !refers && !has_open_port) return nullptr;
  auto environment = std::make_shared<Environment>();
  for (const std::string& each : links) {
    add_link(environment->given, each, around.linked({Kind::service, pod.identity().name_space, each}));
  }
  add_ports(environment->given, container, pod);
  environment->own = written_environment(container);
  for (std::size_t i = 0; i < container.env.size(); ++i) {
    const Boxed<EnvVarSource>& from = container.env[i].value_from;
    if (!from || !from->field_ref) continue;
    environment->own[i].value = unexpandable(value_of(from->field_ref->field_path, pod, around));
  }
  return environment;
}

std::vector<NameValue> written_environment(const ContainerSpec& container) {
  std::vector<NameValue> variables;
  variables.reserve(container.env.size());
  for (const EnvVar& each : container.env) variables.push_back({each.name, each.value});
  return variables;
}

FieldPath split_field_path(std::string_view text) {
  const std::size_t open = text.find("['");
  if (!text.ends_with("']") || open == 0 || open == std::string_view::npos || open + 4 > text.size())
    return {text, {}, false};
  return {text.substr(0, open), text.substr(open + 2, text.size() - open - 4), true};
}

}  // namespace reeve
