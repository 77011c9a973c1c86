// Hooks: what is done right after a container's start and before its stop signal (pkg/kubelet/lifecycle/handlers.go).
#include <reeve/core/container.hpp>
#include <reeve/core/pod.hpp>

#include <algorithm>
#include <utility>

namespace reeve {
namespace {

bool is_over(const std::optional<Instant>& at, Instant now) { return at && *at <= now; }

}  // namespace

const LifecycleHandler* Container::handler(HookType type) const noexcept {
  if (!spec_->lifecycle) return nullptr;
  const auto& found = type == HookType::post_start ? spec_->lifecycle->post_start : spec_->lifecycle->pre_stop;
  return found ? &*found : nullptr;
}

std::optional<Instant> Container::Hook::deadline() const noexcept {
  if (sleeps_until && until) return std::min(*sleeps_until, *until);
  return sleeps_until ? sleeps_until : until;
}

void Container::begin_hook(PodStep& step, HookType type, std::optional<Instant> until) {
  const LifecycleHandler& what = *handler(type);
  hook_ = Hook{type, std::nullopt, std::nullopt, until};
  if (what.sleep) {
    hook_->sleeps_until = later(step.now, what.sleep->seconds);
    return tick_hook(step);
  }
  hook_->run = step.new_id<ProbeRunId>();
  StartHook start{*hook_->run, *live_instance(), step.spec, spec_, &what, {}, {}};
  if (what.http_get) {
    start.address = what.http_get->host.empty() ? host_ip : what.http_get->host;
    start.port = step.owner.resolve(what.http_get->port, *spec_);
  }
  step.want(std::move(start));
}

void Container::tick_hook(PodStep& step) {
  if (!hook_) return;
  if (is_over(hook_->sleeps_until, step.now)) return finish_hook(step, std::nullopt);
  if (!is_over(hook_->until, step.now)) return;
  if (hook_->run) step.want(CancelProbe{*hook_->run});
  finish_hook(step, "it had not ended when the grace period left it no more time");
}

void Container::finish_hook(PodStep& step, const std::optional<std::string>& failure) {
  const HookType type = std::exchange(hook_, std::nullopt)->type;
  if (type == HookType::pre_stop) {
    if (failure) report(step, EventType::warning, "FailedPreStopHook", "PreStopHook failed: " + *failure);
    if (const auto* stopping = std::get_if<Stopping>(&state_); stopping != nullptr && stopping->may_signal)
      signal(step);
    return;
  }
  if (!failure) return arm_probes(step);
  report(step, EventType::warning, "FailedPostStartHook", "PostStartHook failed: " + *failure);
  post_start_failure_ = *failure;
  if (leaving_ || suspended_) return;  // it is stopped anyway
  report(step, EventType::normal, "Killing", "FailedPostStartHook");
  begin_stop(step, later(step.now, step.spec->termination_grace_period), StopCause::hook);
}

void Container::end_hook(PodStep& step) {
  if (hook_ && hook_->run) step.want(CancelProbe{*hook_->run});
  hook_.reset();
}

bool Container::holds_up_others() const noexcept {
  if (handler(HookType::post_start) == nullptr) return false;
  return std::holds_alternative<Starting>(state_) || (hook_ && hook_->type == HookType::post_start);
}

}  // namespace reeve
