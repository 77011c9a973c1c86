#pragma once
// A deployment brings its pods from one template to the next, a replica set for each, without ever having fewer
// available or more in all than its strategy allows (pkg/controller/deployment).

#include <reeve/core/replica_set.hpp>
#include <reeve/core/rollout.hpp>
#include <reeve/core/spec.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reeve {

enum class DeploymentConditionType { available, progressing };
std::string_view condition_name(DeploymentConditionType type) noexcept;  // "Available"

enum class ConditionStatus { no, yes, unknown };
std::string_view status_name(ConditionStatus status) noexcept;  // "True"

struct DeploymentCondition {
  DeploymentConditionType type = DeploymentConditionType::available;
  ConditionStatus status = ConditionStatus::unknown;
  std::string_view reason;
  std::string message;
  Instant last_update{};
  Instant last_transition{};
  bool operator==(const DeploymentCondition&) const = default;
};

struct SavedDeployment;

class Deployment {
 public:
  // What a deployment asks of whoever has the pods and the replica sets.
  class Owner : public ReplicaSet::Pods {
   public:
    virtual bool is_taken(const ObjectRef& replica_set) const = 0;
    virtual void added(ReplicaSet& replica_set) = 0;
    virtual void changed(const ReplicaSet& replica_set) = 0;
    virtual void removed(Step& step, std::unique_ptr<ReplicaSet> replica_set) = 0;
    virtual void changed(const Deployment& deployment) = 0;
    virtual void end_delay(Step& step, PodId id) = 0;  // of its liveness kills
  };
  using ReplicaSets = std::vector<std::unique_ptr<ReplicaSet>>;

  Deployment(DeploymentObject object, Instant created);
  // As it was before a restart; reconcile must follow.
  explicit Deployment(const SavedDeployment& saved);
  SavedDeployment save() const;
  // Since the last call: something that is to outlive reeve became different.
  bool take_unsaved() noexcept { return std::exchange(unsaved_, false); }

  const DeploymentObject& object() const noexcept { return object_; }
  ObjectRef name() const { return {Kind::deployment, object_.metadata.name_space, object_.metadata.name}; }
  Instant created() const noexcept { return created_; }
  std::int64_t generation() const noexcept { return generation_; }

  // Status: as of the last reconcile.
  std::int64_t observed_generation() const noexcept { return status_.observed_generation; }
  std::int64_t revision() const noexcept { return status_.revision; }  // 0 before the first
  std::int32_t collision_count() const noexcept { return status_.collisions; }
  const rollout::Counts& counts() const noexcept { return status_.counts; }
  const std::vector<DeploymentCondition>& conditions() const noexcept { return status_.conditions; }
  const DeploymentCondition* condition(DeploymentConditionType type) const noexcept;

  // Oldest first; and that of the template as it is now: nullptr before it exists (paused, or Recreate at work).
  const ReplicaSets& replica_sets() const noexcept { return sets_; }
  const ReplicaSet* newest() const noexcept { return newest_; }

  // Takes a changed object; reconcile must follow. The revision annotation is the deployment's to write, so neither
  // object has it.
  void replace(DeploymentObject object);

  // Goes on until nothing more is to be done now.
  void reconcile(Step& step, Owner& owner);
  // When to reconcile again though nothing happens: pods become available, or the progress deadline passes.
  std::optional<Instant> deadline() const;

  // What a failed liveness probe of that pod leads to now.
  LivenessKill liveness_kill(const ReplicaSet& owner, PodId pod) const;

  // All its replica sets and their pods are to go with it.
  void remove_all(Step& step, Owner& owner);

 private:
  using Count = rollout::Count;
  struct Status {
    std::int64_t observed_generation = 0;
    std::int64_t revision = 0;
    std::int32_t collisions = 0;
    rollout::Counts counts;
    std::vector<DeploymentCondition> conditions;
    bool operator==(const Status&) const = default;
  };

  // Each of these decides sizes; true if one changed, so that it is worth looking again (deployment.cpp).
  void bring_about(Step& step, Owner& owner);
  bool pass(Step& step, Owner& owner);
  bool scale(Step& step);
  bool scale_in_proportion(Step& step);
  bool roll(Step& step, Owner& owner);
  bool shrink_old(Step& step);
  bool recreate(Step& step, Owner& owner);
  bool resize(Step& step, ReplicaSet& set, Count size);
  bool rescale(Step& step, ReplicaSet& set, Count size);
  bool has_been_scaled() const;

  void find_newest();
  void follow_newest(Step& step, Owner& owner);
  void create_newest(Step& step, Owner& owner, Count size);
  std::vector<ReplicaSet*> old_sets() const;
  std::vector<ReplicaSet*> active_sets() const;
  std::int64_t highest_old_revision() const;
  Count total() const;
  void grow(Step& step, Owner& owner);
  void clean_up(Step& step, Owner& owner);
  void tell(Step& step, const ReplicaSet& set, ReplicaSet::Collision collision) const;
  void report(Step& step, std::string_view reason, std::string message, EventType type = EventType::normal) const;

  // Reeve's own options (deployment_options.cpp).
  bool roll_back(Step& step);
  ReplicaSet* revision_before() const;
  void take_back(Step& step, const ReplicaSet& set);
  void forget_rollback();
  Count doomed() const;
  Count spare() const;
  void kill_delayed(Step& step, Owner& owner);

  // Counts and conditions (deployment_status.cpp).
  rollout::Counts count() const;
  void note_pause(Instant now);
  void update_status(Instant now);
  void judge_progress(const rollout::Counts& before, Instant now);
  bool has_timed_out(Instant now) const;
  bool is_timed_out() const;
  bool has_progress_deadline() const noexcept;
  void forget_progress();
  void renew_progress(std::string_view reason, std::string message, Instant now);
  void progress(ConditionStatus status, std::string_view reason, std::string message, Instant now);
  void set(DeploymentCondition condition);
  std::string subject() const;
  std::optional<Instant> progress_deadline() const;

  DeploymentObject object_;
  Instant created_;
  std::int64_t generation_ = 1;
  rollout::Limits limits_;
  ReplicaSets sets_;
  ReplicaSet* newest_ = nullptr;
  bool unsaved_ = true;
  Status status_;
  // The last automatic rollback, by replica sets.
  struct Rollback {
    std::string from;
    std::string to;
    bool operator==(const Rollback&) const = default;
  };
  Rollback last_rollback_;
};

}  // namespace reeve
