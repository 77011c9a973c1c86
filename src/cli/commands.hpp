#pragma once
// Every command: its name, its help, its function.

#include <span>
#include <string>
#include <string_view>

namespace reeve::cli {

struct Command;
constexpr std::span<const Command> no_commands() { return {}; }

struct Command {
  std::string_view name;
  std::string_view usage;  // what follows the name
  std::string_view doc;    // one line
  std::string_view exit_codes;
  int (*run)(const Command& command, std::span<const std::string> arguments);
  std::span<const Command> (*subcommands)() = no_commands;
};

// In the order in which --help lists them.
std::span<const Command> all_commands();

int run_command(const Command& command, std::span<const std::string> arguments);
int init_command(const Command& command, std::span<const std::string> arguments);
int check_command(const Command& command, std::span<const std::string> arguments);
int simulate_command(const Command& command, std::span<const std::string> arguments);
int scale_command(const Command& command, std::span<const std::string> arguments);
int get_command(const Command& command, std::span<const std::string> arguments);
int describe_command(const Command& command, std::span<const std::string> arguments);
int logs_command(const Command& command, std::span<const std::string> arguments);
int exec_command(const Command& command, std::span<const std::string> arguments);
int port_forward_command(const Command& command, std::span<const std::string> arguments);
int events_command(const Command& command, std::span<const std::string> arguments);
int status_command(const Command& command, std::span<const std::string> arguments);
int why_command(const Command& command, std::span<const std::string> arguments);
int apply_command(const Command& command, std::span<const std::string> arguments);
int diff_command(const Command& command, std::span<const std::string> arguments);
int delete_command(const Command& command, std::span<const std::string> arguments);
int wait_command(const Command& command, std::span<const std::string> arguments);
int restart_command(const Command& command, std::span<const std::string> arguments);
int top_command(const Command& command, std::span<const std::string> arguments);
int completion_command(const Command& command, std::span<const std::string> arguments);
int doctor_command(const Command& command, std::span<const std::string> arguments);
int explain_command(const Command& command, std::span<const std::string> arguments);
int kubeconfig_command(const Command& command, std::span<const std::string> arguments);
int convert_command(const Command& command, std::span<const std::string> arguments);
int version_command(const Command& command, std::span<const std::string> arguments);

}  // namespace reeve::cli
