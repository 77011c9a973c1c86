#pragma once
// What the supervisor may do, written a second time from Kubernetes' rules: it follows inputs and effects beside the
// real one and objects to the first step that breaks a rule.

#include <reeve/core/supervisor.hpp>

#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace reeve::sim {

struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct ProbeModel {
  ProbeModel(ProbeType which, const ProbeSpec* what) : type(which), spec(what) {}

  ProbeType type;
  const ProbeSpec* spec;
  bool armed = false;
  bool on_hold = false;
  Instant earliest{}, base{}, due{};  // ticks are at base and every period after it
  Instant begun{}, abort_at{};        // of the first call of a tick, and of the call in flight
  bool due_changed = false;           // in this step
  std::optional<ProbeRunId> run;
  bool aborted = false;
  int calls = 0;
  bool last = true;  // the last result, and how many of it came in a row
  int length = 0;
  bool passed = false;

  void arm(Instant since, Instant now);
  void missed_or_next(Instant now);
};

struct ContainerModel {
  const ContainerSpec* spec;
  Role role;
  std::vector<ProbeModel> probes;
  InstanceId live{};
  bool running = false;
  bool started = false;
  std::optional<NotifyMessage::State> said{};  // by its program
  Instant since{};
  std::optional<Instant> signalled;
  Instant kill_at{};
  bool kill_changed = false;
  bool killed = false;
  enum class Hook { none, post_start, pre_stop } hook = Hook::none;
  bool hook_is_due = false;            // it has to begin in this step
  std::optional<Instant> hook_until;   // of preStop
  std::optional<Instant> stopping_by;  // its preStop hook has begun: what its kill was to be
  bool by_probe = false;
  bool by_human = false, by_hook = false, by_pod = false;
  bool restart_asked = false;         // by a human: it is due now, and counts for nothing
  std::optional<Duration> must_stop;  // a probe's verdict of this step; the grace it gives
  int starts = 0;
  std::optional<Instant> ended, ended_before;
  std::optional<Instant> restart_at, restart_seen;  // when, and the end that this is judged by
  bool awaits = false;                              // ended, and is to be started by its pod in a new sandbox
  bool released = false;                            // in this step it no longer waits for that
  bool is_final = false;
  int code = 0;
  struct Entry {
    Duration delay;
    Instant updated;
  };
  std::optional<Entry> entry;
  std::vector<InstanceId> dead;  // ended and not forgotten

  ProbeModel* probe(ProbeType which);
  bool is_ready() const;
  bool has_post_start() const { return spec->lifecycle && spec->lifecycle->post_start; }
  bool has_pre_stop() const { return spec->lifecycle && spec->lifecycle->pre_stop; }
  bool holds_up_others() const {
    return has_post_start() && live && (!running || hook == Hook::post_start) && !signalled;
  }
  bool is_done() const;  // an init container that holds up nobody
};

struct PodModel {
  PodId id;
  std::string name_space, name;
  std::shared_ptr<const PodSpec> spec;
  Instant created{};
  std::vector<ContainerModel> containers;  // init containers first, as in the spec
  std::size_t inits = 0;
  enum class Box { absent, making, refused, standing, broken } box = Box::absent;
  std::vector<std::int32_t> ports;  // that it was assigned
  Instant box_due{};                // when an absent one is made
  bool box_changed = false;         // in this step
  Instant broken_by{};              // when what runs in a broken one is killed
  std::optional<ContainerModel::Entry> box_entry;
  bool abandoned = false;  // its sandbox ended and nothing may start again
  std::optional<Instant> stop_by;
  // The drain of one that leaves or starts anew: until when, then cut and until when; and who still waits.
  enum class Drain { none, draining, cutting, over } drain = Drain::none;
  Instant drain_until{};
  bool drain_changed = false, drain_begun = false;  // in this step
  bool is_withdrawn() const { return stop_by || restarts; }
  bool is_drained() const { return drain == Drain::over || (stop_by && !anything_lives()); }
  std::set<ServiceId> draining;
  std::set<ServiceId> undrained;  // who was not told so yet
  bool restarts = false;          // on request, for all that runs of before
  InstanceId restarts_up_to{};
  Instant restart_by{};
  bool waiting = false;  // for what it depends on
  bool terminating = false;
  bool initialized = false;
  bool overdue = false;
  const Pod* seen = nullptr;  // the real one, while it exists

  bool all_regular_final() const;
  bool init_failed() const;
  bool anything_lives() const;
};

// A deployment at the end of a step.
struct RolloutModel {
  Instant created{};
  StrategyType type{};
  bool paused = false;
  std::int64_t replicas = 0, total_max = 0, available_min = 0;
  std::int64_t total = 0, newest = 0;  // sizes
  std::int64_t available = 0, newest_available = 0;
  std::int64_t highest = 0;  // revision

  bool same_limits(const RolloutModel& other) const;
};

class Model {
 public:
  explicit Model(const Supervisor& supervisor) : supervisor_(supervisor) {}

  // Around every step; after throws Violation.
  void before(Instant now, const Input& input);
  void after(Instant now, const Effects& effects);

  // The supervisor was killed, and everything with it; one that begins with what was saved stands in its place.
  void restart(Instant now);

  // True if the input names something that the supervisor still cares about.
  bool is_news(const Input& input) const;

  // True once the newest revision of that deployment is all there is.
  bool is_rolled_out(const Deployment& deployment) const;

  bool exited() const noexcept { return exited_; }
  const std::map<PodId, PodModel>& pods() const noexcept { return pods_; }

