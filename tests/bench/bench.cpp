// Measures reeve beside a bare loop that starts the same program in the same run: memory, starts, restarts, idle cost.
// And what a proxied connection costs, on the host's network and into a pod's.
#include "bare.hpp"
#include "notify.hpp"
#include "proxied.hpp"
#include "rollout.hpp"
#include "sandbox.hpp"
#include "world.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace reeve::bench {
namespace {

enum class Kind { bare, bare_in_namespaces, reeve_none, reeve_private };

const char* name_of(Kind kind) {
  constexpr const char* names[] = {"bare fork+exec", "bare namespaces", "reeve none", "reeve private"};
  return names[static_cast<int>(kind)];
}

std::vector<std::string> program(const Scratch& scratch) {
  return {scratch.program(), "--clock", scratch.clock(), "--hang"};
}

std::string configuration(const Scratch& scratch, Kind kind, int pods) {
  const char* isolation = kind == Kind::reeve_none ? "none" : "private";
  std::string text = std::string("[supervisor]\nisolation = \"") + isolation + "\"\n";
  for (int number = 0; number < pods; ++number) {
    text += "[pod.p" + std::to_string(number) + "]\ncommand = [";
    for (const std::string& word : program(scratch)) text += "\"" + word + "\", ";
    text += "]\n";
  }
  return text;
}

std::unique_ptr<Child> start(const Scratch& scratch, Kind kind, int pods) {
  scratch.forget_started();
  if (kind == Kind::bare) return std::make_unique<Child>([&] { bare_loop(program(scratch), pods); });
  if (kind == Kind::bare_in_namespaces) {
    return std::make_unique<Child>([&] { bare_loop_in_namespaces(program(scratch), pods); });
  }
  const std::string file = scratch.write("reeve.toml", configuration(scratch, kind, pods));
  const char* given = std::getenv("REEVE_BINARY");
  return std::make_unique<Child>(std::vector<std::string>{given ? given : REEVE_BINARY_PATH, "run", "-f", file});
}

void wait_for_starts(const Scratch& scratch, std::size_t count) {
  wait_until(std::to_string(count) + " programs have started", [&] { return scratch.started().size() >= count; });
}

// From the exec of the supervisor to the last start of a program, in milliseconds.
double start_all(const Scratch& scratch, const Child& child, int pods) {
  wait_for_starts(scratch, static_cast<std::size_t>(pods));
  Nanos last = 0;
  for (const auto& each : scratch.started()) last = std::max(last, each.at);
  return static_cast<double>(last - child.began()) / 1e6;
}

void report_memory(const Child& reeve, Kind kind, int pods) {
  std::int64_t inits = 0;
  const auto children = children_of(reeve.pid());
  for (const pid_t each : children) inits += pss_kib(each);
  const auto own = static_cast<double>(pss_kib(reeve.pid()));
  std::printf("  %-14s %5d pods   %8.0f KiB   %6.2f KiB per pod   its inits: %5.1f KiB each\n", name_of(kind), pods,
              own, own / pods,
              children.empty() ? 0.0 : static_cast<double>(inits) / static_cast<double>(children.size()));
}

void report_idle(const Child& reeve, Kind kind, int pods) {
  constexpr unsigned settle_seconds = 1, seconds = 5;
  ::sleep(settle_seconds);
  const auto children = children_of(reeve.pid());
  const auto of_inits = [&] {
    Usage sum;
    for (const pid_t each : children) {
      const Usage one = usage_of(each);
      sum.cpu_ns += one.cpu_ns;
      sum.switches += one.switches;
    }
    return sum;
  };
  const Usage inits_before = of_inits(), before = usage_of(reeve.pid());
  ::sleep(seconds);
  const Usage after = usage_of(reeve.pid()), inits_after = of_inits();
  std::printf("  %-14s %5d pods   in %u s: %.3f ms CPU, %lld wake-ups; its inits: %.3f ms, %lld wake-ups\n",
              name_of(kind), pods, seconds, static_cast<double>(after.cpu_ns - before.cpu_ns) / 1e6,
              static_cast<long long>(after.switches - before.switches),
              static_cast<double>(inits_after.cpu_ns - inits_before.cpu_ns) / 1e6,
              static_cast<long long>(inits_after.switches - inits_before.switches));
}

void measure_memory(const Scratch& scratch, int pods_max) {
  std::printf("\nmemory and idle cost (PSS of reeve itself, from smaps_rollup)\n");
  for (const Kind kind : {Kind::reeve_none, Kind::reeve_private}) {
    for (const int pods : {1, 100, 1000}) {
      if (pods > pods_max) continue;
      const auto reeve = start(scratch, kind, pods);
      wait_for_starts(scratch, static_cast<std::size_t>(pods));
      ::usleep(200'000);  // what the last starts leave behind
      report_memory(*reeve, kind, pods);
      if (pods == pods_max) report_idle(*reeve, kind, pods);
      reeve->stop();
    }
  }
}

double time_start(const Scratch& scratch, Kind kind, int pods) {
  const auto child = start(scratch, kind, pods);
  const double took = start_all(scratch, *child, pods);
  child->stop();
  return took;
}

// Pairs, one after the other in each run, so that both meet the same machine.
void compare_starts(const Scratch& scratch, Kind bare, Kind reeve, int pods, int runs) {
  std::vector<double> bares, reeves, ratios;
  for (int run = 0; run < runs; ++run) {
    bares.push_back(time_start(scratch, bare, pods));
    reeves.push_back(time_start(scratch, reeve, pods));
    ratios.push_back(reeves.back() / bares.back());
  }
  std::printf("  %5d pods   %-16s %8.1f ms   %-14s %8.1f ms   ratio %.2f\n", pods, name_of(bare), median(bares),
              name_of(reeve), median(reeves), median(ratios));
}

// Kills programs, `at_once` of them together, and waits for as many new ones each time; microseconds each.
std::vector<double> restarts(const Scratch& scratch, Kind kind, int pods, int at_once) {
  const auto child = start(scratch, kind, pods);
  wait_for_starts(scratch, static_cast<std::size_t>(pods));
  ::usleep(100'000);
  std::vector<pid_t> leaders;
  for (const pid_t each : children_of(child->pid())) {
    const auto below = children_of(each);
    leaders.push_back(below.empty() ? each : below.front());
  }
  std::vector<double> took;
  for (std::size_t next = 0; next < leaders.size();) {
    const std::size_t before = scratch.started().size();
    const Nanos killed = now();
    std::size_t count = 0;
    for (; count < static_cast<std::size_t>(at_once) && next < leaders.size(); ++count) {
      ::kill(leaders[next++], SIGKILL);
    }
    wait_for_starts(scratch, before + count);
    const auto started = scratch.started();
    for (std::size_t i = before; i < started.size(); ++i) {
      took.push_back(static_cast<double>(started[i].at - killed) / 1e3);
    }
  }
  child->stop();
  return took;
}

void compare_restarts(const Scratch& scratch, Kind bare, Kind reeve, int at_once, int runs) {
  constexpr int pods = 100;
  std::vector<double> bare_p50, bare_p99, reeve_p50, reeve_p99, ratio;
  for (int run = 0; run < runs; ++run) {
    const auto yardstick = restarts(scratch, bare, pods, at_once), ours = restarts(scratch, reeve, pods, at_once);
    bare_p50.push_back(median(yardstick));
    bare_p99.push_back(percentile(yardstick, 0.99));
    reeve_p50.push_back(median(ours));
    reeve_p99.push_back(percentile(ours, 0.99));
    ratio.push_back(reeve_p50.back() / bare_p50.back());
  }
  std::printf("  %3d at once   %-16s p50 %7.0f p99 %7.0f us   %-14s p50 %7.0f p99 %7.0f us   ratio of p50 %.2f\n",
              at_once, name_of(bare), median(bare_p50), median(bare_p99), name_of(reeve), median(reeve_p50),
              median(reeve_p99), median(ratio));
}

void run(int pods, int runs) {
  const Scratch scratch;
  const std::pair<Kind, Kind> pairs[] = {{Kind::bare, Kind::reeve_none},
                                         {Kind::bare_in_namespaces, Kind::reeve_private}};
  std::printf("from exec to the programs' own first instruction, median of %d\n", runs);
  for (const auto& [bare, reeve] : pairs) {
    for (const int count : {1, pods}) compare_starts(scratch, bare, reeve, count, runs);
  }
  std::printf("\nfrom the death of a program to the first instruction of the next, 100 pods, median of %d\n", runs);
  for (const auto& [bare, reeve] : pairs) {
    for (const int at_once : {1, 100}) compare_restarts(scratch, bare, reeve, at_once, runs);
  }
  compare_containers(scratch.program(), pods, runs);
  measure_sandboxes(pods / 10 + 1);
  measure_memory(scratch, pods);
  measure_proxied_connections();
  measure_notify(scratch);
  measure_rollouts();
}

}  // namespace
}  // namespace reeve::bench

// bench [PODS [RUNS]]
int main(int count, char** arguments) {
  const int pods = count > 1 ? std::atoi(arguments[1]) : 1000;
  const int runs = count > 2 ? std::atoi(arguments[2]) : 3;
  reeve::bench::run(pods, runs);
  return 0;
}
