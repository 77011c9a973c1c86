// reeve simulate: what would happen, told by the supervisor itself.
#include "cli/simulation.hpp"
#include "cli/usage.hpp"

#include <reeve/cli/cli.hpp>
#include <reeve/config/load.hpp>
#include <reeve/core/validate.hpp>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

namespace reeve::cli {
namespace {

struct Asked {
  std::vector<std::string> files;
  std::vector<std::string> later;   // files of one later version each, separated by commas
  std::vector<std::string> times;   // when each of them is applied
  std::vector<std::string> broken;  // never ready, from the last version on
  std::string span = "10m";
  std::string seed = "1";
  std::string output;
};

// One version of the files.
struct Version {
  std::string title;
  config::Configuration configuration;
  std::optional<Instant> at;  // unset: once the one before has settled
};

constexpr Duration settling_max = seconds(86400);

std::vector<std::string> paths_of(const std::string& list) {
  std::vector<std::string> paths;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    paths.push_back(list.substr(at, end - at));
    at = end + 1;
  }
  return paths;
}

// Nothing: the mistakes were told.
std::optional<Version> load_version(const std::string& title, const std::vector<std::string>& paths) {
  auto loaded = config::load(paths, config::ImagesKnown::elsewhere);
  if (loaded) return Version{title, *std::move(loaded), std::nullopt};
  for (const auto& each : loaded.error()) std::fprintf(stderr, "%s\n", each.message().c_str());
  return std::nullopt;
}

void print(const Simulation& simulation, const Asked& asked) {
  const auto rolled = simulation.series().rolled();
  if (asked.output == "json") {
    std::fputs(timeline_json(simulation.happenings()).c_str(), stdout);
    for (const auto& [name, each] : rolled) std::fputs(series_json(name, each.samples).c_str(), stdout);
    return;
  }
  std::fputs(timeline(simulation.happenings()).c_str(), stdout);
  for (const auto& [name, each] : rolled) std::printf("\n%s", plot(name, each, simulation.now()).c_str());
  std::printf("\nat %s:\n%s", human_duration(simulation.now().time_since_epoch()).c_str(),
              final_state(simulation.supervisor()).c_str());
}

// What a version may not change of what runs; empty: nothing is wrong.
std::string refused_change(const config::Placed& placed, const Supervisor& supervisor) {
  const auto running = supervisor.deployments().find(ref_of(placed.object));
  if (running == supervisor.deployments().end()) return {};
  const auto errors = validate_update(placed.object, running->second->object());
  if (errors.empty()) return {};
  return placed.file + ":" + std::to_string(placed.line) + ": deployment \"" + running->first.name +
         "\": " + errors.front().message() + ": keep it, or give the new deployment another name";
}

int simulate(std::vector<Version> versions, Duration span, std::int64_t seed, const Asked& asked) {
  const SupervisorSettings& settings = versions.front().configuration.supervisor;
  Simulation simulation({.seed = static_cast<std::uint64_t>(seed),
                         .default_isolation = settings.isolation,
                         .end_rule = {settings.on_pods_finished, settings.exit_code_from}},
                        {});
  for (Version& version : versions) {
    const bool is_first = &version == &versions.front();
    if (!is_first && version.at) simulation.advance(std::max(*version.at - simulation.now(), Duration{0}));
    if (!is_first && !version.at) {
      simulation.advance_until_settled(settling_max);
      simulation.advance(seconds(1));
    }
    if (!is_first) simulation.note(version.title, "applied", "is applied");
    simulation.assume(std::move(version.configuration.simulations));
    for (config::Placed& each : version.configuration.objects) {
      if (const std::string why = refused_change(each, simulation.supervisor()); !why.empty()) {
        std::fprintf(stderr, "%s\n", why.c_str());
        return exit_mistakes;
      }
      simulation.apply(std::move(each.object));
    }
  }
  simulation.advance(span);
  print(simulation, asked);
  if (!simulation.is_cut_short()) return exit_done;
  return failed("more than " + std::to_string(Simulation::happenings_max) +
                " things happened: the timeline ends early");
}

// Who has a probe that can fail; nothing: there is no such pod or deployment.
std::optional<bool> has_readiness(const config::Configuration& configuration, const std::string& name) {
  for (const config::Placed& each : configuration.objects) {
    const PodSpec* const spec = pod_spec_of(each.object);
    if (spec == nullptr || metadata_of(each.object).name != name) continue;
    return std::ranges::any_of(spec->containers, [](const ContainerSpec& container) {
      return container.readiness_probe.has_value() || container.startup_probe.has_value();
    });
  }
  return std::nullopt;
}

// Puts --at and --never-ready where they belong; an exit code where they cannot be.
std::optional<int> complete(const Command& command, const Asked& asked, std::vector<Version>& versions) {
  if (asked.times.size() > asked.later.size())
    return misused(command, "--at says when a --then is applied: there are more of them");
  for (std::size_t i = 0; i < asked.times.size(); ++i) {
    const auto at = parse_duration(asked.times[i]);
    if (!at || *at < Duration{0}) return misused(command, "--at takes a time from the beginning on, such as 60s");
    versions[i + 1].at = Instant(*at);
  }
  config::Configuration& last = versions.back().configuration;
  for (const std::string& each : asked.broken) {
    const auto can_fail = has_readiness(last, each);
    if (!can_fail)
      return failed("--never-ready " + each + ": " + versions.back().title + " has no such pod or deployment");
    if (!*can_fail) {
      return failed("--never-ready " + each +
                    ": it has neither a readiness nor a startup probe, so it is ready as soon as it runs");
    }
    last.simulations[each].never_ready = true;
  }
  return std::nullopt;
}

}  // namespace

int simulate_command(const Command& command, std::span<const std::string> arguments) {
  Asked asked;
  const Arguments read = read_arguments(
      command, arguments,
      {texts("-f", "--file", "FILE|DIR", "what to simulate; [simulate.NAME] tables say what to assume of NAME",
             asked.files),
       texts("", "--then", "FILE|DIR[,...]", "applied a second after what was before has settled; may be given again",
             asked.later),
       texts("", "--at", "DURATION", "when the --then of the same number is applied instead", asked.times),
       texts("", "--never-ready", "NAME", "what if the last version of NAME never gets ready?", asked.broken),
       text("", "--for", "DURATION", "virtual time to let pass after the last of them (10m)", asked.span),
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
  std::vector<Version> versions;
  std::optional<Version> version = load_version(asked.files.front(), asked.files);
  for (std::size_t i = 0; version; ++i) {
    versions.push_back(*std::move(version));
    if (i == asked.later.size()) break;
    version = load_version(asked.later[i], paths_of(asked.later[i]));
  }
  if (!version) return exit_mistakes;
  if (const auto code = complete(command, asked, versions)) return *code;
  return simulate(std::move(versions), *span, *seed, asked);
}

}  // namespace reeve::cli
