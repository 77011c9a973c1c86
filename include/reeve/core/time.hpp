#pragma once
// Time as the core knows it: told, never read.

#include <chrono>
#include <cstdint>
#include <string>

namespace reeve {

using Duration = std::chrono::nanoseconds;

// The monotonic time line of one supervisor. The shell reads CLOCK_MONOTONIC; tests add to a number.
struct Timeline {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Timeline>;
  static constexpr bool is_steady = true;
};
using Instant = Timeline::time_point;

constexpr Duration seconds(std::int64_t count) noexcept { return std::chrono::seconds(count); }
constexpr Duration milliseconds(std::int64_t count) noexcept { return std::chrono::milliseconds(count); }
constexpr std::int64_t whole_seconds(Duration duration) noexcept {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

// `at` and `by` after it; the end of the time line where that is out of reach, so that a huge wait is a long one.
constexpr Instant later(Instant at, Duration by) noexcept {
  if (by > Duration{0} && Instant::max() - by < at) return Instant::max();
  return at + by;
}

// As Go prints a duration: "10s", "1m20s", "250ms". Kubernetes' messages carry these.
std::string go_duration(Duration duration);

// As kubectl prints an age: "119s", "3m10s", "2d1h" (apimachinery/pkg/util/duration/duration.go).
std::string human_duration(Duration duration);

}  // namespace reeve
