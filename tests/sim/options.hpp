#pragma once
// What a seed picks: how the world behaves, and which faults exist in it at all.

#include <reeve/core/random.hpp>
#include <reeve/core/time.hpp>

#include <string>

namespace reeve::sim {

// The simulation's one source of chance.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : random_(seed * 0x9e3779b97f4a7c15u + 1) {}

  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
  bool percent(unsigned part) { return random_.below(100) < part; }
  bool permille(unsigned part) { return random_.below(1000) < part; }
  // Evenly between nothing and `most`, to the microsecond.
  Duration up_to(Duration most) { return Duration(std::int64_t(below(std::uint64_t(most.count() / 1000 + 1))) * 1000); }
  // Mostly short, sometimes long: the square of an even choice.
  Duration skewed(Duration most) {
    const double part = double(below(1'000'000)) / 1'000'000;
    return Duration(std::int64_t(double(most.count()) * part * part));
  }
  template <class T, std::size_t N>
  const T& one_of(const T (&choices)[N]) {
    return choices[below(N)];
  }

 private:
  Random random_;
};

struct Options {
  explicit Options(Chance& chance) {
    for (bool* fault :
         {&start_failures, &slow_starts,  &crashes,      &ignores_term, &slow_deaths, &probe_failures, &probe_errors,
          &probe_hangs,    &slow_probes,  &late_answers, &stale_inputs, &late_ticks,  &stalls,         &refusals,
          &odd_graces,     &replacements, &deadlines,    &sidecars,     &inits,       &odd_backoff,    &fast_probes}) {
      *fault = chance.percent(50);
    }
    operator_every = seconds(std::int64_t(60 + chance.below(1500)));
    shutdown_at_end = chance.percent(40);
    shutdown_twice = chance.percent(40);
    for (bool* fault : {&slow_sandboxes, &sandbox_failures, &sandbox_ends, &slow_drains, &stuck_workers, &odd_drains,
                        &dependencies, &hooks, &told})
      *fault = chance.percent(50);
  }

  bool start_failures, slow_starts, crashes, ignores_term, slow_deaths;
  bool probe_failures, probe_errors, probe_hangs, slow_probes, late_answers;
  bool stale_inputs, late_ticks, stalls, refusals;
  bool odd_graces, replacements, deadlines, sidecars, inits, odd_backoff, fast_probes;
  bool shutdown_at_end, shutdown_twice;
  bool slow_sandboxes, sandbox_failures, sandbox_ends;
  bool slow_drains, stuck_workers, odd_drains, dependencies, hooks, told;
  Duration operator_every{};
};

}  // namespace reeve::sim
