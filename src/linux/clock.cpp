#include <reeve/linux/clock.hpp>

#include <sys/random.h>
#include <time.h>

#include <cerrno>

namespace reeve::linux {

Instant monotonic_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return Instant(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

std::chrono::system_clock::time_point wall_now() noexcept { return std::chrono::system_clock::now(); }

std::uint64_t entropy_seed() noexcept {
  std::uint64_t seed = 0;
  ssize_t got = 0;
  do {
    got = ::getrandom(&seed, sizeof seed, 0);
  } while (got < 0 && errno == EINTR);
  // Only a seccomp filter can refuse; then the clock must do, for names and choices are all that hang on it.
  if (got != static_cast<ssize_t>(sizeof seed)) {
    seed = static_cast<std::uint64_t>(monotonic_now().time_since_epoch().count());
  }
  return seed;
}

}  // namespace reeve::linux