 private:
  struct Place {
    PodModel* pod;
    std::size_t container;
  };
  struct RunPlace {
    Place place;
    ProbeType type;
  };
  struct Published {
    std::map<PodId, SetEndpoint> endpoints;
  };

  void note(const ObjectApplied&) {}
  void note(const ObjectDeleted& input);
  void note(const SandboxStarted& input);
  void note(const SandboxFailed& input);
  void note(const SandboxEnded& input);
  void note(const ContainerStarted& input);
  void note(const ContainerStartFailed& input);
  void note(const ContainerExited& input);
  void note(const ProbeFinished& input);
  void note(const ProcessNotified& input);
  static void hear(ContainerModel& container);
  void note(const NotifyRefused&) {}
  void note(const ConnectionRefused& input);
  void note(const RestartRequested& input);
  void note(const EndpointDrained& input);
  void note(const ListenerFailed&) {}
  void note(const StateNotKept&) {}
  void note(const StateKeptAgain&) {}
  void note(const ShutdownRequested&);
  void note(const Ticked&) {}

  void count_box(PodModel& pod);
  void release(PodModel& pod);
  void release(const PodModel& pod, ContainerModel& container);
  void end(Place place, int code);
  void decide_restart(PodModel& pod, ContainerModel& container);
  void judge(Place place, ProbeModel& probe, ProbeResult result);
  bool held_back(const PodModel& pod, const ContainerModel& container, Instant ended) const;
  void become_started(ContainerModel& container);
  void arm(ContainerModel& container);
  void end_hook(Place place, bool success);
  Instant stop_at(const PodModel& pod, const ContainerModel& container) const;

  bool is_start(const Effect& effect) const;
  void observe(PodModel& pod);
  void leave(PodModel& pod, Instant stop_by, bool drains = true);
  void begin_drain(PodModel& pod, Instant kill_at);
  void end_drain(PodModel& pod);
  void ask_restarts(PodModel& pod);
  void shorten(PodModel& pod);
  void check(const StartSandbox& effect);
  void check(const StopSandbox& effect);
  void check(const OpenLink& effect);
  void check(const CloseLink& effect);
  void check(const StartContainer& effect);
  void check(const SignalContainer& effect);
  void check(const KillContainer& effect);
  void check(const ForgetInstance& effect);
  void check(const StartProbe& effect);
  void check(const StartHook& effect);
  void check(const AbortProbe& effect);
  void check(const CancelProbe& effect);
  void check(const OpenService& effect);
  void check(const CloseService& effect);
  void check(const SetEndpoint& effect);
  void check(const RemoveEndpoint& effect);
  void check(const DrainEndpoint& effect);
  void check(const CutEndpoint& effect);
  void check(const ReportEvent& effect);
  void check(const Exit& effect);
  void check_order_of_stop(const PodModel& pod, std::size_t index) const;
  void count_restart(const PodModel& pod, ContainerModel& container);
  PodModel& pod_of(const PodIdentity& identity, const std::shared_ptr<const PodSpec>& spec);
  void find_waiting(const Pod& pod);
  bool is_met(const std::string& dependency, const PodModel& pod) const;
  bool is_depended_on(const PodModel& pod) const;

  void check_pod(PodModel& pod);
  void check_drain(PodModel& pod);
  void check_box(const PodModel& pod) const;
  void check_links() const;
  void check_addresses() const;
  void check_environment(const StartContainer& effect, const PodModel& pod) const;
  void check_fixed(const Service& service) const;
  Phase phase_of(const PodModel& pod) const;
  void check_container(const PodModel& pod, std::size_t index);
  void check_endpoints(const PodModel& pod);
  void check_deployments();
  RolloutModel check_rollout(const Deployment& deployment);
  void check_counts(const Deployment& deployment, RolloutModel& model) const;
  void check_revisions(const Deployment& deployment, RolloutModel& model) const;
  void check_taken_first(const ReplicaSet& set) const;
  void check_taken(const Deployment& deployment, const RolloutModel& model) const;
  void check_recreated(const Deployment& deployment) const;
  bool was_taken(PodId id) const;
  bool is_available(const Pod& pod, Duration min_ready) const;
  bool was_available(const Pod& pod, Duration min_ready) const;
  void bury(PodModel& pod);

  template <class... Parts>
  void must(bool held, const Parts&... parts) const {
    if (!held) fail((std::string() + ... + parts));
  }
  [[noreturn]] void fail(const std::string& what) const { throw Violation(what); }
  bool is_first_step_at_or_after(Instant due) const { return due <= now_ && (!any_step_ || last_ < due); }

  const Supervisor& supervisor_;
  Instant now_{}, last_{};
  bool any_step_ = false;
  std::map<PodId, PodModel> pods_;
  std::unordered_map<InstanceId, Place> instances_;
  std::unordered_map<ProbeRunId, RunPlace> runs_;
  std::unordered_map<ProbeRunId, Place> hooks_;
  std::unordered_map<InstanceId, Place> dead_;
  std::map<ServiceId, Published> services_;
  std::map<PodId, std::set<ServiceId>> published_;            // who has it among the endpoints, or had it
  std::map<std::pair<ServiceId, PodId>, std::string> links_;  // that are open
  std::optional<Instant> deleted_by_;                         // what this step's delete asks of which pod
  PodId deleted_{};
  std::map<ObjectRef, RolloutModel> rollouts_;  // and the pods that counted, at the end of the last step
  std::map<PodId, ObjectRef> active_;
  InstanceId newest_instance_{};
  int shutdowns_ = 0;
  bool exited_ = false;
};

}  // namespace reeve::sim
