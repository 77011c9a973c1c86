#pragma once
// The arithmetic of a rolling update, as pure functions: numbers of pods in, numbers of pods out
// (pkg/controller/deployment/rolling.go, sync.go, progress.go, util/deployment_util.go). "Size" is how many pods a
// replica set is to have, not how many run.

#include <reeve/core/spec.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace reeve::rollout {

using Count = std::int64_t;

// The N of "N%"; nothing for a number, or for a text that is no percentage.
std::optional<Count> percentage(const IntOrString& either) noexcept;

// How far the number of pods may stray from `replicas` (ResolveFenceposts, MaxSurge, MaxUnavailable).
struct Limits {
  Count replicas = 0;
  Count surge = 0;
  Count unavailable = 0;

  Count total_max() const noexcept { return replicas + surge; }
  Count available_min() const noexcept { return replicas - unavailable; }
  bool operator==(const Limits&) const = default;
};
Limits limits_of(const DeploymentSpec& deployment);

// One replica set, as far as a rolling update looks at it. Lists of old ones are oldest first.
struct Set {
  Count size = 0;
  Count available = 0;
};

// The size that the newest replica set may have now; `total` is the sum of all sizes with its own in it
// (NewRSNewReplicas).
Count size_of_newest(const Limits& limits, Count total, Count size) noexcept;

// How many old pods may go in this pass; 0 or less: none (reconcileOldReplicaSets).
Count removable(const Limits& limits, Count total, Set newest) noexcept;

// The new sizes of old replica sets after at most `budget` pods that are not available went
// (cleanupUnhealthyReplicas), and after at most `budget` of any went (scaleDownOldReplicaSetsForRollingUpdate).
std::vector<Count> without_unhealthy(std::span<const Set> old, Count budget);
std::vector<Count> without(std::span<const Set> old, Count budget);

// One replica set, as far as scaling looks at it.
struct Scaled {
  Count size = 0;
  Count max_before = 0;  // replicas and surge when it was last scaled; 0: not known
};

// The sizes of several replica sets after `replicas` changed, each in proportion. `sets` are those with a size, oldest
// first; `existing` is how many pods the deployment has (sync.go scale, GetReplicaSetProportion).
std::vector<Count> in_proportion(const Limits& limits, std::span<const Scaled> sets, Count existing);

// What a deployment's status counts.
struct Counts {
  Count replicas = 0;
  Count updated = 0;
  Count ready = 0;
  Count available = 0;
  Count unavailable = 0;
  Count terminating = 0;
  bool operator==(const Counts&) const = default;
};

// Everything is as wanted (DeploymentComplete).
bool is_complete(const Counts& counts, Count replicas) noexcept;

// More of the new, fewer of the old, more ready or more available than before (DeploymentProgressing).
bool has_progressed(const Counts& before, const Counts& now) noexcept;

}  // namespace reeve::rollout
