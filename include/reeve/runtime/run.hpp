#pragma once
// `reeve run`: reads the files, supervises until asked to stop.

#include <string>
#include <vector>

namespace reeve::runtime {

struct RunOptions {
  std::vector<std::string> files;
};

// Returns the exit code: 0 everything left in order, 1 reeve could not start, 2 the files have mistakes.
int run(const RunOptions& options);

}  // namespace reeve::runtime
