#pragma once
// `reeve run`: reads the files, supervises until asked to stop.

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace reeve::runtime {

class Host;

struct RunOptions {
  std::vector<std::string> files;
  // Called once the supervisor runs; what it returns lives until everything has left.
  std::function<std::shared_ptr<void>(Host&)> attach;
};

// Returns the exit code: 0 everything left in order, 1 reeve could not start, 2 the files have mistakes.
int run(const RunOptions& options);

}  // namespace reeve::runtime
