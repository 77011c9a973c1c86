#pragma once
// What only the kernel knows: the time, and chance.

#include <reeve/core/time.hpp>

#include <chrono>
#include <cstdint>

namespace reeve::linux {

// CLOCK_MONOTONIC: for everything that waits or measures.
Instant monotonic_now() noexcept;

// The time of day: for what people read, never for deciding.
std::chrono::system_clock::time_point wall_now() noexcept;

// A seed nobody can guess.
std::uint64_t entropy_seed() noexcept;

}  // namespace reeve::linux
