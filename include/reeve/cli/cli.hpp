#pragma once
// The command line: finds the command and hands it its arguments.

#include <span>
#include <string>

namespace reeve::cli {

// Exit codes of every command.
constexpr int exit_done = 0;
constexpr int exit_failed = 1;
constexpr int exit_mistakes = 2;  // wrong usage, or files with mistakes

// arguments: without the program's own name.
int main(std::span<const std::string> arguments);

}  // namespace reeve::cli
