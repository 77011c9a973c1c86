#pragma once
// One screen for a human at night: every object in a line, and under what is in trouble why.

#include "cli/causes.hpp"
#include "cli/terminal.hpp"

#include <string>

namespace reeve::cli {

std::string overview(const Facts& facts, Colours colours);

// Whether nothing is in trouble.
bool all_is_well(const Facts& facts);

}  // namespace reeve::cli
