#pragma once
// A transparent init for one command, as PID 1 of a container or as a subreaper. Its ways are those of krallin/tini.

#include <reeve/core/time.hpp>

#include <bitset>
#include <string>
#include <vector>

namespace reeve::linux {

struct InitOptions {
  std::vector<std::string> command;  // at least its name, which is looked up in PATH
  bool becomes_subreaper = false;
  bool signals_group = false;      // forward to the command's whole process group
  std::bitset<256> codes_to_0;     // exit codes of the command that are told as 0
  int parent_death_signal = 0;     // what the command gets when our parent ends; 0 is nothing
  bool keeps_descriptors = false;  // give the command every descriptor we have
  bool leaves_descendants = false;
  Duration grace{};   // between SIGTERM and SIGKILL for what the command leaves behind
  int verbosity = 1;  // 0 errors only, 1 warnings, 2 what happens, 3 every signal
  bool tells_reaped = false;
};

constexpr int exit_not_runnable = 126;
constexpr int exit_not_found = 127;

// Runs the command to its end and then, as PID 1 or subreaper, ends what it left behind. Returns the command's exit
// code, 128 + n after signal n; 126 or 127 where it could not be executed, and 1 where nothing could be started, told
// on stderr. Every signal stays blocked: the caller is to exit.
int run_init(const InitOptions& options);

}  // namespace reeve::linux
