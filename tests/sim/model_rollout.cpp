// What must hold of deployments after every step, whatever humans and faults do: the limits of a rolling update,
// computed here anew, what goes first, revisions and their history, counts.
#include "model.hpp"

#include <algorithm>
#include <set>
#include <sstream>

namespace reeve::sim {
namespace {

std::int64_t part_of(const IntOrString& either, std::int64_t whole, bool up) {
  if (const auto* number = std::get_if<std::int32_t>(&either)) return *number;
  const std::int64_t hundredths = std::stoll(std::get<std::string>(either)) * whole;
  return hundredths / 100 + (up && hundredths % 100 != 0 ? 1 : 0);
}

RolloutModel limits_in_force(const DeploymentSpec& spec) {
  RolloutModel model;
  model.type = spec.strategy.type;
  model.paused = spec.paused;
  model.replicas = spec.replicas;
  model.total_max = spec.replicas;
  if (model.type == StrategyType::recreate) return model;
  const RollingUpdate rolling = spec.strategy.rolling_update.value_or(RollingUpdate{});
  const std::int64_t surge = part_of(rolling.max_surge, spec.replicas, true);
  std::int64_t unavailable = part_of(rolling.max_unavailable, spec.replicas, false);
  if (surge == 0 && unavailable == 0) unavailable = 1;
  model.total_max += surge;
  model.available_min = std::max<std::int64_t>(spec.replicas - unavailable, 0);
  return model;
}

std::vector<std::int64_t> history_of(const ReplicaSet& set) {
  std::vector<std::int64_t> numbers;
  const auto found = set.annotations().find(annotation::revision_history);
  if (found == set.annotations().end()) return numbers;
  std::istringstream text(found->second);
  for (std::string each; std::getline(text, each, ',');) numbers.push_back(std::stoll(each));
  return numbers;
}

}  // namespace

bool RolloutModel::same_limits(const RolloutModel& other) const {
  return type == other.type && paused == other.paused && replicas == other.replicas && total_max == other.total_max &&
         available_min == other.available_min;
}

bool Model::is_available(const Pod& pod, Duration min_ready) const {
  return pod.is_active() && was_available(pod, min_ready);
}

// A pod that was told to leave goes on being ready for a while.
bool Model::was_available(const Pod& pod, Duration min_ready) const {
  return pod.is_ready() && pod.ready_since() + min_ready <= now_;
}

void Model::check_deployments() {
  if (shutdowns_ > 0) return;
  std::map<ObjectRef, RolloutModel> rollouts;
  std::size_t sets = 0;
  for (const auto& [name, deployment] : supervisor_.deployments()) {
    rollouts[name] = check_rollout(*deployment);
    sets += deployment->replica_sets().size();
  }
  rollouts_ = std::move(rollouts);
  active_.clear();
  for (const auto& [id, pod] : pods_) {
    if (pod.seen == nullptr || !pod.seen->owner() || !pod.seen->is_active()) continue;
    active_[id] = *pod.seen->owner();
    const ReplicaSet* owner = supervisor_.find_replica_set(pod.name_space, pod.seen->owner()->name);
    must(owner != nullptr, pod.name, " is left of a replica set that is gone");
    must(owner->pod_template().spec.containers == pod.spec->containers, pod.name, " is of another template");
  }
}

RolloutModel Model::check_rollout(const Deployment& deployment) {
  const std::string& name = deployment.name().name;
  RolloutModel model = limits_in_force(deployment.object().spec);
  model.created = deployment.created();
  const auto found = rollouts_.find(deployment.name());
  const RolloutModel* before =
      found != rollouts_.end() && found->second.created == model.created ? &found->second : nullptr;
  check_counts(deployment, model);
  // Limits that became tighter are not kept at once, but nothing makes it worse.
  must(model.total <= model.total_max || (before != nullptr && model.total <= before->total), "deployment ", name,
       " has too many pods");
  check_revisions(deployment, model);
  // Clean-up may take the highest one while the template of now has none.
  must(before == nullptr || deployment.newest() == nullptr || model.highest >= before->highest, "revisions of ", name,
       " went back");
  must(deployment.observed_generation() == deployment.generation(), name, " was not looked at");
  for (const auto& set : deployment.replica_sets()) check_taken_first(*set);
  if (before == nullptr || !before->same_limits(model) || model.paused) return model;
  if (model.type == StrategyType::rolling_update) check_taken(deployment, model);
  if (model.type == StrategyType::recreate && before->newest == 0 && model.newest > 0) check_recreated(deployment);
  return model;
}

void Model::check_counts(const Deployment& deployment, RolloutModel& model) const {
  rollout::Counts counts;
  std::map<ObjectRef, std::int64_t> active;
  for (const auto& [id, pod] : pods_) {
    if (pod.seen == nullptr || !pod.seen->owner()) continue;
    const ReplicaSet* owner = supervisor_.find_replica_set(pod.name_space, pod.seen->owner()->name);
    if (owner == nullptr || owner->deployment() != deployment.name() || !pod.seen->is_active()) continue;
    active[owner->name()] += 1;
    const bool available = is_available(*pod.seen, owner->min_ready());
    counts.replicas += 1;
    counts.ready += pod.seen->is_ready() ? 1 : 0;
    counts.available += available ? 1 : 0;
    if (owner != deployment.newest()) continue;
    counts.updated += 1;
    model.newest_available += available ? 1 : 0;
  }
  for (const auto& set : deployment.replica_sets()) {
    must(active[set->name()] == set->size(), "replica set ", set->name().name, " has a wrong number of pods");
    model.total += set->size();
    if (set.get() == deployment.newest()) model.newest = set->size();
  }
  model.available = counts.available;
  const rollout::Counts& told = deployment.counts();
  must(told.replicas == counts.replicas && told.updated == counts.updated && told.ready == counts.ready &&
           told.available == counts.available,
       "the counts of ", deployment.name().name, " are wrong");
}

void Model::check_revisions(const Deployment& deployment, RolloutModel& model) const {
  const std::string& name = deployment.name().name;
  std::set<std::int64_t> numbers;
  for (const auto& set : deployment.replica_sets()) {
    model.highest = std::max(model.highest, set->revision());
    must(set->revision() > 0 && numbers.insert(set->revision()).second, "two revisions of ", name, " have one number");
    std::int64_t last = 0;
    for (const std::int64_t each : history_of(*set)) {
      must(each > last && numbers.insert(each).second, "the history of a revision of ", name, " is wrong");
      last = each;
    }
    must(last < set->revision(), "a revision of ", name, " is lower than its history");
    const bool is_newest = set->pod_template() == deployment.object().spec.pod_template;
    must(is_newest == (set.get() == deployment.newest()), name, " takes another revision for its newest");
  }
  const ReplicaSet* newest = deployment.newest();
  must(newest == nullptr || newest->revision() == model.highest, "the newest revision of ", name,
       " has not the highest number");
  must(newest == nullptr || deployment.revision() == model.highest, name, " tells a wrong revision");
}

// Active before this step, and let go in it by nobody but the controller.
bool Model::was_taken(PodId id) const {
  if (id == deleted_) return false;
  const auto pod = pods_.find(id);
  return pod == pods_.end() || pod->second.seen == nullptr || pod->second.seen->is_terminating();
}

// A pod that is available goes after all that are not.
void Model::check_taken_first(const ReplicaSet& set) const {
  bool took_available = false, left_unavailable = false;
  for (const auto& [id, owner] : active_) {
    if (owner != set.name()) continue;
    const auto pod = pods_.find(id);
    const Pod* seen = pod == pods_.end() ? nullptr : pod->second.seen;
    if (was_taken(id)) {
      took_available = took_available || (seen != nullptr && was_available(*seen, set.min_ready()));
    } else if (seen != nullptr && seen->is_active()) {
      left_unavailable = left_unavailable || !is_available(*seen, set.min_ready());
    }
  }
  must(!took_available || !left_unavailable, "an available pod of ", set.name().name, " went before one that is not");
}

// What faults and humans took may leave too few, but then nothing more is taken; and old pods, whether they work or
// not, are given up only as far as those that stay can make up the minimum.
void Model::check_taken(const Deployment& deployment, const RolloutModel& model) const {
  bool took_available = false, took_old = false;
  for (const auto& set : deployment.replica_sets()) {
    for (const auto& [id, owner] : active_) {
      if (owner != set->name() || !was_taken(id)) continue;
      took_old = took_old || set.get() != deployment.newest();
      const auto pod = pods_.find(id);
      const Pod* seen = pod == pods_.end() ? nullptr : pod->second.seen;
      took_available = took_available || (seen != nullptr && was_available(*seen, set->min_ready()));
    }
  }
  const std::string& name = deployment.name().name;
  must(!took_available || model.available >= model.available_min, name, " has too few available, and one was taken");
  must(!took_old || model.total - model.newest + model.newest_available >= model.available_min, name,
       " gave up old pods that it needs");
}

// Nothing of the old is left when the new begins.
void Model::check_recreated(const Deployment& deployment) const {
  for (const auto& [id, pod] : pods_) {
    if (pod.seen == nullptr || !pod.seen->owner()) continue;
    const ReplicaSet* owner = supervisor_.find_replica_set(pod.name_space, pod.seen->owner()->name);
    if (owner == nullptr || owner->deployment() != deployment.name() || owner == deployment.newest()) continue;
    must(is_final(pod.seen->phase()), pod.name, " is left, and its successors were created");
  }
}

// Faults are over: all that is wanted is there, and nothing else.
bool Model::is_rolled_out(const Deployment& deployment) const {
  const DeploymentSpec& spec = deployment.object().spec;
  const ReplicaSet* newest = deployment.newest();
  if (newest == nullptr || newest->size() != spec.replicas || newest->counts().available != spec.replicas) return false;
  const auto is_idle = [&](const auto& set) { return set.get() == newest || !set->has_pods_left(); };
  if (!std::ranges::all_of(deployment.replica_sets(), is_idle)) return false;
  const auto old = static_cast<std::int64_t>(deployment.replica_sets().size()) - 1;
  if (old > spec.revision_history_limit) return false;
  const DeploymentCondition* progress = deployment.condition(DeploymentConditionType::progressing);
  return spec.progress_deadline == seconds(unlimited) ||
         (progress != nullptr && progress->reason == "NewReplicaSetAvailable");
}

}  // namespace reeve::sim
