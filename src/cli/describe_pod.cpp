#include "cli/causes.hpp"
#include "cli/describe.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"

#include <cstdio>

namespace reeve::cli {
namespace json = boost::json;
namespace {

std::string line(std::string_view title, const std::string& text) { return std::string(title) + ":\t" + text + "\n"; }

std::string optional_line(std::string_view title, const std::string& text) {
  return text.empty() ? std::string() : line(title, text);
}

std::string node_lines(const json::value& pod) {
  const std::string node = text_at(pod, "spec.nodeName");
  if (node.empty()) return line("Node", "<none>");
  return line("Node", node + "/" + text_at(pod, "status.hostIP"));
}

std::string status_lines(const json::value& pod, Time now) {
  const std::string deleted = text_at(pod, "metadata.deletionTimestamp");
  if (deleted.empty()) return line("Status", text_at(pod, "status.phase"));
  return line("Status", "Terminating (lasts " + age(deleted, now) + ")") +
         line("Termination Grace Period", text_at(pod, "metadata.deletionGracePeriodSeconds") + "s");
}

std::string leaving_text(const json::value& pod, Time now) {
  std::string text;
  for (const std::string& each : leaving_lines(pod, now)) text += "  " + each + "\n";
  return text.empty() ? text : "Leaving:\n" + text;
}

std::string address_lines(const json::value& pod) {
  std::string text = line("IP", text_at(pod, "status.podIP"));
  const json::array& all = list_at(pod, "status.podIPs");
  if (all.empty()) return text + line("IPs", "<none>");
  text += "IPs:\n";
  for (const json::value& each : all) text += "  IP:\t" + text_at(each, "ip") + "\n";
  return text;
}

std::string owner_line(const json::value& pod) {
  for (const json::value& each : list_at(pod, "metadata.ownerReferences")) {
    return line("Controlled By", text_at(each, "kind") + "/" + text_at(each, "name"));
  }
  return {};
}

std::string conditions_text(const json::value& pod) {
  const json::array& conditions = list_at(pod, "status.conditions");
  if (conditions.empty()) return {};
  std::string text = "Conditions:\n  Type\tStatus\n";
  for (const json::value& each : conditions) {
    text += "  " + text_at(each, "type") + " \t" + text_at(each, "status") + " \n";
  }
  return text;
}

std::string volumes_text(const json::value& pod) {
  const json::array& volumes = list_at(pod, "spec.volumes");
  if (volumes.empty()) return "Volumes:\t<none>\n";
  std::string text = "Volumes:\n";
  for (const json::value& each : volumes) text += "  " + text_at(each, "name") + "\n";
  return text;
}

std::string milliseconds_text(double seconds) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.1fms", seconds * 1000);
  return buffer;
}

std::string probe_history_text(const json::value& probes, Time now) {
  const json::array& all = list_at(probes, "probes");
  if (all.empty()) return {};
  std::string text = "Probe History:\n";
  for (const json::value& probe : all) {
    const bool passed = flag_at(probe, "passed");
    const std::int64_t in_a_row = number_at(probe, passed ? "successesInARow" : "failuresInARow");
    text += "  " + text_at(probe, "container") + " " + text_at(probe, "type") + ": ";
    if (list_at(probe, "results").empty()) {
      text += flag_at(probe, "told") ? "was told nothing yet\n" : "has not run yet\n";
      continue;
    }
    text += (passed ? "passing, " : "not passing, ") + std::to_string(in_a_row) +
            (passed ? " successes in a row\n" : " failures in a row\n");
    for (const json::value& each : list_at(probe, "results")) {
      text += "    " + age(text_at(each, "time"), now) + " ago\t" + text_at(each, "result") + "\t" +
              milliseconds_text(real_at(each, "latencySeconds")) + "\t" + on_one_line(text_at(each, "text")) + "\n";
    }
  }
  return text;
}

std::string post_mortem_text(const json::value& pod) {
  std::string text;
  for (const json::value& each : list_at(pod, "status.containerStatuses")) {
    const json::value* const end = find(each, "reeve.lastExit");
    if (end == nullptr || !end->is_object()) continue;
    char buffer[128];
    std::snprintf(buffer, sizeof buffer, "%.2fs user, %.2fs system, %.1fMi resident at most",
                  real_at(*end, "userSeconds"), real_at(*end, "systemSeconds"),
                  real_at(*end, "maxResidentBytes") / (1024 * 1024));
    text += "  " + text_at(each, "name") + ":\t" + buffer + "\n";
  }
  return text.empty() ? text : "Last Run Used:\n" + text;
}

}  // namespace

std::string describe_pod(const Described& what) {
  const json::value& pod = what.object;
  std::string text =
      line("Name", text_at(pod, "metadata.name")) + line("Namespace", text_at(pod, "metadata.namespace"));
  text += optional_line("Priority", text_at(pod, "spec.priority"));
  text += optional_line("Service Account", text_at(pod, "spec.serviceAccountName"));
  text += node_lines(pod) + optional_line("Start Time", full_time(text_at(pod, "status.startTime")));
  text += labels_lines("Labels", map_at(pod, "metadata.labels"), "=");
  text += labels_lines("Annotations", map_at(pod, "metadata.annotations"), ": ");
  text += status_lines(pod, what.now) + leaving_text(pod, what.now);
  text += optional_line("Reason", text_at(pod, "status.reason"));
  text += optional_line("Message", text_at(pod, "status.message"));
  text += address_lines(pod) + owner_line(pod);
  text += containers_text(pod, 0);
  text += conditions_text(pod) + volumes_text(pod);
  text += optional_line("QoS Class", text_at(pod, "status.qosClass"));
  text += labels_lines("Node-Selectors", map_at(pod, "spec.nodeSelector"), "=");
  text += line("Tolerations", "<none>") + events_text(what.events, what.now);
  text += probe_history_text(what.probes, what.now) + post_mortem_text(pod);
  return with_tab_stops(text);
}

}  // namespace reeve::cli
