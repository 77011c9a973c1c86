// reeve simulate: what would happen, told by the supervisor itself.
#include "cli/simulation.hpp"
#include "cli/usage.hpp"

#include <reeve/cli/cli.hpp>
#include <reeve/config/load.hpp>

#include <cstdio>
#include <utility>

namespace reeve::cli {
namespace {

struct Asked {
  std::vector<std::string> files;
  std::string span = "10m";
  std::string seed = "1";
  std::string output;
};

void print(const Simulation& simulation, const Asked& asked) {
  if (asked.output == "json") {
    std::fputs(timeline_json(simulation.happenings()).c_str(), stdout);
    return;
  }
  std::fputs(timeline(simulation.happenings()).c_str(), stdout);
  std::printf("\nafter %s:\n%s", asked.span.c_str(), final_state(simulation.supervisor()).c_str());
}

int simulate(config::Configuration configuration, Duration span, std::int64_t seed, const Asked& asked) {
  Simulation simulation({static_cast<std::uint64_t>(seed), configuration.supervisor.isolation},
                        std::move(configuration.simulations));
  for (config::Placed& each : configuration.objects) simulation.apply(std::move(each.object));
  simulation.advance(span);
  print(simulation, asked);
  if (!simulation.is_cut_short()) return exit_done;
  return failed("more than " + std::to_string(Simulation::happenings_max) +
                " things happened: the timeline ends early");
}

}  // namespace

int simulate_command(const Command& command, std::span<const std::string> arguments) {
  Asked asked;
  const Arguments read =
      read_arguments(command, arguments,
                     {texts("-f", "--file", "FILE|DIR",
                            "what to simulate; [simulate.NAME] tables say what to assume of NAME", asked.files),
                      text("", "--for", "DURATION", "virtual time to let pass (10m)", asked.span),
                      text("", "--seed", "NUMBER", "chooses among what chance decides (1)", asked.seed),
                      text("-o", "--output", "json", "one JSON object per line", asked.output)});
  if (read.exit_code) return *read.exit_code;
  if (!read.words.empty()) return misused(command, "unexpected argument \"" + read.words.front() + "\"");
  if (asked.files.empty()) return misused(command, "no file given");
  if (!asked.output.empty() && asked.output != "json") return misused(command, "-o takes json");
  const auto span = parse_duration(asked.span);
  if (!span) return misused(command, span.error().message());
  const auto seed = parse_integer(asked.seed);
  if (!seed) return misused(command, "--seed: " + seed.error().message());
  auto loaded = config::load(asked.files, config::ImagesKnown::elsewhere);
  if (!loaded) {
    for (const auto& each : loaded.error()) std::fprintf(stderr, "%s\n", each.message().c_str());
    return exit_mistakes;
  }
  return simulate(*std::move(loaded), *span, *seed, asked);
}

}  // namespace reeve::cli
