#include <reeve/core/deployment.hpp>
#include <reeve/core/fixed_port.hpp>
#include <reeve/core/hash.hpp>

#include <algorithm>
#include <numeric>

namespace reeve {

Deployment::Deployment(DeploymentObject object, Instant created)
    : object_(std::move(object)), created_(created), limits_(rollout::limits_of(object_.spec)) {}

void Deployment::replace(DeploymentObject object) {
  if (object.spec != object_.spec || object.metadata.annotations != object_.metadata.annotations) generation_ += 1;
  object_ = std::move(object);
  unsaved_ = true;
  limits_ = rollout::limits_of(object_.spec);
  find_newest();
}

void Deployment::reconcile(Step& step, Owner& owner) {
  const Status before = status_;
  for (const auto& each : sets_) each->ripen(owner, step.now);
  note_pause(step.now);
  do {
    bring_about(step, owner);
    update_status(step.now);
  } while (roll_back(step));
  kill_delayed(step, owner);
  const bool complete = rollout::is_complete(status_.counts, limits_.replicas);
  if (complete) forget_rollback();
  if (object_.spec.paused || complete) clean_up(step, owner);
  for (const auto& each : sets_) {
    if (each->take_changed()) owner.changed(*each);
    unsaved_ = each->take_unsaved() || unsaved_;
  }
  if (status_ != before) owner.changed(*this);
}

// Passes until one changes nothing.
void Deployment::bring_about(Step& step, Owner& owner) {
  bool again = true;
  while (again) {
    follow_newest(step, owner);
    again = pass(step, owner);
    for (const auto& each : sets_) each->trim(step, owner);
  }
  grow(step, owner);  // last: what one pass asks for and the next takes back never starts
}

// One pass of the controller (deployment_controller.go syncDeployment).
bool Deployment::pass(Step& step, Owner& owner) {
  if (object_.spec.paused) return scale(step);
  if (has_been_scaled() && scale(step)) return true;
  return object_.spec.strategy.type == StrategyType::recreate ? recreate(step, owner) : roll(step, owner);
}

// --- Replica sets. ---

// FindNewReplicaSet: the oldest that has the template as it is now.
void Deployment::find_newest() {
  const auto found =
      std::ranges::find_if(sets_, [&](const auto& each) { return each->pod_template() == object_.spec.pod_template; });
  newest_ = found == sets_.end() ? nullptr : found->get();
  status_.counts.updated = newest_ == nullptr ? 0 : newest_->counts().replicas;  // what progress begins from
}

std::vector<ReplicaSet*> Deployment::old_sets() const {
  std::vector<ReplicaSet*> old;
  for (const auto& each : sets_) {
    if (each.get() != newest_) old.push_back(each.get());
  }
  return old;
}

// Those that are to have pods.
std::vector<ReplicaSet*> Deployment::active_sets() const {
  std::vector<ReplicaSet*> active;
  for (const auto& each : sets_) {
    if (each->size() > 0) active.push_back(each.get());
  }
  return active;
}

std::int64_t Deployment::highest_old_revision() const {
  std::int64_t highest = 0;
  for (const auto& each : sets_) {
    if (each.get() != newest_) highest = std::max(highest, each->revision());
  }
  return highest;
}

Deployment::Count Deployment::total() const {
  return std::accumulate(sets_.begin(), sets_.end(), Count{0},
                         [](Count sum, const auto& each) { return sum + each->size(); });
}

// The newest replica set, where it exists, has the highest number, and what the deployment says of itself
// (getNewReplicaSet).
void Deployment::follow_newest(Step& step, Owner& owner) {
  if (newest_ == nullptr) return;
  const std::int64_t revision = highest_old_revision() + 1;
  const bool comes_back = newest_->revision() < revision;
  newest_->take_annotations(object_.metadata.annotations, revision);
  newest_->require_ready_for(object_.spec.min_ready, owner, step.now);
  status_.revision = newest_->revision();
  if (!has_progress_deadline() || object_.spec.paused) return;
  // Kubernetes tells this only where nothing was told before. To tell it of one that comes back starts its deadline.
  if (comes_back || condition(DeploymentConditionType::progressing) == nullptr) {
    renew_progress("FoundNewReplicaSet", "Found new replica set \"" + newest_->name().name + '"', step.now);
  }
}

void Deployment::create_newest(Step& step, Owner& owner, Count size) {
  const ObjectMeta& metadata = object_.metadata;
  std::string hash = template_hash(object_.spec.pod_template, status_.collisions);
  while (owner.is_taken({Kind::replica_set, metadata.name_space, metadata.name + '-' + hash})) {
    status_.collisions += 1;
    hash = template_hash(object_.spec.pod_template, status_.collisions);
  }
  std::string name = metadata.name + '-' + hash;
  sets_.push_back(std::make_unique<ReplicaSet>(object_, created_, std::move(name), std::move(hash), step.now));
  newest_ = sets_.back().get();
  newest_->take_annotations(metadata.annotations, highest_old_revision() + 1);
  newest_->take_scale(limits_.replicas, limits_.total_max());
  owner.added(*newest_);
  if (has_progress_deadline()) {
    renew_progress("NewReplicaSetCreated", "Created new replica set \"" + newest_->name().name + '"', step.now);
  }
  status_.revision = newest_->revision();
  resize(step, *newest_, size);
}

// scaleReplicaSetAndRecordEvent.
bool Deployment::resize(Step& step, ReplicaSet& set, Count size) {
  const Count before = set.size();
  if (size == before) return false;
  set.take_scale(limits_.replicas, limits_.total_max());
  set.resize(size);
  report(step, "ScalingReplicaSet",
         std::string("Scaled ") + (size > before ? "up" : "down") + " replica set " + set.name().name + " from " +
             std::to_string(before) + " to " + std::to_string(size));
  return true;
}

void Deployment::grow(Step& step, Owner& owner) {
  for (const auto& each : sets_) tell(step, *each, each->grow(step, owner, limits_.total_max()));
}

void Deployment::tell(Step& step, const ReplicaSet& set, ReplicaSet::Collision collision) const {
  if (collision == ReplicaSet::Collision::none) return;
  const std::string why = ": there may be " + std::to_string(limits_.total_max()) +
                          " at a time, and only one can listen on " + fixed_port(set.pod_template().spec).value_or("") +
                          " in the host's network";
  if (collision == ReplicaSet::Collision::isolated) {
    report(step, "NetworkIsolated", "Each pod of replica set " + set.name().name + " gets an isolated network" + why);
  } else {
    report(step, "NetworkShared",
           "Pods of replica set " + set.name().name + " without isolation share one network" + why +
               "; write containerPort = 0 and let the program listen on the port that it finds in PORT or PORT_<NAME>, "
               "or let one run at a time: replicas = 1 and maxSurge = 0",
           EventType::warning);
  }
}

// Old replica sets beyond the limit go, the lowest numbers first; one that still has pods stays, and no other goes in
// its place (cleanupDeployment).
void Deployment::clean_up(Step& step, Owner& owner) {
  for (const auto& each : sets_) each->settle_down();
  const std::int32_t limit = object_.spec.revision_history_limit;
  std::vector<ReplicaSet*> old = old_sets();
  const auto surplus = static_cast<std::int64_t>(old.size()) - limit;
  if (limit == unlimited || surplus <= 0) return;
  std::ranges::stable_sort(old, {}, &ReplicaSet::revision);
  old.resize(static_cast<std::size_t>(surplus));
  for (ReplicaSet* each : old) {
    if (each->size() > 0 || each->has_pods_left()) continue;
    const auto found = std::ranges::find(sets_, each, &std::unique_ptr<ReplicaSet>::get);
    std::unique_ptr<ReplicaSet> removed = std::move(*found);
    sets_.erase(found);
    unsaved_ = true;
    owner.removed(step, std::move(removed));
  }
}

void Deployment::remove_all(Step& step, Owner& owner) {
  newest_ = nullptr;
  for (auto& each : std::exchange(sets_, {})) owner.removed(step, std::move(each));
}

void Deployment::report(Step& step, std::string_view reason, std::string message, EventType type) const {
  step.report({.object = name(),
               .field_path = {},
               .type = type,
               .reason = reason,
               .message = std::move(message),
               .source = source::deployment_controller});
}

// --- Scaling (sync.go). ---

// isScalingEvent.
bool Deployment::has_been_scaled() const {
  return std::ranges::any_of(
      sets_, [&](const auto& each) { return each->size() > 0 && each->desired_replicas() != limits_.replicas; });
}

// Also one that keeps its size learns what the deployment's are now, or it would be taken for not scaled yet.
bool Deployment::rescale(Step& step, ReplicaSet& set, Count size) {
  set.take_scale(limits_.replicas, limits_.total_max());
  return resize(step, set, size);
}

bool Deployment::scale(Step& step) {
  const std::vector<ReplicaSet*> active = active_sets();
  if (active.size() <= 1) {
    ReplicaSet* one = active.empty() ? newest_ : active.front();
    if (one == nullptr && !sets_.empty()) one = sets_.back().get();
    return one != nullptr && rescale(step, *one, limits_.replicas);
  }
  const bool saturated = newest_ != nullptr && newest_->size() == limits_.replicas &&
                         newest_->desired_replicas() == limits_.replicas &&
                         newest_->counts().available == limits_.replicas;
  if (saturated) {
    bool scaled = false;
    for (ReplicaSet* each : active) {
      if (each != newest_) scaled = rescale(step, *each, 0) || scaled;
    }
    return scaled;
  }
  // Recreate has one template at a time: its own pass sees to that.
  return object_.spec.strategy.type == StrategyType::rolling_update && scale_in_proportion(step);
}

bool Deployment::scale_in_proportion(Step& step) {
  const std::vector<ReplicaSet*> active = active_sets();
  std::vector<rollout::Scaled> sets;
  for (const ReplicaSet* each : active) sets.push_back({each->size(), each->max_replicas()});
  const std::vector<Count> sizes = rollout::in_proportion(limits_, sets, status_.counts.replicas);
  bool scaled = false;
  for (std::size_t i = 0; i < active.size(); ++i) scaled = rescale(step, *active[i], sizes[i]) || scaled;
  return scaled;
}

// --- Rolling update (rolling.go). ---

bool Deployment::roll(Step& step, Owner& owner) {
  if (newest_ == nullptr) {
    create_newest(step, owner, rollout::size_of_newest(limits_, total(), 0));
    shrink_old(step);
    return true;
  }
  if (resize(step, *newest_, rollout::size_of_newest(limits_, total(), newest_->size()))) return true;
  return shrink_old(step);
}

bool Deployment::shrink_old(Step& step) {
  std::vector<ReplicaSet*> old = old_sets();
  std::erase_if(old, [](const ReplicaSet* each) { return each->size() == 0; });
  if (old.empty()) return false;
  const Count budget = rollout::removable(limits_, total(), {newest_->size(), newest_->counts().available}) - doomed();
  if (budget <= 0) return false;
  bool scaled = false;
  const auto look = [&] {
    std::vector<rollout::Set> seen;
    for (const ReplicaSet* each : old) seen.push_back({each->size(), each->counts().available});
    return seen;
  };
  const auto take = [&](const std::vector<Count>& sizes) {
    for (std::size_t i = 0; i < old.size(); ++i) scaled = resize(step, *old[i], sizes[i]) || scaled;
  };
  take(rollout::without_unhealthy(look(), budget));
  take(rollout::without(look(), spare()));
  return scaled;
}

// --- Recreate (recreate.go). ---

bool Deployment::recreate(Step& step, Owner& owner) {
  const std::vector<ReplicaSet*> old = old_sets();
  bool scaled = false;
  for (ReplicaSet* each : old) {
    if (each->size() > 0) scaled = resize(step, *each, 0) || scaled;
  }
  if (scaled) return true;
  if (std::ranges::any_of(old, &ReplicaSet::has_pods_left)) return false;
  if (newest_ != nullptr) return resize(step, *newest_, limits_.replicas);
  create_newest(step, owner, limits_.replicas);
  return true;
}

}  // namespace reeve
