#include "linux/clone.hpp"

#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace reeve::linux {
namespace {

// The oldest call that gives a pidfd (Linux 5.2): it comes through the parent_tid argument. The arguments after it are
// zero, so their order, which differs between machines, does not matter.
pid_t clone_old(std::uint64_t flags, int exit_signal, int* pidfd) noexcept {
  const auto all = static_cast<unsigned long>(flags) | static_cast<unsigned long>(exit_signal);
  return static_cast<pid_t>(::syscall(SYS_clone, all, 0UL, pidfd, 0UL, 0UL));
}

pid_t clone_new(std::uint64_t flags, int exit_signal, int* pidfd) noexcept {
  clone_args arguments{};
  arguments.flags = flags;
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(pidfd);
  arguments.exit_signal = static_cast<std::uint64_t>(exit_signal);
  return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
}

}  // namespace

Cloned clone_process(std::uint64_t flags, int exit_signal) noexcept {
  Cloned cloned;
  flags |= CLONE_PIDFD;
  cloned.pid = clone_new(flags, exit_signal, &cloned.pidfd);
  // Container runtimes hide clone3, whose flags their seccomp filters cannot see.
  if (cloned.pid < 0 && errno == ENOSYS) cloned.pid = clone_old(flags, exit_signal, &cloned.pidfd);
  if (cloned.pid < 0) cloned.code = errno;
  return cloned;
}

SignalsBlocked::SignalsBlocked() noexcept : before_(set_signal_mask(~std::uint64_t{0})) {}

SignalsBlocked::~SignalsBlocked() { set_signal_mask(before_); }

std::uint64_t set_signal_mask(std::uint64_t mask) noexcept {
  std::uint64_t before = 0;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, &before, sizeof mask);
  return before;
}

}  // namespace reeve::linux
