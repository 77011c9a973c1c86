// What pods are called in one word (pkg/printers/internalversion/printers.go, section 13.3 of the reference).
#include "cli/causes.hpp"
#include "cli/json.hpp"

#include <algorithm>

namespace reeve::cli {
namespace json = boost::json;
namespace {

bool is_true(const json::value& pod, std::string_view type) {
  return std::ranges::any_of(list_at(pod, "status.conditions"), [&](const json::value& each) {
    return text_at(each, "type") == type && text_at(each, "status") == "True";
  });
}

std::string ended_word(const json::value& end) {
  const std::string reason = text_at(end, "reason");
  if (!reason.empty()) return reason;
  if (number_at(end, "signal") != 0) return "Signal:" + text_at(end, "signal");
  return "ExitCode:" + text_at(end, "exitCode");
}

// The word of the first init container that is not done; empty: all are.
std::string init_word(const json::value& pod) {
  const json::array& specs = list_at(pod, "spec.initContainers");
  const json::array& statuses = list_at(pod, "status.initContainerStatuses");
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    const json::value& each = statuses[i];
    const json::value* const spec = named(specs, text_at(each, "name"));
    const bool is_sidecar = spec != nullptr && text_at(*spec, "restartPolicy") == "Always";
    const json::value* const end = find(each, "state.terminated");
    if ((end != nullptr && number_at(*end, "exitCode") == 0) || (is_sidecar && flag_at(each, "started"))) continue;
    if (end != nullptr) return "Init:" + ended_word(*end);
    const std::string waiting = text_at(each, "state.waiting.reason");
    if (!waiting.empty() && waiting != "PodInitializing") return "Init:" + waiting;
    return "Init:" + std::to_string(i) + "/" + std::to_string(statuses.size());
  }
  return {};
}

}  // namespace

std::vector<std::string> leaving_lines(const json::value& pod, Time now) {
  std::vector<std::string> lines;
  for (const json::value& each : list_at(pod, "status.reeve.leaving")) {
    lines.push_back(text_at(each, "name") + " began " + age(text_at(each, "since"), now) + " ago");
    const std::int64_t services = number_at(each, "services");
    if (services == 1) lines.back() += ": a service still has open connections to it";
    if (services > 1) lines.back() += ": " + std::to_string(services) + " services still have open connections to it";
  }
  return lines;
}

bool is_ready(const json::value& pod) { return is_true(pod, "Ready"); }

std::string pod_word(const json::value& pod) {
  std::string word = text_at(pod, "status.reason");
  if (word.empty()) word = text_at(pod, "status.phase");
  const bool is_over = word == "Succeeded" || word == "Failed";
  if (find(pod, "metadata.deletionTimestamp") != nullptr && !is_over) return "Terminating";
  const std::string init = init_word(pod);
  if (!init.empty() && !is_true(pod, "Initialized")) return init;
  std::string trouble;
  bool any_ready = false;
  const json::array& statuses = list_at(pod, "status.containerStatuses");
  for (auto each = statuses.rbegin(); each != statuses.rend(); ++each) {
    const std::string waiting = text_at(*each, "state.waiting.reason");
    const json::value* const end = find(*each, "state.terminated");
    if (!waiting.empty()) word = waiting;
    if (end != nullptr) word = ended_word(*end);
    if (end != nullptr && number_at(*end, "exitCode") != 0) trouble = word;
    any_ready = any_ready || (find(*each, "state.running") != nullptr && flag_at(*each, "ready"));
  }
  if (word != "Completed") return word;
  if (any_ready && is_ready(pod)) return "Running";
  if (!trouble.empty()) return trouble;
  return any_ready ? "NotReady" : word;
}

bool is_fine(const json::value& pod) { return is_ready(pod) || text_at(pod, "status.phase") == "Succeeded"; }

bool has_trouble(const json::value& pod) { return !is_fine(pod) && find(pod, "metadata.deletionTimestamp") == nullptr; }

bool is_selected(const json::value& pod, const json::object& selector) {
  const json::object& labels = map_at(pod, "metadata.labels");
  return !selector.empty() && std::ranges::all_of(selector, [&](const auto& each) {
    const json::value* const value = labels.if_contains(each.key());
    return value != nullptr && *value == each.value();
  });
}

}  // namespace reeve::cli
