#pragma once
// A command that runs beside a container, in its namespaces: what `exec` starts.

#include <reeve/linux/process.hpp>

#include <sys/types.h>

#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace reeve::runtime {

struct CommandSpec {
  std::vector<std::string> argv;
  bool has_terminal = false;  // stdin_fd is one, and it becomes the command's
  int stdin_fd = -1;          // borrowed until the call returns, as the others are; -1: /dev/null
  int stdout_fd = -1;
  int stderr_fd = -1;
};

// How it went, once nothing of its tree is left.
using CommandEnd = std::variant<linux::ProcessStartFailed, linux::ProcessEnded>;

struct CommandEvents {
  std::function<void(pid_t leader)> started;
  std::function<void(const CommandEnd& end)> ended;  // once; the command may be destroyed inside
};

// Ends the whole tree of the command when it goes; no event comes after that.
class Command {
 public:
  virtual ~Command() = default;
};

}  // namespace reeve::runtime
