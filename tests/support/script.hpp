#pragma once
// A supervisor on a virtual clock, with a world that answers as a test tells it to.

#include <reeve/core/supervisor.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace reeve::test {

inline std::string clock_text(Instant at) { return std::to_string(at.time_since_epoch().count() / 1'000'000); }

// Every sandbox is made and every container starts at once; how long it runs and what probes answer are functions the
// test sets.
class Script {
 public:
  struct Run {
    Duration lasts = Duration::max();
    ExitStatus status{};
    bool ends_on_signal = true;
  };
  std::function<Run(const StartContainer&, int number)> run = [](const StartContainer&, int) { return Run{}; };
  std::function<ProbeOutcome(const StartProbe&, Instant)> probe = [](const StartProbe&, Instant) {
    return ProbeOutcome{};
  };
  std::function<void(const Effect&, Instant)> watch = [](const Effect&, Instant) {};

  Supervisor supervisor{SupervisorOptions{}};
  Instant now{};
  std::vector<Instant> starts;
  std::vector<Event> events;
  std::map<ServiceId, std::map<PodId, SetEndpoint>> endpoints;
  bool exited = false;

  void tell(Input input) {
    queue_.push_back(std::move(input));
    settle();
  }

  // Lets virtual time pass.
  void advance(Duration duration) {
    const Instant end = now + duration;
    for (;;) {
      std::optional<Instant> next = supervisor.deadline();
      if (!ends_.empty() && (!next || ends_.begin()->first <= *next)) next = ends_.begin()->first;
      if (!next || *next > end) break;
      now = *next;
      if (!ends_.empty() && ends_.begin()->first <= now) {
        const auto ending = *ends_.begin();
        ends_.erase(ends_.begin());
        end_run(ending.second);
      } else {
        tell(Ticked{});
      }
    }
    now = end;
  }

  const Pod& pod(const std::string& name) const { return *supervisor.find_pod("default", name); }

  std::size_t count_events(std::string_view reason) const {
    std::size_t count = 0;
    for (const Event& each : events) count += each.reason == reason ? 1u : 0u;
    return count;
  }

 private:
  struct Live {
    Run run;
  };

  void end_run(InstanceId instance) {
    const auto found = live_.find(instance);
    if (found == live_.end()) return;
    const ExitStatus status = found->second.run.status;
    live_.erase(found);
    tell(ContainerExited{instance, status});
  }

  void settle() {
    while (!queue_.empty()) {
      Input input = std::move(queue_.front());
      queue_.erase(queue_.begin());
      for (const Effect& effect : supervisor.step(now, std::move(input))) {
        watch(effect, now);
        std::visit([&](const auto& each) { perform(each); }, effect);
      }
    }
  }

  void perform(const StartSandbox& effect) {
    SandboxStarted made{effect.pod->id, {}};
    for (std::size_t i = 0; i < effect.ports; ++i) made.ports.push_back(next_port_++);
    queue_.push_back(std::move(made));
  }
  void perform(const StartContainer& effect) {
    starts.push_back(now);
    const Run chosen = run(effect, static_cast<int>(starts.size()));
    live_[effect.instance] = {chosen};
    if (chosen.lasts != Duration::max()) ends_.insert({now + chosen.lasts, effect.instance});
    queue_.push_back(ContainerStarted{effect.instance, 100});
  }
  void perform(const SignalContainer& effect) {
    const auto found = live_.find(effect.instance);
    if (found == live_.end() || !found->second.run.ends_on_signal) return;
    live_.erase(found);
    queue_.push_back(ContainerExited{effect.instance, {0, effect.signal}});
  }
  void perform(const KillContainer& effect) {
    if (live_.erase(effect.instance) != 0) queue_.push_back(ContainerExited{effect.instance, {0, 9}});
  }
  void perform(const StartProbe& effect) { queue_.push_back(ProbeFinished{effect.run, probe(effect, now)}); }
  void perform(const StartHook& effect) { queue_.push_back(ProbeFinished{effect.run, {}}); }
  void perform(const SetEndpoint& effect) { endpoints[effect.service][effect.pod] = effect; }
  void perform(const RemoveEndpoint& effect) { endpoints[effect.service].erase(effect.pod); }
  void perform(const DrainEndpoint& effect) { queue_.push_back(EndpointDrained{effect.service, effect.pod}); }
  void perform(const ReportEvent& effect) { events.push_back(effect.event); }
  void perform(const Exit&) { exited = true; }
  template <class Other>
  void perform(const Other&) {}

  std::vector<Input> queue_;
  std::int32_t next_port_ = 40001;
  std::map<InstanceId, Live> live_;
  std::multimap<Instant, InstanceId> ends_;
};

}  // namespace reeve::test
