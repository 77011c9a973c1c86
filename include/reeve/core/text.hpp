#pragma once
// How values look in messages.

#include <reeve/core/time.hpp>

#include <string>
#include <string_view>

namespace reeve {

std::string quoted(std::string_view text);  // as Go's %q: "a\tb"
std::string printed(double number);         // 2, 0.5
std::string in_seconds(Duration duration);  // 1, 0.25

}  // namespace reeve
