// Reeve's own: an update that is stuck is undone, and liveness kills leave enough pods available. Both by option.
#include <reeve/core/deployment.hpp>

#include <algorithm>

namespace reeve {

// --- autoRollback. ---

// The newest of the old revisions that has something available; if none has, the newest.
ReplicaSet* Deployment::revision_before() const {
  ReplicaSet* best = nullptr;
  const auto rank = [](const ReplicaSet* set) { return std::pair(set->counts().available > 0, set->revision()); };
  for (ReplicaSet* each : old_sets()) {
    if (best == nullptr || rank(each) > rank(best)) best = each;
  }
  return best;
}

// What came back by itself is not left by itself, and what was left twice for the same revision stays: true if the
// template is another one now, so that there is more to do.
bool Deployment::roll_back(Step& step) {
  if (!object_.spec.auto_rollback || object_.spec.paused || !is_timed_out() || newest_ == nullptr) return false;
  const ReplicaSet* before = revision_before();
  if (before == nullptr || last_rollback_.to == newest_->name().name) return false;
  Rollback rollback{newest_->name().name, before->name().name};
  if (rollback == last_rollback_) return false;
  last_rollback_ = std::move(rollback);
  take_back(step, *before);
  return true;
}

// What `kubectl rollout undo` writes: the template, and the annotations with the change-cause.
void Deployment::take_back(Step& step, const ReplicaSet& set) {
  DeploymentObject object = object_;
  object.spec.pod_template = set.pod_template();
  std::erase_if(object.metadata.annotations, [](const auto& each) { return !is_internal_annotation(each.first); });
  for (const auto& [key, value] : set.annotations()) {
    if (!is_internal_annotation(key)) object.metadata.annotations[key] = value;
  }
  report(step, "DeploymentRollback",
         "Rolled back deployment \"" + object.metadata.name + "\" to revision " + std::to_string(set.revision()));
  replace(std::move(object));
}

// Another update went well since.
void Deployment::forget_rollback() {
  if (newest_ == nullptr || newest_->name().name == last_rollback_.to || last_rollback_ == Rollback{}) return;
  last_rollback_ = {};
  unsaved_ = true;
}

// --- livenessBudget. ---

// Available pods that will not be so for long, where that counts.
Deployment::Count Deployment::doomed() const {
  Count doomed = 0;
  if (!object_.spec.liveness_budget) return doomed;
  for (const auto& each : sets_) doomed += each->restarting();
  return doomed;
}

// How many available pods there are beyond the minimum.
Deployment::Count Deployment::spare() const { return count().available - doomed() - limits_.available_min(); }

LivenessKill Deployment::liveness_kill(const ReplicaSet& owner, PodId pod) const {
  const bool is_free = !object_.spec.liveness_budget || !owner.is_available(pod);
  return is_free || spare() > 0 ? LivenessKill::now : LivenessKill::delayed;
}

void Deployment::kill_delayed(Step& step, Owner& owner) {
  for (const auto& set : sets_) {
    while (const auto next = set->next_to_kill()) {
      if (liveness_kill(*set, next->pod) == LivenessKill::delayed) break;
      owner.end_delay(step, next->pod);
    }
  }
}

}  // namespace reeve
