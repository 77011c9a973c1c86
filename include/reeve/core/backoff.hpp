#pragma once
// CrashLoopBackOff's arithmetic (client-go/util/flowcontrol/backoff.go and kuberuntime_manager.go doBackOff).

#include <reeve/core/spec.hpp>
#include <reeve/core/time.hpp>

#include <optional>

namespace reeve {

// The waits of one container. The wait is measured from the end of a run, and grows at each start.
class Backoff {
 public:
  explicit Backoff(const RestartBackoff& policy) noexcept : policy_(&policy) {}

  // When a container whose newest known run ended at `ended` may start again; `now` or earlier means at once.
  Instant start_allowed_at(Instant ended, Instant now) const noexcept;

  // Counts a start after a run that ended at `ended`.
  void count_start(Instant ended, Instant now) noexcept;

  // The current wait; nothing before the first restart.
  std::optional<Duration> delay() const noexcept;

 private:
  struct Entry {
    Duration delay;
    Instant updated;
  };
  bool expired(Instant ended) const noexcept { return ended - entry_->updated > policy_->reset; }

  const RestartBackoff* policy_;
  std::optional<Entry> entry_;
};

}  // namespace reeve
