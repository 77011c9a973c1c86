#pragma once
// Starts the one command of an init, as if there were no init.

#include <reeve/linux/init.hpp>

#include <signal.h>
#include <sys/types.h>

#include <cstdint>
#include <string>

namespace reeve::linux {

// What the init had before it made itself at home, and the command is to have again.
struct Inherited {
  std::uint64_t signal_mask = 0;
  struct sigaction child_ended {};
};

// A command that runs, or an exit code and why.
struct StartedCommand {
  pid_t pid = 0;
  int exit_code = 0;
  std::string error;
};

enum class Foreground { keep, give };

// Starts it in a process group of its own, which becomes the foreground of the terminal that is our standard input.
// Sockets that were passed to us (LISTEN_FDS) are passed on. Returns once it is executing.
StartedCommand start_command(const InitOptions& options, const Inherited& inherited, Foreground foreground);

}  // namespace reeve::linux
