#pragma once
// How a new child makes itself at home. Only system calls on memory prepared before the clone.

#include "linux/launch_plan.hpp"

#include <sys/types.h>

#include <span>

namespace reeve::linux {

// A step that failed. Texts belong to the launch plan; detail may be null.
struct SetupFailure {
  const char* what = nullptr;
  const char* detail = nullptr;  // follows what
  int code = 0;
  Remedy remedy = Remedy::none;

  explicit operator bool() const noexcept { return what != nullptr; }
};

// Where a tiny init keeps its descriptors; 0, 1 and 2 are /dev/null, everything above is closed.
constexpr int init_control_fd = 3;
constexpr int init_stdin_fd = 4;
constexpr int init_stdout_fd = 5;
constexpr int init_stderr_fd = 6;
// Then the notify socket and what is passed to the leader, where there is any.
constexpr int init_notify_fd = 7;

// Lets go of everything we inherited but what is wanted, which takes the numbers from 3 on; -1 is /dev/null.
constexpr std::size_t wanted_max = 5 + ProcessSpec::passed_fds_max;
SetupFailure take_descriptors(std::span<const int> wanted) noexcept;

// Where the tiny init has the first of those that are passed to the leader.
int first_passed_fd(const LaunchPlan& plan) noexcept;

// Closes every descriptor from this number on.
void close_from(int first) noexcept;

// Enters namespaces that exist, in order.
SetupFailure enter_namespaces(const LaunchPlan& plan) noexcept;

// Writes a text into a file that is there; returns errno.
int write_text(const char* path, const char* text) noexcept;

// Every signal as at boot, whatever handlers and ignored signals we inherited.
void reset_dispositions() noexcept;

// Performs the plan's steps, in order, up to the first that fails.
SetupFailure perform_steps(const LaunchPlan& plan) noexcept;

// The leader's own part, ending in execve; it returns only if it failed. It shares memory with the tiny init.
SetupFailure become_leader(const LaunchPlan& plan, mode_t umask_wanted) noexcept;

}  // namespace reeve::linux
