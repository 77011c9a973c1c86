#pragma once
// clone3 where the kernel and its filters allow it, else clone; both with a pidfd.

#include <sys/types.h>

#include <cstdint>

namespace reeve::linux {

// In the child pid is 0; on failure it is -1 and code says why.
struct Cloned {
  pid_t pid = -1;
  int pidfd = -1;
  int code = 0;
};

// Forks with these CLONE_ flags and CLONE_PIDFD. Takes no lock and runs no fork handler, so the child may only make
// system calls on memory prepared before. exit_signal is 0 with CLONE_PARENT.
Cloned clone_process(std::uint64_t flags, int exit_signal) noexcept;

// Blocks every signal, also those the C library keeps for itself, so that no handler of ours runs in a new child.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept;
  ~SignalsBlocked();
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  std::uint64_t before_ = 0;
};

// Sets this thread's mask as the kernel knows it: bit n - 1 stands for signal n. Returns the one before.
std::uint64_t set_signal_mask(std::uint64_t mask) noexcept;

}  // namespace reeve::linux
