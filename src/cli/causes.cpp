#include "cli/causes.hpp"

#include "cli/describe.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"

#include <algorithm>
#include <cstdio>

namespace reeve::cli {
namespace json = boost::json;
namespace {

std::string name_of(const json::value& object) { return text_at(object, "metadata.name"); }

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return text;
}

std::string times(std::int64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

// "in 18s", or "now" for what is due.
std::string in_time(std::string_view text, Time now) {
  const auto time = parse_time(text);
  if (!time) return {};
  return *time <= now ? "now" : "in " + human_duration(std::chrono::ceil<std::chrono::seconds>(*time - now));
}

std::string between(std::string_view from, std::string_view to) {
  const auto begin = parse_time(from), end = parse_time(to);
  return begin && end ? human_duration(*end - *begin) : "";
}

bool is_about(const json::value& event, const json::value& object, std::string_view kind) {
  return text_at(event, "involvedObject.kind") == kind && text_at(event, "involvedObject.name") == name_of(object) &&
         text_at(event, "involvedObject.namespace") == text_at(object, "metadata.namespace");
}

// The newest event about an object with one of these reasons, of one container if that is given.
const json::value* newest_event(const Facts& facts, const json::value& object, std::string_view kind,
                                std::string_view reason, const std::string& container = {}) {
  const json::value* newest = nullptr;
  for (const json::value& each : facts.events) {
    if (text_at(each, "reason") != reason || !is_about(each, object, kind)) continue;
    const bool is_other = text_at(each, "involvedObject.fieldPath").find("{" + container + "}") == std::string::npos;
    if (!container.empty() && is_other) continue;
    if (newest == nullptr || text_at(each, "lastTimestamp") >= text_at(*newest, "lastTimestamp")) newest = &each;
  }
  return newest;
}

Cause ended(const Facts& facts, const json::value& pod, const json::value& status, const json::value& end) {
  const std::string name = text_at(status, "name");
  const std::int64_t signal = number_at(end, "signal");
  const std::string reason = text_at(end, "reason"), message = text_at(end, "message");
  Cause cause;
  if (reason == "StartError" || reason == "ContainerCannotRun") {
    cause.text = "it could not be started";
  } else {
    cause.text = signal != 0 ? "it was ended by signal " + std::to_string(signal)
                             : "it exited with code " + text_at(end, "exitCode");
    if (reason == "OOMKilled") cause.text += ": out of memory";
    const std::string lasted = between(text_at(end, "startedAt"), text_at(end, "finishedAt"));
    if (!lasted.empty()) cause.text += " after " + lasted;
  }
  cause.text += ", " + age(text_at(end, "finishedAt"), facts.now) + " ago";
  if (!message.empty()) cause.because.push_back({message, {}});
  const json::value* const killing = newest_event(facts, pod, "Pod", "Killing", name);
  const bool by_us = killing != nullptr && text_at(*killing, "lastTimestamp") >= text_at(end, "startedAt") &&
                     text_at(*killing, "lastTimestamp").substr(0, 19) <= text_at(end, "finishedAt").substr(0, 19);
  if (by_us) {
    cause.because.push_back({text_at(*killing, "message"), {}});
    const bool by_hook = text_at(*killing, "message") == "FailedPostStartHook";
    const json::value* const failure =
        newest_event(facts, pod, "Pod", by_hook ? "FailedPostStartHook" : "Unhealthy", name);
    if (failure != nullptr) cause.because.back().because.push_back({text_at(*failure, "message"), {}});
  }
  const auto lines = facts.logs.find(name_of(pod) + "/" + name);
  if (lines == facts.logs.end() || lines->second.empty()) return cause;
  Cause last{"its last lines:", {}};
  for (const std::string& each : lines->second) last.because.push_back({"| " + each, {}});
  cause.because.push_back(std::move(last));
  return cause;
}

// " (web.toml:12)", the line that decides, where reeve knows it.
std::string written_at(const json::value& told) {
  const std::string place = text_at(told, "writtenAt");
  return place.empty() ? "" : " (" + place + ")";
}

// Of one that is told: what it waits for, what it was told last, and what the program says of itself.
Cause untold(const Facts& facts, const json::value& pod, const json::value& container, std::string_view type,
             const json::value* history) {
  const json::value& spec = *find(container, lower(std::string(type)) + "Probe");
  Cause cause{"it waits for " + awaited_text(spec, type), {}};
  if (history != nullptr) {
    cause.text += written_at(*history);
    const json::array& results = list_at(*history, "results");
    cause.because.push_back({results.empty() ? "its program has not said so yet"
                                             : "the last it heard, " + age(text_at(results.back(), "time"), facts.now) +
                                                   " ago: " + on_one_line(text_at(results.back(), "text")),
                             {}});
  }
  const std::string name = text_at(container, "name");
  for (const char* const list : {"status.containerStatuses", "status.initContainerStatuses"}) {
    const json::value* const status = named(list_at(pod, list), name);
    const std::string said = status == nullptr ? "" : text_at(*status, "reeve.notifyStatus");
    if (!said.empty()) cause.because.push_back({"its program says: " + on_one_line(said), {}});
  }
  return cause;
}

// What the probe of this type says, from its history or else from the newest event.
std::optional<Cause> unpassed(const Facts& facts, const json::value& pod, const json::value& container,
                              std::string_view type) {
  const std::string name = text_at(container, "name"), key = lower(std::string(type)) + "Probe";
  const json::value* const spec = find(container, key);
  if (spec == nullptr) return std::nullopt;
  Cause cause{"its " + lower(std::string(type)) + " probe does not succeed: " + probe_line(*spec, type), {}};
  const auto history = facts.probes.find(name_of(pod));
  if (history != facts.probes.end()) {
    for (const json::value& each : list_at(history->second, "probes")) {
      if (text_at(each, "container") != name || text_at(each, "type") != type) continue;
      if (flag_at(each, "passed")) return std::nullopt;
      if (is_told(*spec)) return untold(facts, pod, container, type, &each);
      cause.text += written_at(each);
      const json::array& results = list_at(each, "results");
      const std::string next = in_time(text_at(each, "nextRun"), facts.now);
      if (results.empty()) {
        cause.because.push_back({"it has not run yet" + (next.empty() ? "" : "; its first run is " + next), {}});
        return cause;
      }
      const json::value& last = results.back();
      char latency[32];
      std::snprintf(latency, sizeof latency, "%.1fms", real_at(last, "latencySeconds") * 1000);
      cause.because.push_back({times(number_at(each, "failuresInARow"), "failure") + " in a row, the last " +
                                   age(text_at(last, "time"), facts.now) + " ago after " + latency + ": " +
                                   on_one_line(text_at(last, "text")) +
                                   (next.empty() ? "" : "; the next run is " + next),
                               {}});
      return cause;
    }
  }
  if (is_told(*spec)) return untold(facts, pod, container, type, nullptr);
  const json::value* const unhealthy = newest_event(facts, pod, "Pod", "Unhealthy", name);
  if (unhealthy == nullptr) return cause;
  cause.because.push_back({text_at(*unhealthy, "message") + ", " + event_age(*unhealthy, facts.now), {}});
  return cause;
}

Cause running_unready(const Facts& facts, const json::value& pod, const json::value& container,
                      const json::value& status) {
  Cause cause{"container " + text_at(status, "name") + " runs for " +
                  age(text_at(status, "state.running.startedAt"), facts.now) + " and is not ready",
              {}};
  if (find(status, "started") != nullptr && !flag_at(status, "started")) {
    if (auto why = unpassed(facts, pod, container, "Startup")) cause.because.push_back(*std::move(why));
  }
  if (cause.because.empty()) {
    if (auto why = unpassed(facts, pod, container, "Readiness")) cause.because.push_back(*std::move(why));
  }
  return cause;
}

std::string restarts_text(const json::value& status) {
  const std::int64_t count = number_at(status, "restartCount");
  return count == 0 ? "" : " (" + times(count, "restart") + " so far)";
}

// What kept the pod from starting any container.
std::optional<Cause> no_sandbox(const Facts& facts, const json::value& pod) {
  for (const json::value& each : list_at(pod, "status.conditions")) {
    if (text_at(each, "type") != "PodReadyToStartContainers") continue;
    if (text_at(each, "status") == "True") return std::nullopt;
    const std::string message = text_at(each, "message");
    if (!message.empty()) return Cause{"the pod " + message, {}};
  }
  const json::value* const failure = newest_event(facts, pod, "Pod", "FailedCreatePodSandBox");
  if (failure == nullptr) return std::nullopt;
  return Cause{text_at(*failure, "message") + ", " + event_age(*failure, facts.now), {}};
}

std::optional<Cause> why_container(const Facts& facts, const json::value& pod, const json::value& container,
                                   const json::value& status, bool is_init) {
  const std::string title = (is_init ? "init container " : "container ") + text_at(status, "name");
  if (const json::value* const end = find(status, "state.terminated")) {
    if (is_init && number_at(*end, "exitCode") == 0) return std::nullopt;
    return Cause{title + " has ended and stays so: restartPolicy " + text_at(pod, "spec.restartPolicy"),
                 {ended(facts, pod, status, *end)}};
  }
  if (const json::value* const waiting = find(status, "state.waiting")) {
    const json::value* const end = find(status, "lastState.terminated");
    const std::string reason = text_at(*waiting, "reason"), next = in_time(text_at(status, "reeve.retryAt"), facts.now);
    Cause cause{title + " waits: " + reason + restarts_text(status), {}};
    if (!next.empty()) cause.text += "; its next start is " + next;
    const std::string message = text_at(*waiting, "message");
    if (!message.empty() && end == nullptr) cause.because.push_back({message, {}});
    if (auto why = end == nullptr ? no_sandbox(facts, pod) : std::nullopt) cause.because.push_back(*std::move(why));
    if (end != nullptr) cause.because.push_back(ended(facts, pod, status, *end));
    return cause;
  }
  if (is_init)
    return Cause{title + " still runs, for " + age(text_at(status, "state.running.startedAt"), facts.now), {}};
  if (flag_at(status, "ready")) return std::nullopt;
  return running_unready(facts, pod, container, status);
}

void add_containers(const Facts& facts, const json::value& pod, bool is_init, std::vector<Cause>& causes) {
  static const json::value none;
  const json::array& specs = list_at(pod, is_init ? "spec.initContainers" : "spec.containers");
  for (const json::value& each : list_at(pod, is_init ? "status.initContainerStatuses" : "status.containerStatuses")) {
    const json::value* const spec = named(specs, text_at(each, "name"));
    const bool is_sidecar = is_init && spec != nullptr && text_at(*spec, "restartPolicy") == "Always";
    if (is_sidecar && flag_at(each, "ready")) continue;
    auto cause = why_container(facts, pod, spec == nullptr ? none : *spec, each, is_init && !is_sidecar);
    if (cause) causes.push_back(*std::move(cause));
    if (is_init && !causes.empty()) return;
  }
}

std::string since_ready(const Facts& facts, const json::value& pod) {
  for (const json::value& each : list_at(pod, "status.conditions")) {
    if (text_at(each, "type") == "Ready") return age(text_at(each, "lastTransitionTime"), facts.now);
  }
  return "<unknown>";
}

}  // namespace

std::vector<Cause> causes_of(const Facts& facts, const json::value& pod) {
  std::vector<Cause> causes;
  const std::string gone_by = text_at(pod, "metadata.deletionTimestamp");
  std::vector<std::string> steps = leaving_lines(pod, facts.now);
  if (!gone_by.empty()) {
    causes.push_back({"it is leaving: gone " + in_time(gone_by, facts.now) + " at the latest", {}});
  } else if (!steps.empty() && text_at(pod, "status.phase") == "Running") {
    causes.push_back({"it is being stopped", {}});
  }
  if (!causes.empty()) {
    for (std::string& each : steps) causes.back().because.push_back({std::move(each), {}});
  }
  if (is_fine(pod)) return causes;
  const std::string message = text_at(pod, "status.message");
  if (!message.empty()) causes.push_back({text_at(pod, "status.reason") + ": " + message, {}});
  add_containers(facts, pod, true, causes);
  if (causes.empty()) add_containers(facts, pod, false, causes);
  return causes;
}

Cause why_pod(const Facts& facts, const json::value& pod) {
  const std::string title = "pod/" + name_of(pod);
  if (text_at(pod, "status.phase") == "Succeeded") return {title + " has completed", {}};
  if (is_ready(pod)) return {title + " is ready for " + since_ready(facts, pod), causes_of(facts, pod)};
  const auto told = facts.probes.find(name_of(pod));
  const std::string place = told == facts.probes.end() ? "" : written_at(told->second);
  return {title + " is not ready for " + since_ready(facts, pod) + ": " + pod_word(pod) + place, causes_of(facts, pod)};
}

std::vector<const json::value*> pods_of(const Facts& facts, const json::value& deployment) {
  std::vector<const json::value*> all;
  for (const json::value& each : facts.pods) {
    const bool is_near = text_at(each, "metadata.namespace") == text_at(deployment, "metadata.namespace");
    if (is_near && is_selected(each, map_at(deployment, "spec.selector.matchLabels"))) all.push_back(&each);
  }
  return all;
}

namespace {

// The address that it could not have.
std::vector<Cause> refusals(const Facts& facts, const json::value& service) {
  const json::value* const refusal = newest_event(facts, service, "Service", "ListenFailed");
  if (refusal == nullptr) return {};
  return {{text_at(*refusal, "message") + ", " + event_age(*refusal, facts.now) + " ago", {}}};
}

// What becomes of new clients while none is ready.
std::string without_ready(const Facts& facts, const json::value& service) {
  const bool one_serves = std::ranges::any_of(facts.pods, [&](const json::value& each) {
    const json::array& steps = list_at(each, "status.reeve.leaving");
    return text_at(each, "metadata.namespace") == text_at(service, "metadata.namespace") &&
           is_selected(each, map_at(service, "spec.selector")) && is_ready(each) && !steps.empty() &&
           text_at(steps.back(), "name") == "drain";
  });
  if (one_serves) return "one that leaves still serves";
  const std::string what = text_at(service, "spec.whenUnready");
  if (what == "hold") return "clients wait for one, at most " + text_at(service, "spec.holdSeconds") + "s";
  return what == "reset" ? "connections are reset" : "connections are refused";
}

// Whoever got its sockets accepts; while nobody runs, clients wait.
Cause why_handed_over(const Facts& facts, const json::value& service) {
  std::vector<const json::value*> takers;
  for (const json::value& pod : facts.pods) {
    if (text_at(pod, "metadata.namespace") != text_at(service, "metadata.namespace")) continue;
    for (const char* const list : {"spec.containers", "spec.initContainers"}) {
      for (const json::value& container : list_at(pod, list)) {
        for (const json::value& name : list_at(container, "passSockets")) {
          const bool is_new = takers.empty() || takers.back() != &pod;
          if (scalar_text(name) == name_of(service) && is_new) takers.push_back(&pod);
        }
      }
    }
  }
  const auto runs =
      std::ranges::count_if(takers, [](const json::value* pod) { return text_at(*pod, "status.phase") == "Running"; });
  Cause cause{"service/" + name_of(service) + ": its sockets are passed to " + times(runs, "running pod"), {}};
  if (runs == 0) cause.text += ", clients wait in the queue";
  cause.because = refusals(facts, service);
  for (const json::value* const each : takers) {
    if (!is_ready(*each)) cause.because.push_back(why_pod(facts, *each));
  }
  if (takers.empty()) cause.because.push_back({"no pod has a container that names it in passSockets", {}});
  return cause;
}

}  // namespace

Cause why_service(const Facts& facts, const json::value& service) {
  const auto fixed = static_cast<std::int64_t>(list_at(service, "spec.endpoints").size());
  if (fixed > 0) {
    return {"service/" + name_of(service) + ": " + times(fixed, "fixed endpoint") + ", always ready",
            refusals(facts, service)};
  }
  if (hands_over_sockets(service)) return why_handed_over(facts, service);
  std::size_t ready = 0;
  for (const json::value& each : facts.endpoints) {
    const bool is_its = name_of(each) == name_of(service) &&
                        text_at(each, "metadata.namespace") == text_at(service, "metadata.namespace");
    for (const json::value& subset : list_at(each, "subsets")) {
      if (is_its) ready = std::max(ready, list_at(subset, "addresses").size());
    }
  }
  Cause cause{"service/" + name_of(service) + ": " + times(static_cast<std::int64_t>(ready), "ready endpoint"), {}};
  if (ready == 0) cause.text += ", " + without_ready(facts, service);
  cause.because = refusals(facts, service);
  const json::object& selector = map_at(service, "spec.selector");
  bool selects_any = false;
  for (const json::value& each : facts.pods) {
    const bool is_near = text_at(each, "metadata.namespace") == text_at(service, "metadata.namespace");
    if (!is_near || !is_selected(each, selector)) continue;
    selects_any = true;
    if (!is_ready(each)) cause.because.push_back(why_pod(facts, each));
  }
  if (!selects_any) cause.because.push_back({"no pod has the labels " + labels_text(selector), {}});
  return cause;
}

std::string render(const Cause& cause, std::size_t indent) {
  std::string text = std::string(indent, ' ') + cause.text + "\n";
  for (const Cause& each : cause.because) text += render(each, indent + 2);
  return text;
}

}  // namespace reeve::cli
