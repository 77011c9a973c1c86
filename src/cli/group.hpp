#pragma once
// Commands that have commands: reeve rollout undo.

#include "cli/commands.hpp"

namespace reeve::cli {

// Runs the one that the first argument names; without one, or asked for help, lists them.
int group_command(const Command& command, std::span<const std::string> arguments);

int rollout_status_command(const Command& command, std::span<const std::string> arguments);
int rollout_history_command(const Command& command, std::span<const std::string> arguments);
int rollout_undo_command(const Command& command, std::span<const std::string> arguments);
int rollout_pause_command(const Command& command, std::span<const std::string> arguments);
int rollout_resume_command(const Command& command, std::span<const std::string> arguments);
int rollout_restart_command(const Command& command, std::span<const std::string> arguments);
int set_image_command(const Command& command, std::span<const std::string> arguments);
int set_env_command(const Command& command, std::span<const std::string> arguments);
int set_command_command(const Command& command, std::span<const std::string> arguments);

// In the order in which help lists them.
std::span<const Command> rollout_commands();
std::span<const Command> set_commands();

}  // namespace reeve::cli
