#pragma once
// Processes that an earlier supervisor left behind, known by what their environment says.

#include <reeve/core/result.hpp>
#include <reeve/core/time.hpp>

#include <sys/types.h>

#include <string>
#include <vector>

namespace reeve::linux {

// Twelve hexadecimal digits that a directory has from a boot of its host until the next.
Result<std::string> directory_id(const std::string& path);

struct Survivor {
  pid_t pid = 0;
  std::string name;  // its command
};

// Every process that we may look at and whose environment has `variable` with a value of this ending, but for us and
// those we descend from.
Result<std::vector<Survivor>> find_survivors(const std::string& variable, const std::string& ending);

struct SurvivorsEnded {
  std::vector<Survivor> ended;
  std::vector<Survivor> left;  // after `most`: the kernel holds them
};
// Kills them, what they fork meanwhile, and the tiny init that holds each, until none is left. Blocks.
Result<SurvivorsEnded> end_survivors(const std::string& variable, const std::string& ending, Duration most);

}  // namespace reeve::linux
