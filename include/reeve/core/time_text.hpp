#pragma once
// Times of day as Kubernetes writes them (RFC 3339, always UTC).

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace reeve {

using WallTime = std::chrono::system_clock::time_point;

std::string rfc3339(WallTime time);       // "2026-01-02T03:04:05Z"
std::string rfc3339_nano(WallTime time);  // "2026-01-02T03:04:05.123456789Z"
std::optional<WallTime> parse_rfc3339(std::string_view text);

}  // namespace reeve
