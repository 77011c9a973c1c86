#include <reeve/core/backoff.hpp>

#include <algorithm>

namespace reeve {

Instant Backoff::start_allowed_at(Instant ended, Instant now) const noexcept {
  if (!entry_ || expired(ended)) return now;
  return later(ended, entry_->delay);
}

void Backoff::count_start(Instant ended, Instant now) noexcept {
  if (!entry_ || expired(ended)) {
    entry_ = Entry{std::min(policy_->initial, policy_->max), now};
    return;
  }
  // Compared as floating point first: a large factor must not overflow the integer.
  const double grown = static_cast<double>(entry_->delay.count()) * policy_->factor;
  const bool capped = grown >= static_cast<double>(policy_->max.count());
  entry_ = Entry{capped ? policy_->max : Duration(static_cast<Duration::rep>(grown)), now};
}

std::optional<Duration> Backoff::delay() const noexcept {
  if (!entry_) return std::nullopt;
  return entry_->delay;
}

}  // namespace reeve
