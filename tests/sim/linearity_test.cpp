// What is asked of the world per pod does not grow with the number of pods. What it costs, `make bench` tells.
#include <reeve/core/supervisor.hpp>

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace reeve;

namespace {

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
  std::vector<InstanceId> live;
  std::size_t effects = 0;

  void step(Input input) {
    pending_.push_back(std::move(input));
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      for (const Effect& each : supervisor_.step(now_, std::move(pending_[i]))) {
        ++effects;
        if (const auto* sandbox = std::get_if<StartSandbox>(&each)) {
          pending_.push_back(SandboxStarted{sandbox->pod->id, {}});
        } else if (const auto* start = std::get_if<StartContainer>(&each)) {
          live.push_back(start->instance);
          pending_.push_back(ContainerStarted{start->instance, 7});
        } else if (const auto* probe = std::get_if<StartProbe>(&each)) {
          pending_.push_back(ProbeFinished{probe->run, {}});
        } else if (const auto* drain = std::get_if<DrainEndpoint>(&each)) {
          pending_.push_back(EndpointDrained{drain->service, drain->pod});
        } else if (const auto* signal = std::get_if<SignalContainer>(&each)) {
          pending_.push_back(ContainerExited{signal->instance, {0, 15}});
        }
      }
    }
    pending_.clear();
  }
  void pass(Duration time) { now_ += time; }
  std::size_t pods() const { return supervisor_.pods().size(); }

 private:
  Supervisor supervisor_{SupervisorOptions{}};
  Instant now_{};
  std::vector<Input> pending_;
};

std::size_t effects_of(std::int32_t count) {
  Answers world;
  ServiceObject service;
  service.metadata.name = "web";
  service.spec.selector["app"] = "web";
  service.spec.ports.push_back({"", Protocol::tcp, 80, std::nullopt, std::nullopt});
  world.step(ObjectApplied{service});
  const std::size_t before = world.effects;
  world.step(ObjectApplied{deployment_of(count)});
  world.pass(seconds(10));
  world.step(Ticked{});
  const std::vector<InstanceId> first = world.live;
  for (const InstanceId each : first) world.step(ContainerExited{each, {1, 0}});
  world.step(ObjectApplied{deployment_of(0)});
  BOOST_TEST(world.pods() == 0u);
  return world.effects - before;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(linearity)

BOOST_AUTO_TEST_CASE(what_is_asked_per_pod_does_not_grow_with_their_number) {
  const std::size_t per_pod = effects_of(10) / 10;
  BOOST_TEST(per_pod > 0u);
  for (const std::int32_t count : {100, 1'000})
    BOOST_TEST(effects_of(count) <= (per_pod + 1) * static_cast<std::size_t>(count));
}

BOOST_AUTO_TEST_SUITE_END()
