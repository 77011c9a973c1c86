// Why a deployment is not ready, and what holds its update.
#include "cli/causes.hpp"
#include "cli/json.hpp"
#include "cli/revisions.hpp"

#include <reeve/core/text.hpp>

#include <algorithm>

namespace reeve::cli {
namespace json = boost::json;
namespace {

constexpr std::size_t told_max = 3;  // pods of one template mostly have one trouble

std::string name_of(const json::value& object) { return text_at(object, "metadata.name"); }

std::string of(std::int64_t part, std::int64_t whole) { return std::to_string(part) + " of " + std::to_string(whole); }

const json::value* condition_of(const json::value& deployment, std::string_view type) {
  const json::array& all = list_at(deployment, "status.conditions");
  const auto found = std::ranges::find_if(all, [&](const json::value& each) { return text_at(each, "type") == type; });
  return found == all.end() ? nullptr : &*found;
}

// The pods of the newest revision that are not ready, the first few with their reasons.
Cause new_pods(const Facts& facts, const json::value& newest, const std::vector<const json::value*>& pods) {
  std::vector<const json::value*> waiting;
  for (const json::value* each : pods) {
    if (is_owned_by(*each, newest) && has_trouble(*each)) waiting.push_back(each);
  }
  const std::int64_t all = number_at(newest, "status.replicas");
  Cause cause{"of the new revision " + std::to_string(revision_of(newest)) + " (replica set " + name_of(newest) + ") " +
                  of(number_at(newest, "status.readyReplicas"), all) + (all == 1 ? " pod is ready" : " pods are ready"),
              {}};
  for (std::size_t i = 0; i < std::min(told_max, waiting.size()); ++i) {
    cause.because.push_back(why_pod(facts, *waiting[i]));
  }
  if (waiting.size() > told_max) {
    cause.because.push_back({"and " + std::to_string(waiting.size() - told_max) + " more", {}});
  }
  return cause;
}

Cause deadline(const Facts& facts, const json::value& deployment) {
  const json::value* const progress = condition_of(deployment, "Progressing");
  if (progress == nullptr) return {"it has no progress deadline: it may wait for ever", {}};
  const std::string since = text_at(*progress, "lastUpdateTime");
  if (text_at(*progress, "status") == "False") {
    return {text_at(*progress, "reason") + ": " + text_at(*progress, "message"), {}};
  }
  const auto updated = parse_time(since);
  if (!updated) return {"nothing tells when it last moved", {}};
  const Duration allowed = std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(real_at(deployment, "spec.progressDeadlineSeconds")));
  const Duration left = std::chrono::ceil<std::chrono::seconds>(*updated + allowed - facts.now);
  return {"no progress for " + age(since, facts.now) + "; its deadline passes " +
              (left > Duration{0} ? "in " + human_duration(left) : "now"),
          {}};
}

// What its update waits for, how long it may, and the way out.
void add_update(const Facts& facts, const json::value& deployment, Cause& cause) {
  const std::string target = "deployment/" + name_of(deployment);
  if (flag_at(deployment, "spec.paused")) {
    cause.because.push_back({"it is paused: reeve rollout resume " + target + " lets it go on", {}});
    return;
  }
  const Revisions revisions = revisions_of(deployment, facts.replicasets);
  const json::value* const newest = newest_of(deployment, revisions);
  if (newest == nullptr) {
    cause.because.push_back({"the pods of the old revision have to be gone before the first new one starts", {}});
    return;
  }
  cause.because.push_back(new_pods(facts, *newest, pods_of(facts, deployment)));
  cause.because.push_back(deadline(facts, deployment));
  const auto back = revision_to_undo(deployment, revisions, 0);
  if (!back) return;
  cause.because.push_back(
      {"to go back to revision " + std::to_string(revision_of(**back)) + ": reeve rollout undo " + target, {}});
}

bool is_new_pod(const Facts& facts, const json::value& deployment, const json::value& pod) {
  const json::value* const newest = newest_of(deployment, revisions_of(deployment, facts.replicasets));
  return newest != nullptr && is_owned_by(pod, *newest);
}

}  // namespace

Cause why_deployment(const Facts& facts, const json::value& deployment) {
  const std::int64_t wanted = number_at(deployment, "spec.replicas", 1);
  const std::int64_t ready = number_at(deployment, "status.readyReplicas");
  const bool updates = is_updating(deployment);
  Cause cause{"deployment.apps/" + name_of(deployment) + ": " + of(ready, wanted) + " ready", {}};
  if (updates) {
    cause.text += ", its update is not through: " + of(number_at(deployment, "status.updatedReplicas"), wanted) +
                  " updated, " + text_at(deployment, "status.availableReplicas") + " available";
    add_update(facts, deployment, cause);
  }
  for (const json::value* each : pods_of(facts, deployment)) {
    const bool is_told = is_fine(*each) || (updates && is_new_pod(facts, deployment, *each));
    if (!is_told) cause.because.push_back(why_pod(facts, *each));
  }
  for (const json::value& each : list_at(deployment, "status.conditions")) {
    const bool is_news = text_at(each, "status") == "False" && text_at(each, "type") != "Available" && !updates;
    if (is_news) cause.because.push_back({text_at(each, "reason") + ": " + text_at(each, "message"), {}});
  }
  return cause;
}

}  // namespace reeve::cli
