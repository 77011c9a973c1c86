#pragma once
// The process between reeve and a leader: it reaps, forwards signals, and ends the tree when anything ends.

#include "linux/launch_plan.hpp"

namespace reeve::linux {

// What a cloned child does, all signals still blocked. Never returns, allocates nothing, takes no lock.
[[noreturn]] void run_tiny_init(const LaunchPlan& plan) noexcept;

}  // namespace reeve::linux
