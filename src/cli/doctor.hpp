#pragma once
// What doctor finds: about this host and user, and about running pods.

#include "cli/session.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace reeve::cli {

struct Finding {
  std::string what;
  bool is_fine = true;
  std::string told;  // what there is; where it is not fine, the cause and its remedy
};

std::vector<Finding> examine_host();

// Whether what commands change is kept, and each container that runs: what its processes really have beside what was
// asked for.
Result<std::vector<Finding>> examine_pods(const Session& session);

// A small file of /proc or /sys without the blanks at its end; empty where it cannot be read.
std::string small_file(const std::string& path);

// The value of a line "NAME:\tvalue" of /proc/PID/status.
std::string status_field(const std::string& status, const std::string& name);
std::uint64_t hexadecimal(const std::string& text);

}  // namespace reeve::cli
