#include "cli/commands.hpp"
#include "cli/group.hpp"

#include <reeve/cli/cli.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace reeve::cli {
namespace {

constexpr std::string_view usual_exits = "0 done; 1 failed; 2 wrong usage, or files with mistakes";
constexpr std::string_view status_exits = "0 all pods are fine; 1 failed; 2 wrong usage; 3 some pod is not ready";
constexpr std::string_view diff_exits = "0 no difference; 1 differences; 2 wrong usage, mistakes, or no answer";
constexpr std::string_view wait_exits = "0 it is so; 1 it did not become so in time, or failed; 2 wrong usage";

constexpr std::string_view exec_exits =
    "the command's own, 128 + n after signal n; 126 it cannot be run, 127 there is none; 1 failed; 2 wrong usage";
constexpr std::string_view doctor_exits = "0 every running pod has what it asked for; 1 one has not; 2 wrong usage";

constexpr std::array<Command, 27> commands{{
    {"run", "-f FILE|DIR ...", "start what the files describe and keep it running", usual_exits, run_command},
    {"init", "[OPTIONS] [--] CMD ...", "run one command as PID 1 of a container should", exec_exits, init_command},
    {"check", "-f FILE|DIR ...", "read the files and print every mistake in them", usual_exits, check_command},
    {"simulate", "-f FILE|DIR ...", "tell what would happen, on a virtual clock", usual_exits, simulate_command},
    {"status", "[-A]", "one screen: what runs, since when, and what is wrong with the rest", status_exits,
     status_command},
    {"why", "NAME|TYPE/NAME", "why something is not ready or does not run", usual_exits, why_command},
    {"get", "TYPE[,TYPE] [NAME ...]", "list objects: pods, services, deployments, events, all, ...", usual_exits,
     get_command},
    {"describe", "TYPE NAME", "everything about an object, its events last", usual_exits, describe_command},
    {"logs", "[-f] POD|deployment/NAME", "what containers wrote", usual_exits, logs_command},
    {"exec", "[-it] POD|TYPE/NAME -- CMD ...", "run a command in a container", exec_exits, exec_command},
    {"port-forward", "POD|TYPE/NAME PORT:PORT ...", "reach ports of a pod from here", usual_exits,
     port_forward_command},
    {"events", "[-w]", "what happened, oldest first", usual_exits, events_command},
    {"top", "pods [NAME ...]", "processor and memory in use", usual_exits, top_command},
    {"apply", "-f FILE|DIR ...", "make what the files say true", usual_exits, apply_command},
    {"rollout", "COMMAND deployment/NAME", "status, history, undo, pause, resume, restart: updates of deployments",
     usual_exits, group_command, rollout_commands},
    {"set", "image|env|command deployment/NAME", "change a deployment's containers, as an update", usual_exits,
     group_command, set_commands},
    {"scale", "deployment/NAME --replicas=N", "another number of pods", usual_exits, scale_command},
    {"diff", "-f FILE|DIR ...", "where the files and what runs differ", diff_exits, diff_command},
    {"delete", "TYPE NAME ... | -f FILE", "remove objects and wait until they are gone", usual_exits, delete_command},
    {"restart", "POD|deployment/NAME ...", "stop with grace and start at once", usual_exits, restart_command},
    {"wait", "--for=WHAT TYPE/NAME ...", "return when something has become true", wait_exits, wait_command},
    {"doctor", "", "what this host gives, and what running pods have of it", doctor_exits, doctor_command},
    {"explain", "FIELD", "say what a field means: reeve explain pod.livenessProbe.httpGet", usual_exits,
     explain_command},
    {"completion", "bash|zsh|fish", "print the shell's completion script", usual_exits, completion_command},
    {"kubeconfig", "", "print what kubectl needs to ask this reeve", usual_exits, kubeconfig_command},
    {"convert", "-f FILE|DIR -o yaml|json|toml", "write TOML as manifests for a cluster, and manifests as TOML",
     usual_exits, convert_command},
    {"version", "", "print the version", usual_exits, version_command},
}};

void print_help(std::FILE* to) {
  std::fputs(
      "reeve keeps plain Linux processes running as Kubernetes keeps containers: restart policies, probes, and\n"
      "services that send traffic to ready pods only.\n\nusage: reeve COMMAND [OPTIONS]\n\ncommands:\n",
      to);
  for (const Command& each : commands) {
    const std::string head = std::string(each.name) + " " + std::string(each.usage);
    std::fprintf(to, "  %-42s%.*s\n", head.c_str(), static_cast<int>(each.doc.size()), each.doc.data());
  }
  std::fputs(
      "\nreeve COMMAND --help tells more. FILE is TOML or a Kubernetes manifest in YAML or JSON; - is standard input.\n"
      "\nexit codes: 0 done; 1 failed; 2 wrong usage, or files with mistakes\n",
      to);
}

}  // namespace

std::span<const Command> all_commands() { return commands; }

int main(std::span<const std::string> arguments) {
  if (arguments.empty()) {
    print_help(stderr);
    return exit_mistakes;
  }
  std::string name = arguments.front();
  if (name == "--help" || name == "-h" || name == "help") {
    print_help(stdout);
    return exit_done;
  }
  if (name == "--version") name = "version";
  const auto found = std::ranges::find(commands, name, &Command::name);
  if (found == commands.end()) {
    std::fprintf(stderr, "reeve: unknown command \"%s\"; reeve --help lists them\n", name.c_str());
    return exit_mistakes;
  }
  return found->run(*found, arguments.subspan(1));
}

}  // namespace reeve::cli
