#pragma once
// Times as the API writes them, and as people read them.

#include <reeve/core/time.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace reeve::cli {

using Time = std::chrono::sys_time<std::chrono::nanoseconds>;

Time now();

// "2026-01-02T03:04:05.123456789Z".
std::optional<Time> parse_time(std::string_view text);

// As the API writes one, without a fraction.
std::string rfc3339(Time time);

// As describe shows one: "Mon, 02 Jan 2006 15:04:05 +0000"; empty where the text is no time.
std::string full_time(std::string_view text);

// "3m10s" since that time; "<unknown>" where the text is no time.
std::string age(std::string_view text, Time now);

}  // namespace reeve::cli
