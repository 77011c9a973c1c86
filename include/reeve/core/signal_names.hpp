#pragma once
// The signals that may ask a program to end, by their names (validation.go, supportedStopSignalsLinux).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve {

// 15 for "SIGTERM"; nothing for what is none.
std::optional<int> signal_number(std::string_view name);

// All names, in order.
std::vector<std::string> signal_names();

}  // namespace reeve
