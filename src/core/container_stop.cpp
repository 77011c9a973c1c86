// How a container is stopped: told, signalled, killed; for good, or to start anew.
#include <reeve/core/container.hpp>
#include <reeve/core/leaving.hpp>

#include <algorithm>
#include <utility>

namespace reeve {
namespace {

constexpr int stop_signal = 15;  // SIGTERM

}  // namespace

void Container::leave(PodStep& step) {
  if (std::exchange(leaving_, true)) return;
  kill_delayed_ = false;
  end_health_probes(step);
  if (is_backing_off() || awaits_sandbox()) state_ = Ended{};
}

void Container::announce_stop(PodStep& step) {
  if (std::exchange(announced_, true)) return;
  if (is_live() && !std::holds_alternative<Stopping>(state_)) {
    report(step, EventType::normal, "Killing", "Stopping container " + spec_->name);
  }
}

void Container::stop(PodStep& step, Instant kill_at) {
  announce_stop(step);
  if (!is_live()) return;
  if (auto* stopping = std::get_if<Stopping>(&state_)) {
    stopping->kill_at = std::min(stopping->kill_at, std::max(kill_at, stopping->signalled + shortest_grace));
    if (stopping->kill_at <= step.now) kill(step);
    return;
  }
  begin_stop(step, std::max(kill_at, step.now + shortest_grace), StopCause::pod);
  step.want(SignalContainer{*live_instance(), stop_signal});
}

void Container::begin_stop(PodStep& step, Instant kill_at, StopCause cause) {
  kill_delayed_ = false;
  Stopping stopping{*live_instance(), 0, std::nullopt, step.now, kill_at, cause, false};
  if (const auto* running = std::get_if<Running>(&state_)) {
    stopping.pid = running->pid;
    stopping.since = running->since;
  }
  state_ = stopping;
  end_health_probes(step);
}

// Readiness goes on: until its program is gone the container may still serve.
void Container::end_health_probes(PodStep& step) {
  for (ProbeWorker& each : probes_) {
    if (each.type() == ProbeType::readiness) continue;
    if (const auto run = each.in_flight()) step.want(CancelProbe{*run});
    each.hold();
  }
}

void Container::fail_probe(PodStep& step, const ProbeWorker& worker) {
  if (leaving_ || suspended_ || !std::holds_alternative<Running>(state_)) return;
  const bool again = role_ == Role::sidecar || policy(*step.spec) != RestartPolicy::never;
  std::string message = "Container " + spec_->name + " failed " +
                        (worker.type() == ProbeType::startup ? "startup" : "liveness") + " probe";
  if (again) message += ", will be restarted";
  const Duration grace = worker.spec().termination_grace_period.value_or(step.spec->termination_grace_period);
  report(step, EventType::normal, "Killing", std::move(message));
  begin_stop(step, later(step.now, std::max(grace, shortest_grace)), StopCause::probe);
  step.want(SignalContainer{*live_instance(), stop_signal});
}

void Container::kill(PodStep& step) {
  if (!is_live()) return;
  if (!std::holds_alternative<Stopping>(state_)) begin_stop(step, step.now, StopCause::pod);
  auto& stopping = std::get<Stopping>(state_);
  if (!std::exchange(stopping.killed, true)) step.want(KillContainer{stopping.instance});
}

void Container::restart_now(PodStep& step, Instant kill_at, InstanceId newest) {
  if (leaving_ || suspended_ || role_ == Role::init) return;
  if (is_backing_off()) return begin_instance(step, Counted::no);
  if (auto* stopping = std::get_if<Stopping>(&state_)) {
    stopping->cause = StopCause::human;
  } else if (is_live() && *live_instance() <= newest) {
    report(step, EventType::normal, "Killing", "Container " + spec_->name + " is restarted on request");
    begin_stop(step, std::max(kill_at, step.now + shortest_grace), StopCause::human);
    step.want(SignalContainer{*live_instance(), stop_signal});
  }
}

}  // namespace reeve
