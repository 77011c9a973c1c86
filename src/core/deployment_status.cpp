// What a deployment's status says: counts and conditions (sync.go calculateStatus, progress.go).
#include <reeve/core/deployment.hpp>

#include <algorithm>
#include <array>

namespace reeve {
namespace {

constexpr std::string_view new_set_available = "NewReplicaSetAvailable";
constexpr std::string_view timed_out = "ProgressDeadlineExceeded";
constexpr std::string_view paused = "DeploymentPaused";

}  // namespace

std::string_view condition_name(DeploymentConditionType type) noexcept {
  constexpr std::array<std::string_view, 2> names{"Available", "Progressing"};
  return names[static_cast<std::size_t>(type)];
}

std::string_view status_name(ConditionStatus status) noexcept {
  constexpr std::array<std::string_view, 3> names{"False", "True", "Unknown"};
  return names[static_cast<std::size_t>(status)];
}

const DeploymentCondition* Deployment::condition(DeploymentConditionType type) const noexcept {
  const auto found = std::ranges::find(status_.conditions, type, &DeploymentCondition::type);
  return found == status_.conditions.end() ? nullptr : &*found;
}

// SetDeploymentCondition: the same status and reason change nothing, and one that changed stands last.
void Deployment::set(DeploymentCondition condition) {
  const DeploymentCondition* current = this->condition(condition.type);
  if (current != nullptr && current->status == condition.status) {
    if (current->reason == condition.reason) return;
    condition.last_transition = current->last_transition;
  }
  std::erase_if(status_.conditions, [&](const auto& each) { return each.type == condition.type; });
  status_.conditions.push_back(std::move(condition));
}

void Deployment::progress(ConditionStatus status, std::string_view reason, std::string message, Instant now) {
  set({DeploymentConditionType::progressing, status, reason, std::move(message), now, now});
}

// The same reason again is news here: it puts the deadline off.
void Deployment::renew_progress(std::string_view reason, std::string message, Instant now) {
  const DeploymentCondition* current = condition(DeploymentConditionType::progressing);
  const bool holds_on = current != nullptr && current->status == ConditionStatus::yes;
  const Instant since = holds_on ? current->last_transition : now;
  forget_progress();
  set({DeploymentConditionType::progressing, ConditionStatus::yes, reason, std::move(message), now, since});
}

void Deployment::forget_progress() {
  std::erase_if(status_.conditions, [](const auto& each) { return each.type == DeploymentConditionType::progressing; });
}

rollout::Counts Deployment::count() const {
  rollout::Counts counts;
  Count sizes = 0;
  for (const auto& each : sets_) {
    const ReplicaSet::Counts& its = each->counts();
    counts.replicas += its.replicas;
    counts.ready += its.ready;
    counts.available += its.available;
    counts.terminating += its.terminating;
    sizes += each->size();
    if (each.get() == newest_) counts.updated = its.replicas;
  }
  counts.unavailable = std::max<Count>(sizes - counts.available, 0);
  return counts;
}

bool Deployment::has_progress_deadline() const noexcept { return object_.spec.progress_deadline < seconds(unlimited); }

// checkPausedConditions: a rollout that timed out goes on saying so.
void Deployment::note_pause(Instant now) {
  if (!has_progress_deadline()) return;
  const DeploymentCondition* current = condition(DeploymentConditionType::progressing);
  if (current != nullptr && current->reason == timed_out) return;
  const bool was_paused = current != nullptr && current->reason == paused;
  if (object_.spec.paused && !was_paused) {
    progress(ConditionStatus::unknown, paused, "Deployment is paused", now);
  } else if (!object_.spec.paused && was_paused) {
    progress(ConditionStatus::unknown, "DeploymentResumed", "Deployment is resumed", now);
  }
}

void Deployment::update_status(Instant now) {
  const rollout::Counts before = std::exchange(status_.counts, count());
  status_.observed_generation = generation_;
  if (status_.counts.available >= limits_.available_min()) {
    set({DeploymentConditionType::available, ConditionStatus::yes, "MinimumReplicasAvailable",
         "Deployment has minimum availability.", now, now});
  } else {
    set({DeploymentConditionType::available, ConditionStatus::no, "MinimumReplicasUnavailable",
         "Deployment does not have minimum availability.", now, now});
  }
  if (!object_.spec.paused) judge_progress(before, now);
}

std::string Deployment::subject() const {
  return newest_ != nullptr ? "ReplicaSet \"" + newest_->name().name + "\" "
                            : "Deployment \"" + object_.metadata.name + "\" ";
}

// syncRolloutStatus.
void Deployment::judge_progress(const rollout::Counts& before, Instant now) {
  if (!has_progress_deadline()) return forget_progress();
  const rollout::Counts& counts = status_.counts;
  const DeploymentCondition* current = condition(DeploymentConditionType::progressing);
  const bool was_complete = newest_ != nullptr && counts.replicas == counts.updated && current != nullptr &&
                            current->reason == new_set_available;
  if (was_complete) return;
  if (rollout::is_complete(counts, limits_.replicas)) {
    progress(ConditionStatus::yes, new_set_available, subject() + "has successfully progressed.", now);
  } else if (rollout::has_progressed(before, counts)) {
    renew_progress("ReplicaSetUpdated", subject() + "is progressing.", now);
  } else if (has_timed_out(now)) {
    progress(ConditionStatus::no, timed_out, subject() + "has timed out progressing.", now);
  }
}

// The instant at which this rollout is too late, unless something moves (DeploymentTimedOut, requeueStuckDeployment).
std::optional<Instant> Deployment::progress_deadline() const {
  const DeploymentCondition* current = condition(DeploymentConditionType::progressing);
  if (!has_progress_deadline() || object_.spec.paused || current == nullptr) return std::nullopt;
  if (current->reason == new_set_available || current->reason == timed_out) return std::nullopt;
  return later(current->last_update, object_.spec.progress_deadline);
}

bool Deployment::is_timed_out() const {
  const DeploymentCondition* current = condition(DeploymentConditionType::progressing);
  return current != nullptr && current->reason == timed_out;
}

bool Deployment::has_timed_out(Instant now) const {
  const auto due = progress_deadline();
  return due && *due <= now;
}

std::optional<Instant> Deployment::deadline() const {
  std::optional<Instant> earliest = progress_deadline();
  for (const auto& each : sets_) {
    const auto at = each->deadline();
    if (at && (!earliest || *at < *earliest)) earliest = at;
  }
  return earliest;
}

}  // namespace reeve
