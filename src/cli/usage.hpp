#pragma once
// What all commands do alike with their arguments: --help, and saying what is wrong with them.

#include "cli/commands.hpp"
#include "cli/options.hpp"

#include <reeve/core/result.hpp>
#include <reeve/core/time.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::cli {

// Says what is wrong and how it is used; returns the exit code.
int misused(const Command& command, const std::string& what);

// "error: ..." on stderr, as kubectl says it; returns the exit code.
int failed(const std::string& what);

// The arguments that are no options; or an exit code, where there is nothing more to do.
struct Arguments {
  std::vector<std::string> words;
  std::optional<int> exit_code;
};

// Reads the options; --help among them prints the help.
Arguments read_arguments(const Command& command, std::span<const std::string> arguments, std::vector<Option> options,
                         OptionsEnd end = OptionsEnd::at_dashes);

// Options that set a variable.
Option flag(std::string_view short_name, std::string_view long_name, std::string_view doc, bool& target);
Option text(std::string_view short_name, std::string_view long_name, std::string_view value, std::string_view doc,
            std::string& target);
Option texts(std::string_view short_name, std::string_view long_name, std::string_view value, std::string_view doc,
             std::vector<std::string>& target);

// "1h30m", "10s", "250ms", "1.5h"; a number alone counts seconds.
Result<Duration> parse_duration(std::string_view text);
Result<std::int64_t> parse_integer(std::string_view text);

}  // namespace reeve::cli
