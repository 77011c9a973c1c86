#pragma once
// A line of output as one JSON object: [supervisor] logFormat = "json".

#include <reeve/core/time_text.hpp>

#include <string>
#include <string_view>

namespace reeve {

// Empty texts are left out, but for the message. Of a container: pod, container and stream; of reeve: none of them.
struct LogLine {
  WallTime time{};
  std::string_view level = "info";  // or "warning", "error"
  std::string_view pod{};           // "web"
  std::string_view container{};
  std::string_view stream{};  // "stdout" or "stderr"
  std::string_view message{};
  bool is_partial = false;  // the next line of this stream goes on where this one was cut
};

// {"time":"2026-01-02T03:04:05.123456789Z","level":"info","pod":"web",...,"message":"..."}, with its newline. What is
// no UTF-8 becomes U+FFFD.
std::string json_line(const LogLine& line);

}  // namespace reeve
