#pragma once
// A made-up world around a real supervisor: processes, probes and an operator, all from one seed. Everything that will
// happen stands in one heap, ordered by instant and sequence.

#include "model.hpp"
#include "objects.hpp"
#include "options.hpp"

#include <deque>
#include <map>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

namespace reeve::sim {

class World {
 public:
  World(std::uint64_t seed, Duration lasts, bool trace);

  // Phase one: faults, checked after every step. Phase two: calm, and all that is wanted comes to be. Throws Violation.
  void run();

  // Says what the supervisor did: equal for equal seeds.
  std::uint64_t digest() const noexcept { return digest_; }
  std::uint64_t steps() const noexcept { return steps_; }
  const std::deque<std::string>& trace() const noexcept { return trace_; }

 private:
  enum class Kind {
    sandbox,
    sandbox_end,
    start,
    start_fail,
    crash,
    die,
    answer,
    operate,
    refuse,
    stall,
    shutdown,
    drained,
    crash_reeve,
    say,
  };
  struct Happening {
    Instant at;
    std::uint64_t sequence;
    Kind kind;
    std::uint64_t id;
    int value;
    bool operator>(const Happening& other) const { return at != other.at ? at > other.at : sequence > other.sequence; }
  };
  struct Process {
    bool running = false;
    bool told_to_stop = false;
    bool ignores_term = false;
    bool is_init = false;
    bool tells = false;  // whether it is ready
  };
  struct Probe {
    bool cancelled = false;
    int value = 0;
    bool will_answer = true;
  };

  void run_until(Instant end);
  bool next(Instant end);
  void happen(const Happening& what);
  void step(Input input);
  void take(const Effects& effects);
  void crash();
  void forget_what_ran();
  void check_restored(const SavedState& saved) const;
  void check_saved_version();
  void hurl_stale_input();
  Input stale_input();
  void remember(const Input& input);
  void note(std::string line);

  void perform(const StartSandbox& effect);
  void perform(const StopSandbox& effect);
  void perform(const StartContainer& effect);
  void perform(const SignalContainer& effect);
  void perform(const KillContainer& effect);
  void perform(const StartProbe& effect);
  void perform(const StartHook& effect);
  void perform(const AbortProbe& effect);
  void perform(const DrainEndpoint& effect);
  void perform(const CutEndpoint& effect);
  void perform(const RemoveEndpoint& effect);
  void perform(const CancelProbe& effect);
  template <class Other>
  void perform(const Other&) {}

  void answer_sandbox(PodId pod, bool good);
  void end_sandbox(PodId pod, int making);
  void begin_running(InstanceId instance);
  void obey_term(InstanceId instance);
  void say(InstanceId instance, NotifyMessage::State state);
  void operate();
  void apply_something();
  DeploymentObject changed(DeploymentObject running, DeploymentObject other);
  void roll_something();
  void change_template(DeploymentObject& object);
  void restart_something();
  void resume_all();
  void delete_something();
  void refuse();
  void calm_down();
  bool is_settled() const;
  void shut_down();
  void schedule(Duration in, Kind kind, std::uint64_t id = 0, int value = 0);
  Duration tick_delay();

  Chance chance_;
  Options options_;
  Duration lasts_;
  bool tracing_;
  bool rolls_;  // the operator knows rollouts
  bool calm_ = false;
  Instant now_{};
  bool crashes_;  // of the supervisor itself
  Chance crash_chance_;
  std::optional<Supervisor> supervisor_;
  Model model_;
  std::optional<std::pair<std::uint64_t, SavedState>> saved_;  // at a step before, with its version
  std::priority_queue<Happening, std::vector<Happening>, std::greater<>> heap_;
  std::uint64_t sequence_ = 0;
  std::uint64_t steps_ = 0;
  std::uint64_t digest_ = 14695981039346656037u;
  std::optional<Instant> tick_for_;
  Instant tick_at_{};
  struct SandboxState {
    int making = 0;  // which one of the pod's it is
    std::size_t ports = 0;
    bool may_end = false;
    bool stands = false;
  };
  std::unordered_map<PodId, SandboxState> sandboxes_;
  std::int32_t next_port_ = 20'000;
  std::unordered_map<InstanceId, Process> processes_;
  std::unordered_map<ProbeRunId, Probe> probes_;
  struct Drained {
    ServiceId service;
    PodId pod;
  };
  std::map<std::uint64_t, Drained> drains_;  // that are to be answered, by a number of their own
  std::uint64_t drains_begun_ = 0;
  std::deque<Input> past_;  // inputs that were told once
  std::deque<std::string> trace_;
};

}  // namespace reeve::sim
