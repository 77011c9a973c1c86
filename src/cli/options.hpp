#pragma once
// Reads a command's arguments by a table of options; the same table prints its help.

#include <reeve/core/result.hpp>

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::cli {

// "-f FILE|DIR, --file": a flag has an empty `value`; it is set to "true", or to what follows as in --wait=false.
struct Option {
  std::string_view short_name;  // "-f", or empty
  std::string_view long_name;   // "--file"
  std::string_view value;       // "FILE|DIR", or empty
  std::string_view doc;
  std::function<void(std::string)> set;
};

// What follows the options: other arguments may stand between them up to "--", or the first begins somebody else's.
enum class OptionsEnd { at_dashes, at_first_word };

// Sets what the options say; returns the other arguments. "--" ends the options.
Result<std::vector<std::string>> read_options(std::span<const std::string> arguments, std::span<const Option> options,
                                              OptionsEnd end = OptionsEnd::at_dashes);

// One line per option, for --help.
std::string describe_options(std::span<const Option> options);

}  // namespace reeve::cli
