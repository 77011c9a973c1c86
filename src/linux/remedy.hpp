#pragma once
// What a message about a failed step advises.

#include <reeve/core/result.hpp>

#include <cstdint>
#include <string>

namespace reeve::linux {

inline constexpr const char* isolation_remedy = "write isolation = \"none\" to run without private namespaces";

// Travels over a control socket.
enum class Remedy : std::int32_t {
  none,
  isolation,
  proc_covered,
  root_lacks_directory,
  root_lacks_file,
  interpreter,
  executable
};

// To follow the text of what failed with this errno; empty where there is nothing to say.
std::string advice(Remedy remedy, int code);

// The kernel made no namespaces.
Error namespaces_refused(int code);

}  // namespace reeve::linux
