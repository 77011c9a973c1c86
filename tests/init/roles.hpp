#pragma once
// What the commands under an init do, the shell above one, and a bad init that gets everything wrong.

#include <span>
#include <string>
#include <vector>

namespace conformance {

// words: a role's name and its arguments. Returns the exit code.
int play(std::span<const std::string> words);

// Becomes that program; 250 is the exit code where there is none.
[[noreturn]] void execute(std::span<const std::string> words);

// A shell with job control at the terminal that is its standard input. It says when its only job stops or ends, and
// brings it to the foreground again for every line from descriptor 3.
[[noreturn]] void play_shell(const std::vector<std::string>& job);

}  // namespace conformance
