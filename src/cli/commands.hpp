#pragma once
// Every command: its name, its help, its function.

#include <span>
#include <string>
#include <string_view>

namespace reeve::cli {

struct Command {
  std::string_view name;
  std::string_view usage;  // what follows the name
  std::string_view doc;    // one line
  std::string_view exit_codes;
  int (*run)(const Command& command, std::span<const std::string> arguments);
};

int run_command(const Command& command, std::span<const std::string> arguments);
int check_command(const Command& command, std::span<const std::string> arguments);
int explain_command(const Command& command, std::span<const std::string> arguments);
int simulate_command(const Command& command, std::span<const std::string> arguments);
int version_command(const Command& command, std::span<const std::string> arguments);

}  // namespace reeve::cli
