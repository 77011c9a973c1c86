// reeve completion: scripts that ask reeve itself for the names of objects.
#include "cli/usage.hpp"

#include <reeve/cli/cli.hpp>

#include <cstdio>

namespace reeve::cli {
namespace {

constexpr const char* kinds = "pods services endpoints events deployments replicasets nodes all";

constexpr const char* bash = R"sh(_reeve() {
  local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} kind= at=2
  if [ "$COMP_CWORD" = 1 ]; then COMPREPLY=($(compgen -W "%commands" -- "$word")); return; fi
  local within=
  case $command in
%groups  esac
  if [ -n "$within" ]; then
    if [ "$COMP_CWORD" = 2 ]; then COMPREPLY=($(compgen -W "$within" -- "$word")); return; fi
    command="$command ${COMP_WORDS[2]}" at=3
  fi
  case $word in
    -*) COMPREPLY=($(compgen -W "$(reeve $command --help 2>/dev/null | grep -o -e '--[a-z][a-z-]*')" -- "$word")); return ;;
  esac
  case ${COMP_WORDS[COMP_CWORD-1]} in
    -f|--file|--then) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  case $command in
    run|check|simulate|apply|diff) COMPREPLY=($(compgen -f -- "$word")); return ;;
    explain) COMPREPLY=($(compgen -W "pod deployment service image simulate supervisor" -- "$word")); return ;;
    init) COMPREPLY=($(compgen -c -- "$word")); return ;;
    completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$word")); return ;;
    scale|rollout\ *|set\ *)
      COMPREPLY=($(compgen -W "$(reeve get deployments -o name 2>/dev/null | sed 's,.*/,deployment/,')" -- "$word"))
      return ;;
    logs|restart|why|exec|port-forward) kind=pods ;;
    get|describe|delete|wait)
      if [ "$COMP_CWORD" = "$at" ]; then COMPREPLY=($(compgen -W "%kinds" -- "$word")); return; fi
      kind=${COMP_WORDS[2]} ;;
  esac
  [ -n "$kind" ] && COMPREPLY=($(compgen -W "$(reeve get "$kind" -o name 2>/dev/null | sed 's,.*/,,')" -- "$word"))
}
complete -o default -F _reeve reeve
)sh";

constexpr const char* zsh = R"sh(#compdef reeve
autoload -Uz bashcompinit && bashcompinit
)sh";

constexpr const char* fish = R"sh(complete -c reeve -f
complete -c reeve -n __fish_use_subcommand -a "%commands"
%groupscomplete -c reeve -n "__fish_seen_subcommand_from run check simulate apply diff" -F
complete -c reeve -n "__fish_seen_subcommand_from init" -a "(__fish_complete_subcommand)"
complete -c reeve -n "__fish_seen_subcommand_from get describe delete wait" -a "%kinds"
complete -c reeve -n "__fish_seen_subcommand_from logs restart why exec port-forward" -a "(reeve get pods -o name 2>/dev/null | string replace -r '.*/' '')"
complete -c reeve -n "__fish_seen_subcommand_from scale rollout set" -a "(reeve get deployments -o name 2>/dev/null | string replace -r '.*/' 'deployment/')"
)sh";

std::string names_of(std::span<const Command> commands) {
  std::string names;
  for (const Command& each : commands) {
    names += (names.empty() ? "" : " ") + std::string(each.name.substr(each.name.rfind(' ') + 1));
  }
  return names;
}

// A line for each command that has commands.
std::string groups(std::string_view before, std::string_view between, std::string_view after) {
  std::string lines;
  for (const Command& each : all_commands()) {
    if (each.subcommands().empty()) continue;
    lines.append(before).append(each.name).append(between).append(names_of(each.subcommands())).append(after);
  }
  return lines;
}

void fill(std::string& script, std::string_view gap, const std::string& text) {
  const std::size_t at = script.find(gap);
  if (at != std::string::npos) script.replace(at, gap.size(), text);
}

std::string filled(std::string script, const std::string& group_lines) {
  fill(script, "%commands", names_of(all_commands()));
  fill(script, "%groups", group_lines);
  fill(script, "%kinds", kinds);
  return script;
}

std::string bash_script() { return filled(bash, groups("    ", ") within=\"", "\" ;;\n")); }

std::string fish_script() {
  return filled(fish, groups("complete -c reeve -n \"__fish_seen_subcommand_from ", "\" -a \"", "\"\n"));
}

}  // namespace

int completion_command(const Command& command, std::span<const std::string> arguments) {
  const Arguments read = read_arguments(command, arguments, {});
  if (read.exit_code) return *read.exit_code;
  const std::string shell = read.words.size() == 1 ? read.words.front() : "";
  if (shell == "bash") {
    std::fputs(bash_script().c_str(), stdout);
  } else if (shell == "zsh") {
    std::fputs((zsh + bash_script()).c_str(), stdout);
  } else if (shell == "fish") {
    std::fputs(fish_script().c_str(), stdout);
  } else {
    return misused(command, "name a shell: bash, zsh or fish");
  }
  return exit_done;
}

}  // namespace reeve::cli
