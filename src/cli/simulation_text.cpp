// How a simulation is told: lines for people, JSON for programs.
#include "cli/simulation.hpp"

#include <reeve/core/text.hpp>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace reeve::cli {
namespace {

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

Duration since_begin(const Happening& each) { return each.at.time_since_epoch(); }

// Whole ones without a fraction: 10, not 1E1.
boost::json::value seconds_of(Duration duration) {
  if (duration % seconds(1) == Duration{0}) return whole_seconds(duration);
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

std::string timeline(const std::vector<Happening>& happenings) {
  std::size_t time_width = 0, object_width = 0;
  for (const Happening& each : happenings) {
    time_width = std::max(time_width, in_seconds(since_begin(each)).size() + 1);
    object_width = std::max(object_width, each.object.size());
  }
  std::string text;
  for (const Happening& each : happenings) {
    text += padded(in_seconds(since_begin(each)) + "s", time_width) + "  ";
    text += padded(each.object, object_width) + "  " + each.text + "\n";
  }
  return text;
}

std::string timeline_json(const std::vector<Happening>& happenings) {
  std::string text;
  for (const Happening& each : happenings) {
    boost::json::object line;
    line["seconds"] = seconds_of(since_begin(each));
    line["object"] = each.object;
    line["what"] = each.what;
    line["text"] = each.text;
    text += boost::json::serialize(line) + "\n";
  }
  return text;
}

std::string final_state(const Supervisor& supervisor) {
  std::string text;
  for (const auto& [name, each] : supervisor.deployments()) {
    const rollout::Counts& counts = each->counts();
    text += "deployment/" + name.name + ": " + std::to_string(counts.ready) + "/" +
            std::to_string(each->object().spec.replicas) + " ready, " + std::to_string(counts.updated) + " updated, " +
            std::to_string(counts.available) + " available";
    const DeploymentCondition* const progress = each->condition(DeploymentConditionType::progressing);
    text += progress == nullptr ? "\n" : ", " + std::string(progress->reason) + "\n";
  }
  for (const Pod* each : supervisor.pods()) {
    const Pod::ReadyCount ready = each->ready_count();
    text += "pod/" + each->identity().name + ": " + each->status_word() + ", " + std::to_string(ready.ready) + "/" +
            std::to_string(ready.total) + " ready, restarts: " + std::to_string(each->restart_count()) + "\n";
  }
  return text;
}

}  // namespace reeve::cli
