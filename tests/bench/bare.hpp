#pragma once
// What a program does that only starts processes: the yardstick. Runs in a fork of the benchmark.

#include <string>
#include <vector>

namespace reeve::bench {

// Starts so many by fork and exec, then starts anew whatever ends.
[[noreturn]] void bare_loop(const std::vector<std::string>& argv, int count);

// The same with reeve's namespaces and mounts: each has an init of its own, which starts the program and waits for it.
[[noreturn]] void bare_loop_in_namespaces(const std::vector<std::string>& argv, int count);

}  // namespace reeve::bench
