#pragma once
// The life of one container: its runs, its probes, its back-off (pkg/kubelet/kuberuntime/kuberuntime_manager.go).

#include <reeve/core/backoff.hpp>
#include <reeve/core/notify_message.hpp>
#include <reeve/core/probe.hpp>
#include <reeve/core/status.hpp>
#include <reeve/core/step.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace reeve {

enum class Role {
  init,     // runs to its end before the next one starts
  sidecar,  // an init container with restartPolicy Always: the next one starts once it is Started
  regular,
};

class Container {
 public:
  Container(const ContainerSpec& spec, Role role, const PodSpec& pod);

  // Starts it for the first time in this sandbox; later starts are its own affair.
  void start(PodStep& step);

  // The sandbox is lost: it is to be stopped, and does not start before `renew`. What ends now waits for that, unless
  // its policy lets it rest.
  void suspend() noexcept;

  // A new sandbox will come: start is to be called again. Init containers begin anew.
  void renew() noexcept;

  // The pod leaves: no start ever again, and no probe ends it any more. It runs on until it is stopped, and its
  // readiness is asked until then.
  void leave(PodStep& step);

  // Tells the user that it will be stopped; a sidecar is told so before its turn comes, as in Kubernetes.
  void announce_stop(PodStep& step);

  // Runs its preStop hook, if it has one; the stop signal waits for `stop`. For sidecars, whose hooks do not wait for
  // their turn, as in Kubernetes. To be called after leave or suspend, as `stop`.
  void begin_pre_stop(PodStep& step, Instant kill_at);

  // Its preStop hook, then the stop signal; the whole tree is killed at kill_at, but never less than two seconds after
  // the signal. With nothing left until kill_at there is no hook.
  void stop(PodStep& step, Instant kill_at);

  // Kills what still runs, now.
  void kill(PodStep& step);

  // A human wants a new run: what runs is stopped, killed at kill_at and started again at once; a back-off ends. Runs
  // with higher numbers than `newest` are new enough.
  void restart_now(PodStep& step, Instant kill_at, InstanceId newest);

  // A liveness kill that was delayed is so no longer.
  void end_delay(PodStep& step);

  // The pod is gone: nobody will ask for the logs of its runs.
  void forget(Step& step) const;

  // What happened. Each answers false for an identity it does not know: a late message finds nobody.
  bool started(PodStep& step, InstanceId instance, int pid);
  bool start_failed(PodStep& step, InstanceId instance, const std::string& message);
  bool exited(PodStep& step, InstanceId instance, ExitStatus status, std::optional<Usage> usage = {});
  // A liveness kill that is delayed is asked for again at each further failure, and off when the probe succeeds.
  bool probe_finished(PodStep& step, ProbeRunId run, const ProbeOutcome& outcome);
  bool notified(PodStep& step, InstanceId instance, const NotifyMessage& message);
  bool notify_refused(PodStep& step, InstanceId instance, const std::string& why);
  void connection_refused(PodStep& step);
  void tick(PodStep& step);

  std::optional<Instant> deadline() const noexcept;

  const ContainerSpec& spec() const noexcept { return *spec_; }
  Role role() const noexcept { return role_; }
  std::optional<InstanceId> live_instance() const noexcept;  // starting, running or being stopped
  bool is_live() const noexcept { return live_instance().has_value(); }
  bool never_ran() const noexcept { return std::holds_alternative<NeverRun>(state_); }
  bool awaits_sandbox() const noexcept { return never_ran() && newest_; }            // to be started in a new one
  bool has_ended() const noexcept { return std::holds_alternative<Ended>(state_); }  // and stays so
  bool is_backing_off() const noexcept { return std::holds_alternative<BackingOff>(state_); }
  bool is_running() const noexcept;
  bool is_started() const noexcept { return started_; }
  bool is_ready() const noexcept;
  bool is_being_stopped() const noexcept { return std::holds_alternative<Stopping>(state_); }
  bool waits_for_kill() const noexcept { return kill_delayed_; }
  bool is_in_pre_stop() const noexcept;
  bool is_signalled() const noexcept;  // to stop, and not gone yet
  bool is_killed() const noexcept;     // and not gone yet
  // Later containers wait for its postStart hook.
  bool holds_up_others() const noexcept;
  bool succeeded() const noexcept { return has_ended() && newest_ && newest_->exit_code == 0; }
  bool failed() const noexcept { return has_ended() && newest_ && newest_->exit_code != 0; }
  const std::optional<StateTerminated>& last_end() const noexcept { return newest_; }
  const std::optional<StateTerminated>& end_before() const noexcept { return previous_; }
  const std::vector<ProbeWorker>& probes() const noexcept { return probes_; }
  // What the program said of itself last: STATUS=; empty: nothing.
  const std::string& said_status() const noexcept { return said_.status; }

