#pragma once
// Job control for a command that an init stands before: the terminal goes to the command and comes back, and when the
// command stops, the shell above us sees its job stop.

#include <sys/types.h>

namespace reeve::linux {

enum class Stopping { ourselves, our_group };

// Stops as the kernel stops a program at Ctrl-Z, until somebody continues us. False when the kernel lets nobody wait
// for that: a group without a shell above it does not stop, nor does PID 1. Every other signal stays blocked.
bool stop_until_continued(Stopping whom) noexcept;

// The terminal that is our standard input, once it was given to the command.
class JobTerminal {
 public:
  // Whether we are its foreground, and so may give it away. A background job must not take it.
  static bool is_ours() noexcept;

  void given_to(pid_t command_group) noexcept { command_group_ = command_group; }
  bool is_given() const noexcept { return command_group_ > 0; }

  // Gives it to the command again after the shell gave it to us. False: the shell did not.
  bool give_again() noexcept;

  // Takes it back from a command that has ended, for whoever goes on after us.
  void take_back() noexcept;

 private:
  pid_t command_group_ = 0;
};

}  // namespace reeve::linux
