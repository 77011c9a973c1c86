// reeve completion: scripts that ask reeve itself for the names of objects.
#include "cli/usage.hpp"

#include <reeve/cli/cli.hpp>

#include <cstdio>

namespace reeve::cli {
namespace {

constexpr const char* kinds = "pods services endpoints events deployments replicasets nodes all";

constexpr const char* bash = R"sh(_reeve() {
  local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} kind=
  if [ "$COMP_CWORD" = 1 ]; then COMPREPLY=($(compgen -W "%s" -- "$word")); return; fi
  case $command in
    run|check|simulate|apply|diff) COMPREPLY=($(compgen -f -- "$word")); return ;;
    explain) COMPREPLY=($(compgen -W "pod deployment service image simulate supervisor" -- "$word")); return ;;
    completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$word")); return ;;
    logs|restart|why) kind=pods ;;
    get|describe|delete|wait)
      if [ "$COMP_CWORD" = 2 ]; then COMPREPLY=($(compgen -W "%s" -- "$word")); return; fi
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
complete -c reeve -n __fish_use_subcommand -a "%s"
complete -c reeve -n "__fish_seen_subcommand_from run check simulate apply diff" -F
complete -c reeve -n "__fish_seen_subcommand_from get describe delete wait" -a "%s"
complete -c reeve -n "__fish_seen_subcommand_from logs restart why" -a "(reeve get pods -o name 2>/dev/null | string replace -r '.*/' '')"
)sh";

// Puts the names of commands and of kinds where the script has its two gaps.
std::string filled(std::string script) {
  std::string names;
  for (const Command& each : all_commands()) names += (names.empty() ? "" : " ") + std::string(each.name);
  for (const std::string& each : {names, std::string(kinds)}) {
    const std::size_t gap = script.find("%s");
    if (gap != std::string::npos) script.replace(gap, 2, each);
  }
  return script;
}

}  // namespace

int completion_command(const Command& command, std::span<const std::string> arguments) {
  const Arguments read = read_arguments(command, arguments, {});
  if (read.exit_code) return *read.exit_code;
  const std::string shell = read.words.size() == 1 ? read.words.front() : "";
  if (shell == "bash") {
    std::fputs(filled(bash).c_str(), stdout);
  } else if (shell == "zsh") {
    std::fputs((zsh + filled(bash)).c_str(), stdout);
  } else if (shell == "fish") {
    std::fputs(filled(fish).c_str(), stdout);
  } else {
    return misused(command, "name a shell: bash, zsh or fish");
  }
  return exit_done;
}

}  // namespace reeve::cli
