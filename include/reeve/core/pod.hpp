#pragma once
// The life of one pod: its sandbox, init containers in turn, then its containers, then the leaving; phase and
// conditions (pkg/kubelet/kubelet_pods.go getPhase, pkg/kubelet/status/generate.go).

#include <reeve/core/container.hpp>
#include <reeve/core/leaving.hpp>
#include <reeve/core/sandbox.hpp>
#include <reeve/core/spec.hpp>
#include <reeve/core/status.hpp>
#include <reeve/core/step.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace reeve {

// The host itself, and every pod that shares its network.
inline constexpr std::string_view host_ip = "127.0.0.1";

class Pod {
 public:
  Pod(PodId id, std::string uid, ObjectMeta metadata, std::shared_ptr<const PodSpec> spec,
      std::optional<ObjectRef> owner, std::string pod_ip, Instant created);

  // Starts what is to start first.
  void begin(Step& step);

  // Something that it depends on became different.
  void dependency_changed(Step& step);

  // The pod is to leave and then to be gone; a later, shorter grace wins (pkg/registry/core/pod/strategy.go).
  void remove(Step& step, std::optional<Duration> grace);

  // Other labels and annotations, while it goes on running.
  void relabel(Labels labels, Labels annotations);

  // Kills what still runs of a pod that is leaving.
  void hasten(Step& step);

  // What became of the sandbox. Each answers false where the pod waits for no such thing: a late message.
  bool sandbox_started(Step& step, const std::vector<std::int32_t>& ports);
  bool sandbox_failed(Step& step, const std::string& message);
  bool sandbox_refused(Step& step, const std::string& why);  // it was made and is of no use
  bool sandbox_ended(Step& step);

  // A service has no connection to it any more. False: the pod waits for no such thing.
  bool endpoint_drained(Step& step, ServiceId service);

  // What happened; identities of runs that ended long ago change nothing.
  void started(Step& step, InstanceId instance, int pid);
  void start_failed(Step& step, InstanceId instance, const std::string& message);
  void exited(Step& step, InstanceId instance, ExitStatus status, std::optional<Usage> usage = {});
  void probe_finished(Step& step, ProbeRunId run, const ProbeOutcome& outcome);
  void notified(Step& step, InstanceId instance, const NotifyMessage& message);
  void notify_refused(Step& step, InstanceId instance, const std::string& why);
  void end_delay(Step& step);  // of liveness kills
  void connection_refused(Step& step);
  void restart_now(Step& step);
  void tick(Step& step);

  std::optional<Instant> deadline() const noexcept;

  // Asked to leave, and nothing of it is left.
  bool is_gone() const noexcept;

  PodId id() const noexcept { return identity_->id; }
  const PodIdentity& identity() const noexcept { return *identity_; }
  const ObjectMeta& metadata() const noexcept { return metadata_; }
  const std::shared_ptr<const PodSpec>& spec() const noexcept { return spec_; }
  const std::optional<ObjectRef>& owner() const noexcept { return owner_; }
  Instant created() const noexcept { return created_; }
  const std::string& pod_ip() const noexcept { return pod_ip_; }
  const std::vector<std::int32_t>& assigned_ports() const noexcept { return ports_; }
  Phase phase() const noexcept { return phase_; }
  std::string_view status_reason() const noexcept { return deadline_exceeded_ ? "DeadlineExceeded" : ""; }
  bool has_sandbox() const noexcept { return sandbox_.is_to_be_stopped(); }
  bool is_ready() const noexcept { return is_true(ConditionType::ready); }
  bool is_terminating() const noexcept { return removal_.has_value(); }
  std::optional<Instant> gone_by() const noexcept;  // Kubernetes' deletionTimestamp
  std::optional<Duration> removal_grace() const noexcept;

  // Two that are equal show the same status; the standing is the part that owners and services look at.
  std::size_t fingerprint() const noexcept;
  unsigned standing() const noexcept;
  Instant ready_since() const noexcept { return transitions_[static_cast<std::size_t>(ConditionType::ready)]; }

  // What it depends on and waits for: "deployment/db"; nothing once it may start.
  const std::vector<std::string>& waits_for() const noexcept { return waits_for_; }

  // Its endpoints take no new connection unless no other is ready.
  bool is_withdrawn() const noexcept { return leaving_ != nullptr || restart_ != nullptr; }
  // They take none at all: its programs have got their stop signals, or are about to.
  bool is_drained() const noexcept;
  // The steps of its leaving, or of its restart on request, so far.
  std::vector<LeavingRecord> leaving_steps() const;
  std::size_t services_waited_for() const noexcept;

  // A container of it is being stopped and will start again: its readiness is about to end.
  bool is_restarting() const noexcept;
  // A container of it waits for its liveness kill.
  bool waits_for_kill() const noexcept;

