#pragma once
// A supervisor held by hand: nothing happens in its world but what a test tells it, step by step.

#include <reeve/core/supervisor.hpp>
#include <support/pass_time.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::test {

// "drain 0, cut 10000, stop 10500": how far a pod's leaving has come, and when its steps began, in milliseconds.
inline std::string steps(const Pod& pod) {
  std::string text;
  for (const LeavingRecord& each : pod.leaving_steps()) {
    text += (text.empty() ? "" : ", ") + std::string(leaving_step_name(each.step)) + ' ' +
            std::to_string(each.since.time_since_epoch().count() / 1'000'000);
  }
  return text;
}

class Hand {
 public:
  Supervisor supervisor{SupervisorOptions{}};
  Instant now{};
  Effects last;  // of the newest step
  Effects all;
  bool makes_sandboxes = true;  // at once, as if in the same step
  bool drains = true;           // likewise
  std::int32_t next_port = 40001;

  void tell(Input input) {
    last = supervisor.step(now, std::move(input));
    for (std::size_t i = 0; i < last.size(); ++i) {
      Effects more;
      if (const auto* start = std::get_if<StartSandbox>(&last[i]); start != nullptr && makes_sandboxes) {
        more = supervisor.step(now, sandbox_of(*start));
      } else if (const auto* drain = std::get_if<DrainEndpoint>(&last[i]); drain != nullptr && drains) {
        more = supervisor.step(now, EndpointDrained{drain->service, drain->pod});
      }
      last.insert(last.end(), more.begin(), more.end());
    }
    all.insert(all.end(), last.begin(), last.end());
  }

  SandboxStarted sandbox_of(const StartSandbox& start) {
    SandboxStarted started{start.pod->id, {}};
    for (std::size_t i = 0; i < start.ports; ++i) started.ports.push_back(next_port++);
    return started;
  }

  // Lets virtual time pass; ticks come when they are wanted.
  void advance(Duration duration) { pass_time(*this, duration); }

  template <class Wanted>
  static std::vector<Wanted> of(const Effects& effects) {
    std::vector<Wanted> found;
    for (const Effect& each : effects) {
      if (const auto* wanted = std::get_if<Wanted>(&each)) found.push_back(*wanted);
    }
    return found;
  }
  template <class Wanted>
  std::size_t count() const {
    return of<Wanted>(last).size();
  }

  // The newest run of the container of that name.
  InstanceId instance(std::string_view container) const {
    InstanceId found{};
    for (const auto& each : of<StartContainer>(all)) {
      if (each.container->name == container) found = each.instance;
    }
    return found;
  }
  ProbeRunId run(std::string_view container, ProbeType type) const {
    ProbeRunId found{};
    for (const auto& each : of<StartProbe>(all)) {
      if (each.container->name == container && each.type == type) found = each.run;
    }
    return found;
  }

  ProbeRunId hook(std::string_view container) const {
    ProbeRunId found{};
    for (const auto& each : of<StartHook>(all)) {
      if (each.container->name == container) found = each.run;
    }
    return found;
  }
  void hook_ends(std::string_view container, ProbeResult result = ProbeResult::success, std::string text = {}) {
    tell(ProbeFinished{hook(container), {result, std::move(text)}});
  }

  void started(std::string_view container) { tell(ContainerStarted{instance(container), 77}); }
  void exits(std::string_view container, int code) { tell(ContainerExited{instance(container), {code, 0}}); }
  void dies(std::string_view container, int signal) { tell(ContainerExited{instance(container), {0, signal}}); }
  void start_fails(std::string_view container, std::string message) {
    tell(ContainerStartFailed{instance(container), std::move(message)});
  }
  void answers(std::string_view container, ProbeType type, ProbeResult result, std::string text = "text") {
    tell(ProbeFinished{run(container, type), {result, std::move(text)}});
  }
  void remove(const std::string& pod, std::optional<Duration> grace = std::nullopt) {
    tell(ObjectDeleted{{Kind::pod, "default", pod}, grace});
  }

  const Pod& pod(const std::string& name) const { return *supervisor.find_pod("default", name); }
  bool exists(const std::string& name) const { return supervisor.find_pod("default", name) != nullptr; }

  bool signalled(std::string_view container) const {
    return std::ranges::any_of(of<SignalContainer>(last),
                               [&](const auto& e) { return e.instance == instance(container); });
  }
  bool killed(std::string_view container) const {
    return std::ranges::any_of(of<KillContainer>(last),
                               [&](const auto& e) { return e.instance == instance(container); });
  }

  // "Reason: message" of each event of the newest step.
  std::vector<std::string> told() const {
    std::vector<std::string> texts;
    for (const auto& each : of<ReportEvent>(last))
      texts.push_back(std::string(each.event.reason) + ": " + each.event.message);
    return texts;
  }
  bool told(const std::string& text) const {
    const auto texts = told();
    return std::ranges::find(texts, text) != texts.end();
  }
};

inline ContainerSpec container_named(std::string name) {
  ContainerSpec container;
  container.name = std::move(name);
  container.command = {"/bin/app"};
  return container;
}

inline ContainerSpec sidecar_named(std::string name) {
  ContainerSpec container = container_named(std::move(name));
  container.restart_policy = RestartPolicy::always;
  return container;
}

inline PodObject pod_named(std::string name, std::vector<ContainerSpec> containers,
                           std::vector<ContainerSpec> init_containers = {}) {
  PodObject pod;
  pod.metadata.name = std::move(name);
  pod.metadata.labels["app"] = pod.metadata.name;
  pod.spec.containers = std::move(containers);
  pod.spec.init_containers = std::move(init_containers);
  return pod;
}

inline ProbeSpec exec_probe(Duration delay = Duration{0}, Duration period = seconds(10), int failures = 3,
                            int successes = 1) {
  ProbeSpec probe;
  probe.exec = ExecAction{{"check"}};
  probe.initial_delay = delay;
  probe.period = period;
  probe.failure_threshold = failures;
  probe.success_threshold = successes;
  return probe;
}

}  // namespace reeve::test
