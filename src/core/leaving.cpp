#include <reeve/core/leaving.hpp>
#include <reeve/core/step.hpp>

#include <algorithm>
#include <array>

namespace reeve {
namespace {

// A worker that is stuck keeps no pod for longer.
constexpr Duration cut_within = seconds(1);

Instant last_signal(Instant now, Instant kill_at) noexcept { return std::max(now, kill_at - shortest_grace); }

}  // namespace

std::string_view leaving_step_name(LeavingStep step) noexcept {
  constexpr std::array<std::string_view, 6> names{"drain", "cut", "preStop", "stop", "kill", "gone"};
  return names[static_cast<std::size_t>(step)];
}

void Leaving::drain(Step& step, PodId pod, const std::vector<ServiceId>& services, Duration at_most) {
  if (services.empty()) return;
  const Instant until = std::min(later(step.now, at_most), last_signal(step.now, kill_at_));
  state_ = Draining{until};
  services_ = {services.begin(), services.end()};
  steps_.push_back({LeavingStep::drain, step.now});
  for (const ServiceId each : services) step.want(DrainEndpoint{each, pod});
}

bool Leaving::drained(ServiceId service) noexcept {
  if (is_released() || services_.erase(service) == 0) return false;
  if (services_.empty()) release();
  return true;
}

Leaving::TimeUp Leaving::tick(Step& step, PodId pod) {
  if (const auto* draining = std::get_if<Draining>(&state_); draining != nullptr && draining->until <= step.now) {
    for (const ServiceId each : services_) step.want(CutEndpoint{each, pod});
    state_ = Cutting{step.now + cut_within};
    steps_.push_back({LeavingStep::cut, step.now});
    return TimeUp::drain;
  }
  if (const auto* cutting = std::get_if<Cutting>(&state_); cutting != nullptr && cutting->until <= step.now) {
    release();
    return TimeUp::cut;
  }
  return TimeUp::none;
}

void Leaving::set_kill_at(Instant now, Instant kill_at) noexcept {
  kill_at_ = kill_at;
  if (auto* draining = std::get_if<Draining>(&state_)) {
    draining->until = std::min(draining->until, last_signal(now, kill_at));
  }
}

void Leaving::release() noexcept {
  if (!is_released()) state_ = PreStopping{};
}

void Leaving::reach(LeavingStep step, Instant now) {
  if (!steps_.empty() && steps_.back().step >= step) return;
  steps_.push_back({step, now});
  switch (step) {
    case LeavingStep::drain:
    case LeavingStep::cut:
    case LeavingStep::pre_stop:
      return release();
    case LeavingStep::stop:
      return void(state_ = Stopping{});
    case LeavingStep::kill:
      return void(state_ = Killing{});
    case LeavingStep::gone:
      return void(state_ = Gone{});
  }
}

std::optional<Instant> Leaving::deadline() const noexcept {
  if (const auto* draining = std::get_if<Draining>(&state_)) return draining->until;
  if (const auto* cutting = std::get_if<Cutting>(&state_)) return cutting->until;
  return std::nullopt;
}

}  // namespace reeve
