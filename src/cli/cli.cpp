#include "cli/commands.hpp"

#include <reeve/cli/cli.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace reeve::cli {
namespace {

constexpr std::string_view usual_exits = "0 done; 1 failed; 2 wrong usage, or files with mistakes";

constexpr std::array<Command, 5> commands{{
    {"run", "-f FILE|DIR ...", "start what the files describe and keep it running", usual_exits, run_command},
    {"check", "-f FILE|DIR ...", "read the files and print every mistake in them", usual_exits, check_command},
    {"simulate", "-f FILE|DIR ... [--for 10m]", "tell what would happen, on a virtual clock", usual_exits,
     simulate_command},
    {"explain", "FIELD", "say what a field means: reeve explain pod.livenessProbe.httpGet", usual_exits,
     explain_command},
    {"version", "", "print the version", usual_exits, version_command},
}};

void print_help(std::FILE* to) {
  std::fputs(
      "reeve keeps plain Linux processes running as Kubernetes keeps containers: restart policies, probes, and\n"
      "services that send traffic to ready pods only.\n\nusage: reeve COMMAND [OPTIONS]\n\ncommands:\n",
      to);
  for (const Command& each : commands) {
    const std::string head = std::string(each.name) + " " + std::string(each.usage);
    std::fprintf(to, "  %-26s%.*s\n", head.c_str(), static_cast<int>(each.doc.size()), each.doc.data());
  }
  std::fputs(
      "\nreeve COMMAND --help tells more. FILE is TOML or a Kubernetes manifest in YAML or JSON; - is standard input.\n"
      "\nexit codes: 0 done; 1 failed; 2 wrong usage, or files with mistakes\n",
      to);
}

}  // namespace

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
