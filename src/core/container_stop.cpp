// How a container is stopped: told, its preStop hook, signalled, killed; for good, or to start anew.
#include <reeve/core/container.hpp>
#include <reeve/core/leaving.hpp>
#include <reeve/core/signal_names.hpp>

#include <algorithm>
#include <utility>

namespace reeve {
namespace {

constexpr std::string_view default_stop_signal = "SIGTERM";

int stop_signal_of(const ContainerSpec& spec) {
  const bool is_written = spec.lifecycle && !spec.lifecycle->stop_signal.empty();
  return signal_number(is_written ? spec.lifecycle->stop_signal : default_stop_signal).value_or(0);
}

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

void Container::begin_pre_stop(PodStep& step, Instant kill_at) {
  announce_stop(step);
  if (auto* stopping = std::get_if<Stopping>(&state_); stopping != nullptr && !stopping->may_signal) {
    return shorten_stop(step, *stopping, kill_at);
  }
  if (!std::holds_alternative<Running>(state_) || handler(HookType::pre_stop) == nullptr) return;
  enter_stop(step, kill_at, StopCause::pod, Signal::when_told);
  begin_pre_stop_hook(step, std::get<Stopping>(state_));
}

void Container::stop(PodStep& step, Instant kill_at) {
  announce_stop(step);
  if (!is_live()) return;
  auto* const stopping = std::get_if<Stopping>(&state_);
  if (stopping == nullptr) return begin_stop(step, kill_at, StopCause::pod);
  stopping->may_signal = true;
  shorten_stop(step, *stopping, kill_at);
}

void Container::begin_stop(PodStep& step, Instant kill_at, StopCause cause) {
  enter_stop(step, kill_at, cause, Signal::when_hook_ended);
  begin_pre_stop_hook(step, std::get<Stopping>(state_));
  if (!hook_) signal(step);
}

void Container::enter_stop(PodStep& step, Instant kill_at, StopCause cause, Signal when) {
  kill_delayed_ = false;
  end_hook(step);
  Stopping stopping{
      *live_instance(), 0, std::nullopt, std::nullopt, kill_at, cause, when == Signal::when_hook_ended, false};
  if (const auto* running = std::get_if<Running>(&state_)) {
    stopping.pid = running->pid;
    stopping.since = running->since;
  }
  state_ = stopping;
  end_health_probes(step);
}

void Container::begin_pre_stop_hook(PodStep& step, Stopping& stopping) {
  const bool has_one = stopping.since && handler(HookType::pre_stop) != nullptr;
  if (!has_one || stopping.kill_at <= step.now) return;
  const Instant until = stopping.kill_at - shortest_grace;
  if (step.now < until) return begin_hook(step, HookType::pre_stop, until);
  report(step, EventType::warning, "FailedPreStopHook", "PreStopHook failed: the grace period leaves it no time");
}

// What is left of its time; a hook has none of the signal's.
void Container::shorten_stop(PodStep& step, Stopping& stopping, Instant kill_at) {
  if (stopping.signalled) {
    const Instant wanted = std::max(kill_at, *stopping.signalled + shortest_grace);
    if (wanted < stopping.kill_at) {
      stopping.kill_at = wanted;
      stopping.extended.reset();  // whoever shortens the grace period means it
    }
    if (stopping.end() <= step.now) kill(step);
    return;
  }
  stopping.kill_at = std::min(stopping.kill_at, kill_at);
  if (hook_) {
    hook_->until = stopping.kill_at - shortest_grace;
    tick_hook(step);
  } else if (stopping.may_signal && !stopping.killed) {
    signal(step);
  }
}

void Container::signal(PodStep& step) {
  auto& stopping = std::get<Stopping>(state_);
  stopping.signalled = step.now;
  stopping.kill_at = std::max(stopping.kill_at, step.now + shortest_grace);
  step.want(SignalContainer{stopping.instance, stop_signal_of(*spec_)});
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
  begin_stop(step, later(step.now, grace), StopCause::probe);
}

void Container::kill(PodStep& step) {
  if (!is_live()) return;
  if (!std::holds_alternative<Stopping>(state_)) enter_stop(step, step.now, StopCause::pod, Signal::when_told);
  end_hook(step);
  auto& stopping = std::get<Stopping>(state_);
  if (!std::exchange(stopping.killed, true)) step.want(KillContainer{stopping.instance});
}

void Container::restart_now(PodStep& step, Instant kill_at, InstanceId newest) {
  if (leaving_ || suspended_ || role_ == Role::init) return;
  if (is_backing_off()) return begin_instance(step, Counted::no);
  if (!is_live() || newest < *live_instance()) return;
  if (auto* stopping = std::get_if<Stopping>(&state_)) {
    stopping->cause = StopCause::human;
  } else {
    report(step, EventType::normal, "Killing", "Container " + spec_->name + " is restarted on request");
    begin_stop(step, kill_at, StopCause::human);
  }
}

bool Container::is_in_pre_stop() const noexcept { return hook_ && hook_->type == HookType::pre_stop; }

bool Container::is_signalled() const noexcept {
  const auto* stopping = std::get_if<Stopping>(&state_);
  return stopping != nullptr && stopping->signalled;
}

bool Container::is_killed() const noexcept {
  const auto* stopping = std::get_if<Stopping>(&state_);
  return stopping != nullptr && stopping->killed;
}

}  // namespace reeve
