#include "cli/overview.hpp"

#include "cli/json.hpp"
#include "cli/revisions.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace reeve::cli {
namespace json = boost::json;
namespace {

enum class Mood { good, waiting, bad };
constexpr std::array<const char*, 3> colour_of{"\x1b[32m", "\x1b[33m", "\x1b[31m"};

std::string dot(Mood mood, Colours colours) {
  if (colours == Colours::no) return "●";
  return std::string(colour_of[static_cast<std::size_t>(mood)]) + "●\x1b[0m";
}

std::string bytes_text(std::int64_t bytes) {
  char buffer[32];
  const double kibi = static_cast<double>(bytes) / 1024;
  if (kibi < 1024) {
    std::snprintf(buffer, sizeof buffer, "%.0fKi", kibi);
  } else {
    std::snprintf(buffer, sizeof buffer, "%.1fMi", kibi / 1024);
  }
  return buffer;
}

std::string name_of(const json::value& object) { return text_at(object, "metadata.name"); }

const json::value* about(const json::array& list, const json::value& object) {
  const auto found = std::ranges::find_if(list, [&](const json::value& each) {
    return name_of(each) == name_of(object) &&
           text_at(each, "metadata.namespace") == text_at(object, "metadata.namespace");
  });
  return found == list.end() ? nullptr : &*found;
}

// "pid 4711 and 2 more, 3.0Mi".
std::string usage_text(const Facts& facts, const json::value& pod) {
  std::string pids;
  for (const json::value& each : list_at(pod, "status.containerStatuses")) {
    if (number_at(each, "reeve.pid") != 0) pids += (pids.empty() ? "" : " ") + text_at(each, "reeve.pid");
  }
  std::string text = pids.empty() ? "" : ", pid " + pids;
  const json::value* const metrics = about(facts.metrics, pod);
  if (metrics == nullptr) return text;
  std::int64_t bytes = 0;
  std::size_t processes = 0, containers = 0;
  for (const json::value& each : list_at(*metrics, "containers")) {
    bytes += number_at(each, "memoryBytes");
    processes += list_at(each, "pids").size();
    containers += 1;
  }
  if (!pids.empty() && processes > containers) text += " and " + std::to_string(processes - containers) + " more";
  return bytes == 0 ? text : text + ", " + bytes_text(bytes);
}

std::string restarts_text(const Facts& facts, const json::value& pod) {
  std::int64_t count = 0;
  std::string newest;
  for (const json::value& each : list_at(pod, "status.containerStatuses")) {
    count += number_at(each, "restartCount");
    newest = std::max(newest, text_at(each, "lastState.terminated.finishedAt"));
  }
  if (count == 0) return {};
  std::string text = ", " + std::to_string(count) + (count == 1 ? " restart" : " restarts");
  return newest.empty() ? text : text + " (" + age(newest, facts.now) + " ago)";
}

std::string since_text(const Facts& facts, const json::value& pod) {
  for (const json::value& each : list_at(pod, "status.conditions")) {
    if (text_at(each, "type") != "Ready") continue;
    return (is_ready(pod) ? "ready for " : "not ready for ") + age(text_at(each, "lastTransitionTime"), facts.now);
  }
  return "created " + age(text_at(pod, "metadata.creationTimestamp"), facts.now) + " ago";
}

Mood mood_of(const json::value& pod) {
  if (is_fine(pod)) return Mood::good;
  const std::string word = pod_word(pod);
  const bool is_calm = word == "Running" || word == "Pending" || word == "ContainerCreating" || word == "Terminating" ||
                       word == "PodInitializing" || word.starts_with("Init:0") || word.starts_with("Init:1");
  return is_calm ? Mood::waiting : Mood::bad;
}

std::string pod_lines(const Facts& facts, const json::value& pod, std::size_t indent, Colours colours) {
  std::string text =
      std::string(indent, ' ') + dot(mood_of(pod), colours) + " pod/" + name_of(pod) + "  " + pod_word(pod);
  if (text_at(pod, "status.phase") != "Succeeded") text += ", " + since_text(facts, pod);
  text += restarts_text(facts, pod) + usage_text(facts, pod) + "\n";
  for (const Cause& each : causes_of(facts, pod)) text += render(each, indent + 4);
  return text;
}

// "rolling 3/5, ": how many pods have the new template.
std::string update_text(const json::value& deployment) {
  if (!is_updating(deployment)) return {};
  const bool is_late = progress_of(deployment).state == Progress::State::failed;
  const std::string word = is_late                              ? "update stuck at "
                           : flag_at(deployment, "spec.paused") ? "paused at "
                                                                : "rolling ";
  return word + std::to_string(number_at(deployment, "status.updatedReplicas")) + "/" +
         std::to_string(number_at(deployment, "spec.replicas", 1)) + ", ";
}

std::string deployment_lines(const Facts& facts, const json::value& deployment, Colours colours) {
  const std::int64_t wanted = number_at(deployment, "spec.replicas", 1);
  const std::int64_t ready = number_at(deployment, "status.readyReplicas");
  const Mood mood = ready >= wanted ? Mood::good : ready > 0 ? Mood::waiting : Mood::bad;
  std::string text = dot(mood, colours) + " deployment.apps/" + name_of(deployment) + "  " + std::to_string(ready) +
                     "/" + std::to_string(wanted) + " ready, " + update_text(deployment) + "created " +
                     age(text_at(deployment, "metadata.creationTimestamp"), facts.now) + " ago\n";
  for (const json::value* each : pods_of(facts, deployment)) text += pod_lines(facts, *each, 2, colours);
  return text;
}

std::string service_lines(const Facts& facts, const json::value& service, Colours colours) {
  const Cause why = why_service(facts, service);
  const bool is_refusing = why.text.find("refused") != std::string::npos;
  std::string ports;
  for (const json::value& each : list_at(service, "spec.ports")) {
    ports += (ports.empty() ? "" : ",") + text_at(each, "port");
  }
  std::string text = dot(is_refusing ? Mood::bad : Mood::good, colours) + " service/" + name_of(service) + "  " +
                     text_at(service, "spec.clusterIP") + ":" + ports;
  text += why.text.substr(why.text.find(": ") + 1) + "\n";
  for (const Cause& each : why.because) {
    if (!each.text.starts_with("pod/")) text += render(each, 4);
  }
  return text;
}

std::string head_line(const Facts& facts) {
  std::string text = "reeve";
  if (facts.reeve.is_object()) {
    text += " " + text_at(facts.reeve, "version") + ", pid " + text_at(facts.reeve, "pid") + ", up " +
            age(text_at(facts.reeve, "startTime"), facts.now);
    if (flag_at(facts.reeve, "shuttingDown")) text += ", shutting down";
  }
  const auto fine = std::ranges::count_if(facts.pods, is_fine);
  return text + ": " + std::to_string(fine) + " of " + std::to_string(facts.pods.size()) + " pods are fine\n";
}

// Only what a user would not expect.
std::string state_line(const Facts& facts) {
  const std::string problem = text_at(facts.reeve, "state.problem");
  if (!problem.empty()) return "NOT KEPT over a restart: " + problem + "\n";
  const auto* const reeve = facts.reeve.if_object();
  const auto* const state = reeve == nullptr ? nullptr : reeve->if_contains("state");
  if (state == nullptr || !state->is_null()) return {};
  return "what commands change is not kept over a restart: [supervisor] names no stateDirectory\n";
}

}  // namespace

bool all_is_well(const Facts& facts) { return std::ranges::none_of(facts.pods, has_trouble); }

std::string overview(const Facts& facts, Colours colours) {
  std::string text = head_line(facts) + state_line(facts);
  std::vector<const json::value*> owned;
  for (const json::value& each : facts.deployments) {
    text += "\n" + deployment_lines(facts, each, colours);
    for (const json::value* pod : pods_of(facts, each)) owned.push_back(pod);
  }
  std::string alone;
  for (const json::value& each : facts.pods) {
    if (std::ranges::find(owned, &each) == owned.end()) alone += pod_lines(facts, each, 0, colours);
  }
  if (!alone.empty()) text += "\n" + alone;
  if (!facts.services.empty()) text += "\n";
  for (const json::value& each : facts.services) text += service_lines(facts, each, colours);
  return text;
}

}  // namespace reeve::cli
