#pragma once
// What a process tree uses, as /proc tells it.

#include <reeve/core/time.hpp>

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace reeve::linux {

struct TreeUse {
  std::vector<pid_t> pids;          // without the root
  Duration cpu{};                   // user and system, of those that ended too
  std::int64_t resident_bytes = 0;  // summed over the processes, so shared pages count for each
};

// Everything below a root; what cannot be read has just ended and counts as nothing.
TreeUse use_of_tree(pid_t root);

}  // namespace reeve::linux
