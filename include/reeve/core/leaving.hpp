#pragma once
// How what a pod runs leaves: out of every endpoint list, its connections drained, then hooks and stop signals, the
// kill, gone. Decides when one step makes way for the next; the pod's containers take those that are theirs.

#include <reeve/core/id.hpp>
#include <reeve/core/time.hpp>

#include <cstddef>
#include <optional>
#include <set>
#include <string_view>
#include <variant>
#include <vector>

namespace reeve {

struct Step;

enum class LeavingStep { drain, cut, pre_stop, stop, kill, gone };
std::string_view leaving_step_name(LeavingStep step) noexcept;  // "drain", "preStop"

struct LeavingRecord {
  LeavingStep step;
  Instant since;
};

// At least this long from the stop signal to the kill (kuberuntime_container.go).
inline constexpr Duration shortest_grace = seconds(2);

class Leaving {
 public:
  // All that is to leave is killed at kill_at. Nothing is waited for before the hooks and stop signals, unless `drain`
  // follows.
  explicit Leaving(Instant kill_at) noexcept : kill_at_(kill_at) {}

  // These services have the pod among their endpoints, or had it: each is to drain it, at most that long and no longer
  // than leaves the stop signal its time.
  void drain(Step& step, PodId pod, const std::vector<ServiceId>& services, Duration at_most);

  // A service has drained it. False: nobody waits for that.
  bool drained(ServiceId service) noexcept;

  // What ended by its time, if anything.
  enum class TimeUp {
    none,
    drain,  // what is still open is cut now
    cut,    // the cut was not confirmed: it goes on all the same
  };
  TimeUp tick(Step& step, PodId pod);

  void set_kill_at(Instant now, Instant kill_at) noexcept;

  // Nothing is waited for any more.
  void release() noexcept;

  // Hooks and stop signals may come.
  bool is_released() const noexcept { return state_.index() > static_cast<std::size_t>(LeavingStep::cut); }

  // The containers have come to this step; one that lies behind changes nothing.
  void reach(LeavingStep step, Instant now);

  Instant kill_at() const noexcept { return kill_at_; }
  std::optional<Instant> deadline() const noexcept;

  // The steps so far, each with its begin.
  const std::vector<LeavingRecord>& steps() const noexcept { return steps_; }

  // How many services have not said yet that they have drained it.
  std::size_t services_waited_for() const noexcept { return is_released() ? 0 : services_.size(); }

 private:
  struct Draining {
    Instant until;
  };
  struct Cutting {
    Instant until;
  };
  struct PreStopping {};
  struct Stopping {};
  struct Killing {};
  struct Gone {};
  // In the order of LeavingStep.
  using State = std::variant<Draining, Cutting, PreStopping, Stopping, Killing, Gone>;

  Instant kill_at_;
  State state_ = PreStopping{};
  std::set<ServiceId> services_;  // that have not drained it yet
  std::vector<LeavingRecord> steps_;
};

}  // namespace reeve
