// What it costs to decide a whole rollout: a virtual world in which everything asked for is done at once.
#include "rollout.hpp"

#include <reeve/core/supervisor.hpp>

#include <cstdio>
#include <ctime>
#include <deque>
#include <stdexcept>

namespace reeve::bench {
namespace {

DeploymentObject deployment_of(std::int32_t replicas, const char* version) {
  DeploymentObject object;
  object.metadata.name = "web";
  object.spec.replicas = replicas;
  object.spec.selector.match_labels["app"] = "web";
  object.spec.pod_template.metadata.labels["app"] = "web";
  ContainerSpec& container = object.spec.pod_template.spec.containers.emplace_back();
  container.name = "main";
  container.command = {"/bin/app", version};
  container.readiness_probe.emplace().exec = ExecAction{{"check"}};
  return object;
}

class VirtualWorld {
 public:
  // Until nothing is asked any more; microseconds of CPU time, for others may use this machine too.
  double tell(Input input) {
    const std::clock_t began = std::clock();
    queue_.push_back(std::move(input));
    while (!queue_.empty()) {
      Input next = std::move(queue_.front());
      queue_.pop_front();
      for (const Effect& each : supervisor_.step({}, std::move(next))) perform(each);
    }
    return static_cast<double>(std::clock() - began) * 1e6 / CLOCKS_PER_SEC;
  }
  bool has_all_of(std::int32_t replicas) const {
    const auto& deployment = *supervisor_.deployments().begin()->second;
    return deployment.counts().available == replicas && deployment.counts().updated == replicas &&
           static_cast<std::int32_t>(supervisor_.pods().size()) == replicas;
  }
  std::size_t pods() const { return supervisor_.pods().size(); }

 private:
  void perform(const Effect& effect) {
    if (const auto* sandbox = std::get_if<StartSandbox>(&effect)) {
      queue_.push_back(SandboxStarted{sandbox->pod->id, {}});
    } else if (const auto* start = std::get_if<StartContainer>(&effect)) {
      queue_.push_back(ContainerStarted{start->instance, 7});
    } else if (const auto* probe = std::get_if<StartProbe>(&effect)) {
      queue_.push_back(ProbeFinished{probe->run, {}});
    } else if (const auto* signal = std::get_if<SignalContainer>(&effect)) {
      queue_.push_back(ContainerExited{signal->instance, {0, 15}});
    }
  }
  Supervisor supervisor_{SupervisorOptions{}};
  std::deque<Input> queue_;
};

}  // namespace

void measure_rollouts() {
  std::printf("\nwhat it costs to decide, microseconds per replica\n");
  std::printf("  %8s %10s %10s %10s\n", "replicas", "created", "rolled", "removed");
  for (const std::int32_t replicas : {10, 100, 1'000, 10'000}) {
    VirtualWorld world;
    const double created = world.tell(ObjectApplied{deployment_of(replicas, "v1")});
    const double rolled = world.tell(ObjectApplied{deployment_of(replicas, "v2")});
    const bool complete = world.has_all_of(replicas);
    const double removed = world.tell(ObjectApplied{deployment_of(0, "v2")});
    if (!complete || world.pods() != 0) throw std::runtime_error("a rollout that did not complete was measured");
    std::printf("  %8d %10.2f %10.2f %10.2f\n", replicas, created / replicas, rolled / replicas, removed / replicas);
  }
}

}  // namespace reeve::bench