  // Active: it counts as a replica of its owner (pkg/controller/controller_utils.go).
  bool is_active() const noexcept { return !is_final(phase_) && !is_terminating(); }

  // The number of a port of one of its containers; nothing while it is still to be assigned.
  std::optional<std::int32_t> number_of(const ContainerPort& port) const noexcept;

  // The number that a service's targetPort means, or nothing: the pod has no port of that name.
  std::optional<std::int32_t> resolve(const PortRef& port) const;
  // The same among one container's ports, for its probes; digits in a name are a number, as in Kubernetes.
  std::optional<std::int32_t> resolve(const PortRef& port, const ContainerSpec& container) const;

  const std::vector<Container>& init_containers() const noexcept { return init_; }
  const std::vector<Container>& containers() const noexcept { return regular_; }
  std::vector<ContainerStatus> init_container_statuses() const;
  std::vector<ContainerStatus> container_statuses() const;
  std::vector<Condition> conditions() const;

  // The word of kubectl's STATUS column, and READY and RESTARTS (pkg/printers/internalversion/printers.go).
  std::string status_word() const;
  struct ReadyCount {
    int ready = 0;
    int total = 0;
  };
  ReadyCount ready_count() const;
  int restart_count() const;

 private:
  struct Removal {
    Instant gone_by;
    Duration grace{};
  };

  PodStep of(Step& step) const { return PodStep{step, *this, identity_, spec_}; }
  template <class Handler>
  void with(Step& step, Handler&& handler);
  template <class Handler>
  bool with_sandbox(Step& step, Handler&& handler);
  template <class Handler>
  void for_each(Handler&& handler) {
    for (Container& each : init_) handler(each);
    for (Container& each : regular_) handler(each);
  }
  void report(Step& step, EventType type, std::string_view reason, std::string message) const;
  std::vector<HostEntry> host_entries(const Step& step) const;
  void look_around(const Step& step);
  void tell_dependencies(Step& step) const;
  bool retry_sandbox(Step& step, const std::string& message);
  void make_sandbox(PodStep& step);
  void stop_sandbox(PodStep& step);
  void replace_sandbox(PodStep& step);
  void settle(PodStep& step);
  void start_containers(PodStep& step);
  bool run_init(PodStep& step);
  bool is_overdue(Instant now) const noexcept;
  void exceed_deadline(PodStep& step);
  enum class Drain { yes, no };
  void begin_leaving(Step& step, Instant kill_at, Drain drain);
  void begin_restart(PodStep& step);
  void drain(Step& step, Leaving& walk);
  void tick(PodStep& step, Leaving& walk) const;
  void follow(Instant now, Leaving& walk) const;
  void go_on_leaving(PodStep& step);
  void go_on_restarting(PodStep& step);
  Leaving* walk() const noexcept { return leaving_ ? leaving_.get() : restart_ ? &restart_->walk : nullptr; }
  void stop_in_order(PodStep& step, Instant kill_at);
  bool all_regular_ended() const noexcept;
  bool init_failed() const noexcept;
  bool any_live() const noexcept;
  void refresh(Instant now);
  Phase compute_phase() const;
  Phase settled_phase() const;
  void set(ConditionType type, bool status, Instant now) noexcept;
  bool is_true(ConditionType type) const noexcept { return conditions_[static_cast<std::size_t>(type)]; }
  std::string unready_message(std::string_view prefix) const;
  std::string_view waiting_reason() const noexcept;
  std::vector<std::string_view> unready_containers() const;
  std::vector<std::string_view> incomplete_containers() const;
  Condition describe(ConditionType type) const;

  std::shared_ptr<const PodIdentity> identity_;
  ObjectMeta metadata_;
  std::size_t relabelled_ = 0;  // how often
  std::shared_ptr<const PodSpec> spec_;
  std::optional<ObjectRef> owner_;
  Instant created_;
  std::string pod_ip_;
  Sandbox sandbox_;
  std::vector<std::int32_t> ports_;  // assigned: the init containers', then the containers'
  std::vector<Container> init_;
  std::vector<Container> regular_;
  std::optional<Removal> removal_;
  // The containers are to be started anew: those that still are of before.
  struct Restart {
    Leaving walk;
    InstanceId newest;
    bool is_asked = false;  // of all its containers
  };
  std::unique_ptr<Leaving> leaving_;  // everything of it is to be stopped for good
  std::unique_ptr<Restart> restart_;
  bool may_start_ = false;  // what it depends on was ready once
  std::vector<std::string> waits_for_;
  bool deadline_exceeded_ = false;
  bool abandoned_ = false;         // its sandbox ended, and its policy allows no second start
  bool initialized_ = false;       // in this sandbox
  bool initialized_once_ = false;  // in any
  Phase phase_ = Phase::pending;
  std::array<bool, condition_types> conditions_{};
  std::array<Instant, condition_types> transitions_{};
};

}  // namespace reeve
