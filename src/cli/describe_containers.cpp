// The containers of a pod or of a template.
#include "cli/describe.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"

#include <array>

namespace reeve::cli {
namespace json = boost::json;
namespace {

std::string or_none(const std::string& text) { return text.empty() ? "<none>" : text; }

// A container port that was left open shows what it was assigned.
std::string ports_text(const json::value& container, bool of_host, const json::array& assigned) {
  std::string text;
  std::size_t open_ports = 0;
  for (const json::value& each : list_at(container, "ports")) {
    const std::int64_t written = number_at(each, of_host ? "hostPort" : "containerPort");
    const bool is_assigned = !of_host && written == 0 && open_ports < assigned.size();
    const std::string number = is_assigned ? scalar_text(assigned[open_ports++]) : std::to_string(written);
    const std::string protocol = text_at(each, "protocol");
    const std::string name = text_at(each, "name");
    text += (text.empty() ? "" : ", ") + number + "/" + (protocol.empty() ? "TCP" : protocol);
    if (!name.empty()) text += " (" + name + ")";
  }
  return or_none(text);
}

std::string words_lines(std::string_view title, const json::array& words, const std::string& space) {
  if (words.empty()) return {};
  std::string text = space + std::string(title) + ":\n";
  for (const json::value& each : words) {
    std::string word = scalar_text(each);
    for (std::size_t at = word.find('\n'); at != std::string::npos; at = word.find('\n', at + 1)) {
      word.insert(at + 1, space + "  ");
    }
    text += space + "  " + word + "\n";
  }
  return text;
}

std::string terminated_lines(const json::value& end, const std::string& space) {
  std::string text;
  if (const std::string reason = text_at(end, "reason"); !reason.empty()) text += space + "  Reason:\t" + reason + "\n";
  if (const std::string why = text_at(end, "message"); !why.empty()) text += space + "  Message:\t" + why + "\n";
  text += space + "  Exit Code:\t" + std::to_string(number_at(end, "exitCode")) + "\n";
  if (number_at(end, "signal") > 0) text += space + "  Signal:\t" + text_at(end, "signal") + "\n";
  text += space + "  Started:\t" + full_time(text_at(end, "startedAt")) + "\n";
  return text + space + "  Finished:\t" + full_time(text_at(end, "finishedAt")) + "\n";
}

std::string state_lines(std::string_view title, const json::value& state, const std::string& space) {
  const std::string head = space + std::string(title) + ":\t";
  if (find(state, "running") != nullptr) {
    return head + "Running\n" + space + "  Started:\t" + full_time(text_at(state, "running.startedAt")) + "\n";
  }
  if (const json::value* const end = find(state, "terminated"))
    return head + "Terminated\n" + terminated_lines(*end, space);
  const std::string reason = text_at(state, "waiting.reason");
  return head + "Waiting\n" + (reason.empty() ? "" : space + "  Reason:\t" + reason + "\n");
}

std::string status_lines(const json::value& status, const std::string& space) {
  std::string text = state_lines("State", *find(status, "state"), space);
  if (const json::value* const last = find(status, "lastState"); last != nullptr && find(*last, "terminated")) {
    text += state_lines("Last State", *last, space);
  }
  const std::string said = text_at(status, "reeve.notifyStatus");
  if (!said.empty()) text += space + "Says:\t" + on_one_line(said) + "\n";
  text += space + "Ready:\t" + (flag_at(status, "ready") ? "True" : "False") + "\n";
  return text + space + "Restart Count:\t" + std::to_string(number_at(status, "restartCount")) + "\n";
}

std::string amounts_lines(std::string_view title, const json::object& amounts, const std::string& space) {
  if (amounts.empty()) return {};
  std::string text = space + std::string(title) + ":\n";
  for (const auto& each : amounts) {
    text += space + "  " + std::string(each.key()) + ":\t" + scalar_text(each.value()) + "\n";
  }
  return text;
}

// What a hook does, and the stop signal; kubectl shows neither.
std::string hook_line(const json::value& hook) {
  if (find(hook, "exec") != nullptr) {
    std::string words;
    for (const json::value& each : list_at(hook, "exec.command"))
      words += (words.empty() ? "" : " ") + scalar_text(each);
    return "exec [" + words + "]";
  }
  if (find(hook, "sleep") != nullptr) return "sleep " + text_at(hook, "sleep.seconds") + "s";
  return "http-get http://" + text_at(hook, "httpGet.host") + ":" + text_at(hook, "httpGet.port") +
         text_at(hook, "httpGet.path");
}

std::string lifecycle_lines(const json::value& container, const std::string& space) {
  std::string text;
  for (const auto& [title, key] : {std::pair("Post Start", "lifecycle.postStart"), {"Pre Stop", "lifecycle.preStop"}}) {
    const json::value* const hook = find(container, key);
    if (hook != nullptr && hook->is_object()) text += space + title + ":\t" + hook_line(*hook) + "\n";
  }
  const std::string signal = text_at(container, "lifecycle.stopSignal");
  return signal.empty() ? text : text + space + "Stop Signal:\t" + signal + "\n";
}

std::string probes_lines(const json::value& container, const std::string& space) {
  constexpr std::array<std::pair<const char*, const char*>, 3> probes{
      {{"Liveness", "livenessProbe"}, {"Readiness", "readinessProbe"}, {"Startup", "startupProbe"}}};
  std::string text;
  for (const auto& [title, key] : probes) {
    const json::value* const probe = find(container, key);
    if (probe != nullptr) text += space + title + ":\t" + probe_line(*probe, title) + "\n";
  }
  return text;
}

std::string sockets_line(const json::value& container, const std::string& space) {
  std::string names;
  for (const json::value& each : list_at(container, "passSockets")) {
    names += (names.empty() ? "" : ", ") + scalar_text(each);
  }
  return names.empty() ? names : space + "Passed Sockets:\t" + names + "\n";
}

// What a pod's metadata says of a field that a variable is taken from; empty for other fields and for templates, as
// kubectl leaves them (kubectl/pkg/describe/describe.go EnvValueRetriever).
std::string field_text(const json::value& pod, const std::string& path) {
  const std::size_t open = path.find("['");
  if (!path.starts_with("metadata.") || find(pod, "status") == nullptr) return {};
  if (open == std::string::npos) return text_at(pod, path);
  const json::object& map = map_at(pod, path.substr(0, open));
  const json::value* const found = map.if_contains(path.substr(open + 2, path.size() - open - 4));
  return found == nullptr ? std::string() : scalar_text(*found);
}

std::string environment_lines(const json::value& container, const json::value& pod, const std::string& space) {
  const json::array& env = list_at(container, "env");
  if (env.empty()) return space + "Environment:\t<none>\n";
  std::string text = space + "Environment:\n";
  for (const json::value& each : env) {
    std::string value = text_at(each, "value");
    if (const json::value* const field = find(each, "valueFrom.fieldRef")) {
      const std::string path = text_at(*field, "fieldPath"), version = text_at(*field, "apiVersion");
      value = field_text(pod, path) + " (" + (version.empty() ? "v1" : version) + ":" + path + ")";
    }
    text += space + "  " + text_at(each, "name") + ":\t" + value + "\n";
  }
  return text;
}

std::string mounts_lines(const json::value& container, const std::string& space) {
  const json::array& mounts = list_at(container, "volumeMounts");
  if (mounts.empty()) return space + "Mounts:\t<none>\n";
  std::string text = space + "Mounts:\n";
  for (const json::value& each : mounts) {
    text += space + "  " + text_at(each, "mountPath") + " from " + text_at(each, "name") +
            (flag_at(each, "readOnly") ? " (ro)\n" : " (rw)\n");
  }
  return text;
}

std::string container_text(const json::value& container, const json::value* status, const json::value& pod,
                           std::size_t indent) {
  const std::string space(4, ' ');  // kubectl's own: in a template the name stands one further, all else as in a pod
  std::string text = std::string(indent == 0 ? 2 : 3, ' ') + text_at(container, "name") + ":\n";
  if (status != nullptr) text += space + "Container ID:\t" + text_at(*status, "containerID") + "\n";
  text += space + "Image:\t" + text_at(container, "image") + "\n";
  if (status != nullptr) text += space + "Image ID:\t" + text_at(*status, "imageID") + "\n";
  static const json::value none;
  const json::array& assigned = list_at(status == nullptr ? none : *status, "reeve.assignedPorts");
  const std::string plural = list_at(container, "ports").size() > 1 ? "s" : "";
  text += space + "Port" + plural + ":\t" + ports_text(container, false, assigned) + "\n";
  text += space + "Host Port" + plural + ":\t" + ports_text(container, true, assigned) + "\n";
  text += words_lines("Command", list_at(container, "command"), space);
  text += words_lines("Args", list_at(container, "args"), space);
  if (status != nullptr && find(*status, "state") != nullptr) text += status_lines(*status, space);
  text += amounts_lines("Limits", map_at(container, "resources.limits"), space);
  text += amounts_lines("Requests", map_at(container, "resources.requests"), space);
  return text + sockets_line(container, space) + probes_lines(container, space) + lifecycle_lines(container, space) +
         environment_lines(container, pod, space) + mounts_lines(container, space);
}

std::string list_text(std::string_view title, const json::array& containers, const json::array& statuses,
                      const json::value& pod, std::size_t indent) {
  std::string text = std::string(indent, ' ') + std::string(title) + ":\n";
  for (const json::value& each : containers) {
    text += container_text(each, named(statuses, text_at(each, "name")), pod, indent);
  }
  return text;
}

}  // namespace

std::string containers_text(const json::value& pod, std::size_t indent) {
  std::string text;
  const json::array& init = list_at(pod, "spec.initContainers");
  if (!init.empty()) {
    text += list_text("Init Containers", init, list_at(pod, "status.initContainerStatuses"), pod, indent);
  }
  return text + list_text("Containers", list_at(pod, "spec.containers"), list_at(pod, "status.containerStatuses"), pod,
                          indent);
}

std::string pod_template_text(const json::value& pod_template) {
  std::string text = "Pod Template:\n" + labels_lines("Labels", map_at(pod_template, "metadata.labels"), "=", 2);
  const json::object& annotations = map_at(pod_template, "metadata.annotations");
  if (!annotations.empty()) text += labels_lines("Annotations", annotations, ": ", 2);
  text += containers_text(pod_template, 2);
  text += "  Volumes:\t<none>\n";
  text += labels_lines("Node-Selectors", {}, "=", 2);
  return text + "  Tolerations:\t<none>\n";
}

}  // namespace reeve::cli
