#pragma once
// What a program does that only starts processes: the yardstick. Runs in a fork of the benchmark.

#include <string>
#include <vector>

namespace reeve::bench {

// Starts so many by fork and exec, then starts anew whatever ends.
[[noreturn]] void bare_loop(const std::vector<std::string>& argv, int count);

// The same with reeve's namespaces and mounts: each has an init of its own, which starts the program and waits for it.
[[noreturn]] void bare_loop_in_namespaces(const std::vector<std::string>& argv, int count);

// One program in these namespaces and in pid and mount namespaces of its own, with a hosts file: from its start until
// its init is collected.
void bare_container(const std::vector<std::string>& argv, const std::vector<int>& namespaces, const std::string& hosts);

}  // namespace reeve::bench