  // Two that are equal show the same status.
  std::size_t fingerprint() const noexcept;

  // What Kubernetes would show; waiting is the reason of a container that never ran.
  ContainerStatus status(const PodIdentity& pod, std::string_view waiting) const;

 private:
  struct NeverRun {};
  struct Starting {
    InstanceId instance;
  };
  struct Running {
    InstanceId instance;
    int pid = 0;
    Instant since;
  };
  enum class StopCause { probe, hook, pod, human };
  struct Stopping {
    InstanceId instance;
    int pid = 0;
    std::optional<Instant> since;      // nothing: not seen running yet
    std::optional<Instant> signalled;  // nothing: its hook runs, or it waits for its turn
    Instant kill_at;
    StopCause cause = StopCause::pod;
    bool may_signal = true;  // once its hook has ended
    bool killed = false;
    std::optional<Instant> extended{};  // the program asked for time until then
    Instant end() const noexcept { return std::max(kill_at, extended.value_or(kill_at)); }
  };
  struct BackingOff {
    Instant until;
  };
  struct Ended {};
  // By the program of this run.
  struct Said {
    std::optional<NotifyMessage::State> state;
    std::string status;
  };
  using State = std::variant<NeverRun, Starting, Running, Stopping, BackingOff, Ended>;

  // A hook that runs; a sleep is no run of anything.
  enum class HookType { post_start, pre_stop };
  struct Hook {
    HookType type = HookType::post_start;
    std::optional<ProbeRunId> run;
    std::optional<Instant> sleeps_until;
    std::optional<Instant> until;  // its time is over
    std::optional<Instant> deadline() const noexcept;
  };

  enum class Counted { yes, no };
  void begin_instance(PodStep& step, Counted counted = Counted::yes);
  void restart(PodStep& step, std::optional<Instant> newest_end);
  void restart_when_allowed(PodStep& step);
  void settle_end(PodStep& step, bool killed_by_probe, std::optional<Instant> previous_end);
  void record_end(StateTerminated end);
  void begin_stop(PodStep& step, Instant kill_at, StopCause cause);
  enum class Signal { when_hook_ended, when_told };
  void enter_stop(PodStep& step, Instant kill_at, StopCause cause, Signal signal);
  void begin_pre_stop_hook(PodStep& step, Stopping& stopping);
  void shorten_stop(PodStep& step, Stopping& stopping, Instant kill_at);
  void signal(PodStep& step);
  void arm_probes(PodStep& step);
  const LifecycleHandler* handler(HookType type) const noexcept;
  void begin_hook(PodStep& step, HookType type, std::optional<Instant> until);
  void finish_hook(PodStep& step, const std::optional<std::string>& failure);
  void end_hook(PodStep& step);
  void tick_hook(PodStep& step);
  void judge_liveness(PodStep& step, ProbeWorker& worker, ProbeWorker::Verdict verdict);
  void judge(PodStep& step, ProbeWorker& worker, ProbeWorker::Verdict verdict);
  void take_in_state(PodStep& step);
  void take_in_watchdog(PodStep& step, NotifyMessage::Watchdog told);
  void extend(PodStep& step, Duration time);
  void hear_silence(PodStep& step);
  void delay_kill(PodStep& step, ProbeWorker& worker);
  void fail_probe(PodStep& step, const ProbeWorker& worker);
  void become_started(PodStep& step);
  void run_due_probes(PodStep& step);
  void end_probes(PodStep& step);
  void end_health_probes(PodStep& step);
  void report_outcome(PodStep& step, const ProbeWorker& worker, const ProbeOutcome& outcome, bool thrown_away);
  void report(PodStep& step, EventType type, std::string_view reason, std::string message) const;
  RestartPolicy policy(const PodSpec& pod) const noexcept;
  bool restarts_after(int exit_code, const PodSpec& pod) const noexcept;
  ProbeWorker* worker(ProbeType type) noexcept;
  const ProbeWorker* worker(ProbeType type) const noexcept;

  const ContainerSpec* spec_;
  Role role_;
  bool started_ = false;
  bool leaving_ = false;
  bool suspended_ = false;
  bool announced_ = false;
  bool kill_delayed_ = false;
  std::optional<Hook> hook_;
  std::string post_start_failure_;  // of the newest run
  int restart_count_ = 0;
  State state_;
  Backoff backoff_;
  std::vector<ProbeWorker> probes_;
  Said said_;
  std::optional<StateTerminated> newest_;
  std::optional<StateTerminated> previous_;
};

}  // namespace reeve
