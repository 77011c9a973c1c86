#include <reeve/core/sandbox.hpp>

#include <algorithm>

namespace reeve {

namespace {
// A failure is told at once, so that without any wait the next try would never let the loop breathe.
constexpr Duration shortest_wait = seconds(1);
}  // namespace

bool Sandbox::is_due(Instant now) const noexcept {
  const auto* absent = std::get_if<Absent>(&state_);
  return absent != nullptr && absent->due <= now;
}

bool Sandbox::made() noexcept {
  if (!is_being_made()) return false;
  state_ = Standing{};
  return true;
}

// The first failure waits already: nothing about it is likely to have changed a moment later.
bool Sandbox::failed(Instant now) noexcept {
  if (!is_being_made()) return false;
  backoff_.count_start(now, now);
  state_ = Absent{std::max(backoff_.start_allowed_at(now, now), now + shortest_wait)};
  return true;
}

// As of a container that ended: the first time it is made again at once.
bool Sandbox::broke(Instant now, Instant kill_at) noexcept {
  if (!stands()) return false;
  state_ = Broken{kill_at, backoff_.start_allowed_at(now, now)};
  backoff_.count_start(now, now);
  return true;
}

void Sandbox::stopped() noexcept {
  const auto* broken = std::get_if<Broken>(&state_);
  state_ = broken != nullptr ? Absent{broken->due} : Absent{Instant::min()};
}

std::optional<Instant> Sandbox::deadline() const noexcept {
  const auto* absent = std::get_if<Absent>(&state_);
  if (absent == nullptr) return std::nullopt;
  return absent->due;
}

}  // namespace reeve
