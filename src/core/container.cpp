#include <reeve/core/container.hpp>
#include <reeve/core/environment.hpp>
#include <reeve/core/pod.hpp>
#include <reeve/core/service.hpp>

#include <algorithm>
#include <array>

namespace reeve {
namespace {

constexpr int start_error_code = 128;  // as containerd reports a program that could not be executed

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

void aim(StartProbe&, const ExecAction&, const Pod&) {}

// A port goes by its own name where the service has several (systemd: FileDescriptorName).
std::vector<PassedPort> sockets_for(const ContainerSpec& container, const PodIdentity& pod,
                                    const Surroundings& around) {
  std::vector<PassedPort> sockets;
  for (const std::string& name : container.pass_sockets) {
    const Service* const service = around.find_service({Kind::service, pod.name_space, name});
    if (service == nullptr || !hands_over_sockets(service->object().spec)) {
      sockets.push_back({name, name, std::nullopt});
      continue;
    }
    const std::vector<ServicePort>& ports = service->object().spec.ports;
    for (std::size_t i = 0; i < ports.size(); ++i) {
      sockets.push_back({name, ports.size() == 1 ? name : ports[i].name, service->ids()[i]});
    }
  }
  return sockets;
}

template <class NetworkAction>
void aim(StartProbe& probe, const NetworkAction& action, const Pod& pod) {
  probe.address = action.host.empty() ? host_ip : action.host;
  probe.port = pod.resolve(action.port, *probe.container);
}

}  // namespace

Container::Container(const ContainerSpec& spec, Role role, const PodSpec& pod)
    : spec_(&spec), role_(role), backoff_(pod.restart_backoff) {
  if (spec.startup_probe) probes_.emplace_back(ProbeType::startup, *spec.startup_probe);
  if (spec.readiness_probe) probes_.emplace_back(ProbeType::readiness, *spec.readiness_probe);
  if (spec.liveness_probe) probes_.emplace_back(ProbeType::liveness, *spec.liveness_probe);
}

void Container::start(PodStep& step) {
  if (!never_ran() || leaving_ || suspended_) return;
  newest_ ? restart_when_allowed(step) : begin_instance(step);
}

void Container::suspend() noexcept {
  suspended_ = true;
  if (is_backing_off()) state_ = NeverRun{};
}

void Container::renew() noexcept {
  suspended_ = false;
  if (role_ != Role::regular && has_ended()) state_ = NeverRun{};
}

void Container::begin_instance(PodStep& step, Counted counted) {
  if (previous_) step.want(ForgetInstance{previous_->instance});
  previous_.reset();
  if (newest_ && counted == Counted::yes) restart_count_ += 1;
  post_start_failure_.clear();
  announced_ = false;
  said_ = {};
  const InstanceId instance = step.new_id<InstanceId>();
  state_ = Starting{instance};
  if (!spec_->image.empty()) {
    report(step, EventType::normal, "Pulled",
           "Container image " + quoted(spec_->image) + " already present on machine and can be accessed by the pod");
  }
  report(step, EventType::normal, "Created", "Container created");
  step.want(StartContainer{instance, step.pod, step.spec, spec_, environment_of(*spec_, step.owner, step.around),
                           sockets_for(*spec_, *step.pod, step.around)});
}

bool Container::started(PodStep& step, InstanceId instance, int pid) {
  if (auto* stopping = std::get_if<Stopping>(&state_);
      stopping != nullptr && stopping->instance == instance && !stopping->since) {
    stopping->pid = pid;
    stopping->since = step.now;
    return true;
  }
  const auto* starting = std::get_if<Starting>(&state_);
  if (starting == nullptr || starting->instance != instance) return false;
  state_ = Running{instance, pid, step.now};
  report(step, EventType::normal, "Started", "Container started");
  for (ProbeWorker& each : probes_) each.container_started();
  handler(HookType::post_start) != nullptr ? begin_hook(step, HookType::post_start, std::nullopt) : arm_probes(step);
  return true;
}

void Container::arm_probes(PodStep& step) {
  if (ProbeWorker* startup = worker(ProbeType::startup)) {
    if (!leaving_) startup->arm(std::get<Running>(state_).since, step.now);
    take_in_state(step);
  } else {
    become_started(step);
  }
  run_due_probes(step);
}

// Readiness is asked at once, liveness at its next tick (prober_manager.go).
void Container::become_started(PodStep& step) {
  started_ = true;
  const auto* running = std::get_if<Running>(&state_);
  if (running == nullptr) return;
  for (const ProbeType type : {ProbeType::readiness, ProbeType::liveness}) {
    if (leaving_ && type == ProbeType::liveness) continue;
    if (ProbeWorker* each = worker(type)) each->arm(running->since, step.now);
  }
  take_in_state(step);
}

bool Container::start_failed(PodStep& step, InstanceId instance, const std::string& message) {
  if (live_instance() != instance) return false;
  report(step, EventType::warning, "Failed", "Error: " + message);
  const auto previous_end = newest_ ? std::optional(newest_->finished_at) : std::nullopt;
  end_probes(step);
  record_end({instance, reason::start_error, message, start_error_code, 0, step.now, step.now});
  settle_end(step, false, previous_end);
  return true;
}

bool Container::exited(PodStep& step, InstanceId instance, ExitStatus status, std::optional<Usage> usage) {
  if (live_instance() != instance) return false;
  const auto* running = std::get_if<Running>(&state_);
  const auto* stopping = std::get_if<Stopping>(&state_);
  const bool by_probe = stopping != nullptr && stopping->cause == StopCause::probe;
  const bool by_human = stopping != nullptr && stopping->cause == StopCause::human;
  Instant since = step.now;
  if (running != nullptr) since = running->since;
  if (stopping != nullptr) since = stopping->since.value_or(step.now);
  const auto previous_end = newest_ ? std::optional(newest_->finished_at) : std::nullopt;
  const int code = exit_code_of(status);
  end_probes(step);
  record_end(
      {instance, code == 0 ? reason::completed : reason::error, {}, code, status.signal, since, step.now, usage});
  if (by_human && !leaving_ && !suspended_) {
    begin_instance(step, Counted::no);
  } else {
    settle_end(step, by_probe, previous_end);
  }
  return true;
}

void Container::record_end(StateTerminated end) {
  previous_ = std::move(newest_);
  newest_ = std::move(end);
  started_ = false;
  kill_delayed_ = false;
}

// A probe's kill and the new start are decided together, seeing the ends that were known before the kill; only a start
// that is held back is judged again by its own end (kubernetes reference, section 6.5).
void Container::settle_end(PodStep& step, bool killed_by_probe, std::optional<Instant> previous_end) {
  if (leaving_) {
    state_ = Ended{};
    return;
  }
  if (suspended_) {
    const bool rests = role_ == Role::regular && !restarts_after(newest_->exit_code, *step.spec);
    rests ? void(state_ = Ended{}) : void(state_ = NeverRun{});
    return;
  }
  const bool forced = killed_by_probe && (role_ == Role::sidecar || policy(*step.spec) != RestartPolicy::never);
  if (forced && (!previous_end || backoff_.start_allowed_at(*previous_end, step.now) <= step.now)) {
    restart(step, previous_end);
  } else if (restarts_after(newest_->exit_code, *step.spec)) {
    restart_when_allowed(step);
  } else {
    state_ = Ended{};
  }
}

void Container::restart(PodStep& step, std::optional<Instant> newest_end) {
  if (newest_end) backoff_.count_start(*newest_end, step.now);
  begin_instance(step);
}

void Container::restart_when_allowed(PodStep& step) {
  const Instant allowed = backoff_.start_allowed_at(newest_->finished_at, step.now);
  if (allowed <= step.now) {
    restart(step, newest_->finished_at);
    return;
  }
  state_ = BackingOff{allowed};
  report(step, EventType::warning, "BackOff",
         "Back-off restarting failed container " + spec_->name + " in pod " + step.pod->name + "_" +
             step.pod->name_space + "(" + step.pod->uid + ")");
}

void Container::forget(Step& step) const {
  if (newest_) step.want(ForgetInstance{newest_->instance});
  if (previous_) step.want(ForgetInstance{previous_->instance});
}

void Container::tick(PodStep& step) {
  if (const auto* stopping = std::get_if<Stopping>(&state_);
      stopping != nullptr && stopping->signalled && stopping->end() <= step.now) {
    kill(step);
  }
  if (const auto* waiting = std::get_if<BackingOff>(&state_); waiting != nullptr && waiting->until <= step.now) {
    restart(step, newest_->finished_at);
  }
  tick_hook(step);
  for (ProbeWorker& each : probes_) {
    if (const auto run = each.time_out(step.now)) step.want(AbortProbe{*run});
  }
  hear_silence(step);
  run_due_probes(step);
}

void Container::run_due_probes(PodStep& step) {
  const auto instance = live_instance();
  if (!instance) return;
  for (ProbeWorker& each : probes_) {
    if (!each.is_due(step.now)) continue;
    const ProbeRunId run = step.new_id<ProbeRunId>();
    each.begin(run, step.now);
    StartProbe start{run, *instance, step.spec, spec_, &each.spec(), each.type(), {}, {}};
    std::visit([&](const auto* action) { aim(start, *action, step.owner); }, handler_of(each.spec()));
    step.want(std::move(start));
  }
}

void Container::end_probes(PodStep& step) {
  end_hook(step);
  for (ProbeWorker& each : probes_) {
    if (const auto run = each.in_flight()) step.want(CancelProbe{*run});
    each.hold();
  }
}

bool Container::probe_finished(PodStep& step, ProbeRunId run, const ProbeOutcome& outcome) {
  if (hook_ && hook_->run == run) {
    const bool succeeded = outcome.result == ProbeResult::success || outcome.result == ProbeResult::warning;
    finish_hook(step, succeeded ? std::nullopt : std::optional(outcome.text));
    return true;
  }
  const auto found = std::ranges::find_if(probes_, [&](const ProbeWorker& each) { return each.in_flight() == run; });
  if (found == probes_.end()) return false;
  found->remember(outcome, step.now);
  const auto judgement = found->finish(outcome.result, step.now);
  report_outcome(step, *found, outcome, judgement.thrown_away);
  judge(step, *found, judgement.verdict);
  run_due_probes(step);
  return true;
}

void Container::judge(PodStep& step, ProbeWorker& worker, ProbeWorker::Verdict verdict) {
  using Verdict = ProbeWorker::Verdict;
  if (worker.type() == ProbeType::liveness) return judge_liveness(step, worker, verdict);
  if (worker.type() != ProbeType::startup) return;
  if (verdict == Verdict::success) become_started(step);
  if (verdict == Verdict::failure) fail_probe(step, worker);
}

void Container::report_outcome(PodStep& step, const ProbeWorker& worker, const ProbeOutcome& outcome,
                               bool thrown_away) {
  const std::string name(probe_type_name(worker.type()));
  if (outcome.result == ProbeResult::warning) {
    report(step, EventType::warning, "ProbeWarning", name + " probe warning: " + outcome.text);
  } else if (outcome.result == ProbeResult::failure) {
    report(step, EventType::warning, "Unhealthy", name + " probe failed: " + outcome.text);
  } else if (thrown_away && std::holds_alternative<Running>(state_)) {  // one that leaves may well not answer
    report(step, EventType::warning, "Unhealthy",
           name + " probe errored and resulted in unknown state: " + outcome.text);
  }
}

void Container::connection_refused(PodStep& step) {
  if (ProbeWorker* readiness = worker(ProbeType::readiness)) readiness->trigger(step.now);
  run_due_probes(step);
}

std::optional<Instant> Container::deadline() const noexcept {
  std::optional<Instant> earliest;
  const auto consider = [&](std::optional<Instant> at) {
    if (at && (!earliest || *at < *earliest)) earliest = at;
  };
  if (const auto* stopping = std::get_if<Stopping>(&state_);
      stopping != nullptr && stopping->signalled && !stopping->killed) {
    consider(stopping->end());
  }
  if (const auto* waiting = std::get_if<BackingOff>(&state_)) consider(waiting->until);
  if (hook_) consider(hook_->deadline());
  for (const ProbeWorker& each : probes_) consider(each.deadline());
  return earliest;
}

std::optional<InstanceId> Container::live_instance() const noexcept {
  if (const auto* starting = std::get_if<Starting>(&state_)) return starting->instance;
  if (const auto* running = std::get_if<Running>(&state_)) return running->instance;
  if (const auto* stopping = std::get_if<Stopping>(&state_)) return stopping->instance;
  return std::nullopt;
}

bool Container::is_running() const noexcept {
  const auto* stopping = std::get_if<Stopping>(&state_);
  return std::holds_alternative<Running>(state_) || (stopping != nullptr && stopping->since);
}

bool Container::is_ready() const noexcept {
  if (role_ == Role::init) return succeeded();
  if (!is_running() || !started_) return false;
  const ProbeWorker* readiness = worker(ProbeType::readiness);
  return readiness == nullptr || readiness->passed();
}

RestartPolicy Container::policy(const PodSpec& pod) const noexcept {
  return spec_->restart_policy.value_or(pod.restart_policy);
}

bool Container::restarts_after(int exit_code, const PodSpec& pod) const noexcept {
  switch (role_) {
    case Role::sidecar:
      return true;
    case Role::init:
      return exit_code != 0 && policy(pod) != RestartPolicy::never;
    case Role::regular:
      break;
  }
  switch (policy(pod)) {
    case RestartPolicy::always:
      return true;
    case RestartPolicy::on_failure:
      return exit_code != 0;
    case RestartPolicy::never:
      break;
  }
  return false;
}

ProbeWorker* Container::worker(ProbeType type) noexcept {
  const auto found = std::ranges::find(probes_, type, &ProbeWorker::type);
  return found == probes_.end() ? nullptr : &*found;
}

const ProbeWorker* Container::worker(ProbeType type) const noexcept {
  const auto found = std::ranges::find(probes_, type, &ProbeWorker::type);
  return found == probes_.end() ? nullptr : &*found;
}

void Container::report(PodStep& step, EventType type, std::string_view why, std::string message) const {
  const std::string list = role_ == Role::regular ? "spec.containers{" : "spec.initContainers{";
  step.report({.object = {Kind::pod, step.pod->name_space, step.pod->name},
               .field_path = list + spec_->name + "}",
               .type = type,
               .reason = why,
               .message = std::move(message),
               .source = source::kubelet});
}

}  // namespace reeve
