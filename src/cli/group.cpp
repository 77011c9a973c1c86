#include "cli/group.hpp"

#include <reeve/cli/cli.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace reeve::cli {
namespace {

constexpr std::string_view usual_exits = "0 done; 1 failed; 2 wrong usage";
constexpr std::string_view status_exits = "0 rolled out, or told once; 1 too late, or failed; 2 wrong usage";

constexpr std::array<Command, 6> rollout{{
    {"rollout status", "deployment/NAME ...", "how far an update is, until it is done", status_exits,
     rollout_status_command},
    {"rollout history", "deployment/NAME ...", "the revisions that an undo can go back to", usual_exits,
     rollout_history_command},
    {"rollout undo", "deployment/NAME ...", "go back to the revision before, or to one of your choice", usual_exits,
     rollout_undo_command},
    {"rollout pause", "deployment/NAME ...", "let changes of the template wait", usual_exits, rollout_pause_command},
    {"rollout resume", "deployment/NAME ...", "roll out what waited", usual_exits, rollout_resume_command},
    {"rollout restart", "deployment/NAME ...", "replace every pod, as an update does", usual_exits,
     rollout_restart_command},
}};

constexpr std::array<Command, 3> set{{
    {"set image", "deployment/NAME CONTAINER=IMAGE ... | *=IMAGE", "other images, as an update", usual_exits,
     set_image_command},
    {"set env", "deployment/NAME KEY=VALUE ... KEY- ...", "other environment variables, as an update; KEY- removes one",
     usual_exits, set_env_command},
    {"set command", "deployment/NAME -- COMMAND [ARGUMENT ...]",
     "another command line in place of command and args, as an update", usual_exits, set_command_command},
}};

std::string_view last_word(std::string_view name) { return name.substr(name.rfind(' ') + 1); }

void print_help(const Command& command, std::FILE* to) {
  std::fprintf(to, "usage: reeve %s %s\n\n%s\n\n", std::string(command.name).c_str(),
               std::string(command.usage).c_str(), std::string(command.doc).c_str());
  for (const Command& each : command.subcommands()) {
    const std::string head = "reeve " + std::string(each.name) + " " + std::string(each.usage);
    std::fprintf(to, "  %s\n      %s\n", head.c_str(), std::string(each.doc).c_str());
  }
  std::fprintf(to, "\nexit codes: %s\n", std::string(command.exit_codes).c_str());
}

}  // namespace

std::span<const Command> rollout_commands() { return rollout; }
std::span<const Command> set_commands() { return set; }

int group_command(const Command& command, std::span<const std::string> arguments) {
  if (arguments.empty()) {
    print_help(command, stderr);
    return exit_mistakes;
  }
  const std::string& word = arguments.front();
  if (word == "--help" || word == "-h" || word == "help") {
    print_help(command, stdout);
    return exit_done;
  }
  const auto all = command.subcommands();
  const auto found = std::ranges::find(all, word, [](const Command& each) { return last_word(each.name); });
  if (found != all.end()) return found->run(*found, arguments.subspan(1));
  std::fprintf(stderr, "reeve %s: unknown command \"%s\"; reeve %s --help lists them\n",
               std::string(command.name).c_str(), word.c_str(), std::string(command.name).c_str());
  return exit_mistakes;
}

}  // namespace reeve::cli
