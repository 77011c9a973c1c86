// How the work per pod grows with the number of pods: told, never asserted, for clocks differ.
#include <reeve/core/supervisor.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <vector>

using namespace reeve;

namespace {

struct Figures {
  double created = 0, ready = 0, crashed = 0, removed = 0;
  std::size_t effects = 0;
};

DeploymentObject deployment_of(std::int32_t replicas) {
  DeploymentObject object;
  object.metadata.name = "web";
  object.spec.replicas = replicas;
  object.spec.pod_template.metadata.labels["app"] = "web";
  ContainerSpec container;
  container.name = "main";
  container.command = {"/bin/app"};
  container.readiness_probe = ProbeSpec{};
  container.readiness_probe->exec = ExecAction{{"check"}};
  object.spec.pod_template.spec.containers.push_back(container);
  return object;
}

// Answers every effect of the ways of a pod until nothing is asked any more.
class Answers {
 public:
  Figures figures;
  std::vector<InstanceId> live;

  double step(Input input) {
    const auto began = std::chrono::steady_clock::now();
    pending_.push_back(std::move(input));
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      for (const Effect& each : supervisor_.step(now_, std::move(pending_[i]))) {
        figures.effects += 1;
        if (const auto* sandbox = std::get_if<StartSandbox>(&each)) {
          pending_.push_back(SandboxStarted{sandbox->pod->id, {}});
        } else if (const auto* start = std::get_if<StartContainer>(&each)) {
          live.push_back(start->instance);
          pending_.push_back(ContainerStarted{start->instance, 7});
        } else if (const auto* probe = std::get_if<StartProbe>(&each)) {
          pending_.push_back(ProbeFinished{probe->run, {}});
        } else if (const auto* signal = std::get_if<SignalContainer>(&each)) {
          pending_.push_back(ContainerExited{signal->instance, {0, 15}});
        }
      }
    }
    pending_.clear();
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - began).count();
  }
  void pass(Duration time) { now_ += time; }
  std::size_t pods() const { return supervisor_.pods().size(); }

 private:
  Supervisor supervisor_{SupervisorOptions{}};
  Instant now_{};
  std::vector<Input> pending_;
};

Figures walk(std::int32_t count) {
  Answers world;
  ServiceObject service;
  service.metadata.name = "web";
  service.spec.selector["app"] = "web";
  service.spec.ports.push_back({"", Protocol::tcp, 80, std::nullopt, std::nullopt});
  world.step(ObjectApplied{service});
  world.figures.created = world.step(ObjectApplied{deployment_of(count)});
  world.pass(seconds(10));
  world.figures.ready = world.step(Ticked{});
  const std::vector<InstanceId> first = world.live;
  for (const InstanceId each : first) world.figures.crashed += world.step(ContainerExited{each, {1, 0}});
  world.figures.removed = world.step(ObjectApplied{deployment_of(0)});
  BOOST_TEST(world.pods() == 0u);
  return world.figures;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(linearity)

BOOST_AUTO_TEST_CASE(the_work_per_pod_stays_about_the_same_from_10_to_10000_pods) {
  std::cerr << "microseconds per pod:   started   probed  crashed  removed  effects\n";
  for (const std::int32_t count : {10, 100, 1'000, 10'000}) {
    const Figures figures = walk(count);
    std::cerr << std::setw(14) << count << " pods:  " << std::fixed << std::setprecision(2);
    for (const double each : {figures.created, figures.ready, figures.crashed, figures.removed}) {
      std::cerr << std::setw(9) << each / count;
    }
    std::cerr << std::setw(9) << static_cast<double>(figures.effects) / count << '\n';
  }
}

BOOST_AUTO_TEST_SUITE_END()
