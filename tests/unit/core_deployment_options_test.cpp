// Reeve's own options of a deployment on the virtual clock: autoRollback and livenessBudget.
#include <support/rollout.hpp>
#include <support/script.hpp>

#include <boost/test/unit_test.hpp>

#include <set>

using namespace reeve;
using namespace reeve::test;

namespace {

DeploymentObject undoing(DeploymentObject object) {
  object.spec.auto_rollback = true;
  object.spec.progress_deadline = seconds(100);
  return object;
}

DeploymentObject caused(DeploymentObject object, const std::string& cause) {
  object.metadata.annotations[annotation::change_cause] = cause;
  return object;
}

// v1 is complete.
class Undoing : public Rollout {
 public:
  explicit Undoing(std::int32_t replicas = 3) : replicas_(replicas) { complete("v1"); }
  void complete(const std::string& version) {
    update(version);
    all_ready(version);
    scaled();
  }
  void update(const std::string& version) {
    apply(caused(undoing(deployment_of(replicas_, version)), "to " + version));
  }
  std::string newest() const { return deployment().newest()->pod_template().spec.containers[0].command[1]; }
  std::vector<std::string> rollbacks() const {
    std::vector<std::string> told;
    for (const Event& each : events) {
      if (each.reason == "DeploymentRollback") told.push_back(each.message);
    }
    return told;
  }

 private:
  std::int32_t replicas_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(core_deployment_options)

// --- autoRollback. ---

BOOST_AUTO_TEST_CASE(an_update_that_is_stuck_is_undone_without_a_healthy_pod_leaving) {
  Undoing world(10);
  world.update("v2");
  BOOST_TEST(world.ready("v1") == 8u);
  std::vector<PodId> healthy;
  for (const Pod* each : world.pods("v1")) healthy.push_back(each->id());
  world.advance(seconds(99));
  BOOST_TEST(world.newest() == "v2");
  world.scaled();
  world.advance(seconds(1));
  BOOST_REQUIRE(world.rollbacks().size() == 1u);
  BOOST_TEST(world.rollbacks()[0] == "Rolled back deployment \"web\" to revision 1");
  BOOST_TEST(world.newest() == "v1");
  BOOST_TEST(world.scaled() == "v2 5->0, v1 8->10");
  for (const PodId each : healthy) {
    BOOST_TEST(std::ranges::any_of(world.pods("v1"), [&](const Pod* pod) { return pod->id() == each; }));
  }
  BOOST_TEST(world.revisions() == "2,3");
  BOOST_TEST(world.deployment().object().metadata.annotations.at(annotation::change_cause) == "to v1");
  BOOST_TEST(world.deployment().generation() == 3);
  BOOST_TEST(world.deployment().observed_generation() == 3);
  BOOST_TEST(world.progressing() == "True ReplicaSetUpdated");
  world.all_ready("v1");
  BOOST_TEST(world.progressing() == "True NewReplicaSetAvailable");
}

BOOST_AUTO_TEST_CASE(nothing_is_undone_without_the_option_a_deadline_or_a_revision_before) {
  Rollout first;
  first.apply(undoing(deployment_of(2)));
  first.advance(seconds(5000));
  BOOST_TEST(first.progressing() == "False ProgressDeadlineExceeded");
  BOOST_TEST(first.revisions() == "1");
  Undoing without;
  DeploymentObject object = undoing(deployment_of(3, "v2"));
  object.spec.auto_rollback = false;
  without.apply(object);
  without.advance(seconds(5000));
  BOOST_TEST(without.progressing() == "False ProgressDeadlineExceeded");
  object.spec.auto_rollback = true;  // written later, it helps at once
  without.apply(object);
  BOOST_TEST(without.newest() == "v1");
  Undoing patient;
  object.spec.progress_deadline = seconds(unlimited);
  patient.apply(object);
  patient.advance(seconds(50'000));
  BOOST_TEST(patient.newest() == "v2");
}

BOOST_AUTO_TEST_CASE(nothing_is_undone_while_paused) {
  Undoing world;
  DeploymentObject object = undoing(deployment_of(3, "v2"));
  object.spec.auto_rollback = false;
  world.apply(object);
  world.advance(seconds(100));
  BOOST_TEST(world.progressing() == "False ProgressDeadlineExceeded");
  object.spec.auto_rollback = object.spec.paused = true;
  world.apply(object);
  world.advance(seconds(5000));
  BOOST_TEST(world.newest() == "v2");
  object.spec.paused = false;
  world.apply(object);
  BOOST_TEST(world.newest() == "v1");
}

BOOST_AUTO_TEST_CASE(what_came_back_by_itself_is_not_left_by_itself) {
  Undoing world;
  world.update("v2");
  while (world.ready("v1") > 0) world.one_unready("v1");  // now neither works
  world.advance(seconds(100));
  BOOST_TEST(world.newest() == "v1");
  world.advance(seconds(10'000));
  BOOST_TEST(world.progressing() == "False ProgressDeadlineExceeded");
  BOOST_TEST(world.newest() == "v1");
  BOOST_TEST(world.rollbacks().size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_same_update_is_not_undone_twice_in_a_row_but_another_one_is) {
  Undoing world;
  world.update("v2");
  world.advance(seconds(100));
  BOOST_TEST(world.newest() == "v1");
  world.all_ready("v1");
  world.update("v2");  // somebody insists
  world.advance(seconds(5000));
  BOOST_TEST(world.newest() == "v2");
  BOOST_TEST(world.progressing() == "False ProgressDeadlineExceeded");
  world.update("v3");
  world.advance(seconds(100));
  BOOST_TEST(world.newest() == "v1");  // that has pods available, v2 is newer and has none
  world.all_ready("v1");
  world.complete("v4");  // what goes well ends the row
  world.update("v3");
  world.advance(seconds(100));
  BOOST_TEST(world.newest() == "v4");
  BOOST_TEST(world.rollbacks().size() == 3u);
}

BOOST_AUTO_TEST_CASE(recreate_is_undone_too) {
  Rollout world;
  const auto recreating = [](DeploymentObject object) {
    object.spec.strategy = {StrategyType::recreate, std::nullopt};
    return object;
  };
  world.apply(recreating(undoing(deployment_of(2))));
  world.all_ready("v1");
  world.apply(recreating(undoing(deployment_of(2, "v2"))));
  world.advance(seconds(100));
  BOOST_TEST(world.size("v1") == 2);
  BOOST_TEST(world.size("v2") == 0);
  world.all_ready("v1");
  BOOST_TEST(world.progressing() == "True NewReplicaSetAvailable");
}

// --- livenessBudget. ---

namespace {

// Pods that are ready five seconds after their start; a test says whose liveness fails.
class Living : public Script {
 public:
  std::set<std::string> sick;
  std::set<std::string> unready;
  Instant sick_before{};  // every run that began before this
  std::map<InstanceId, Instant> began;
  std::int64_t fewest = 1000;  // available, at any effect

  explicit Living(DeploymentObject object) : object_(std::move(object)) {
    probe = [this](const StartProbe& effect, Instant at) {
      const std::string& name = supervisor.find_pod("default", pod_of(effect.instance))->identity().name;
      bool good = began[effect.instance] >= sick_before && !sick.contains(name);
      if (effect.type == ProbeType::readiness)
        good = !unready.contains(name) && at >= began[effect.instance] + seconds(5);
      return ProbeOutcome{good ? ProbeResult::success : ProbeResult::failure, ""};
    };
    watch = [this](const Effect& effect, Instant at) {
      if (const auto* start = std::get_if<StartContainer>(&effect)) began[start->instance] = at;
      if (is_up_) fewest = std::min(fewest, deployment().counts().available);
    };
    tell(ObjectApplied{object_});
    advance(seconds(9));
    is_up_ = true;
  }
  const Deployment& deployment() const { return *supervisor.deployments().begin()->second; }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const Pod* each : supervisor.pods()) all.push_back(each->identity().name);
    return all;
  }
  std::size_t restarts() const {
    std::size_t sum = 0;
    for (const Pod* each : supervisor.pods()) sum += static_cast<std::size_t>(each->restart_count());
    return sum;
  }
  void change(auto&& how) {
    how(object_.spec);
    tell(ObjectApplied{object_});
  }

 private:
  std::string pod_of(InstanceId instance) const {
    for (const Pod* each : supervisor.pods()) {
      if (each->containers()[0].live_instance() == instance) return each->identity().name;
    }
    return {};
  }
  DeploymentObject object_;
  bool is_up_ = false;
};

DeploymentObject living(std::int32_t replicas, std::int32_t unavailable) {
  DeploymentObject object = deployment_of(replicas);
  object.spec.liveness_budget = true;
  object.spec.strategy.rolling_update = {unavailable == 0 ? 1 : 0, unavailable};
  ContainerSpec& container = object.spec.pod_template.spec.containers[0];
  container.readiness_probe->period = seconds(1);
  ProbeSpec& liveness = container.liveness_probe.emplace();
  liveness.exec = ExecAction{{"check"}};
  liveness.period = seconds(10);
  liveness.failure_threshold = 1;
  object.spec.pod_template.spec.restart_backoff.initial = seconds(1);
  object.spec.pod_template.spec.restart_backoff.max = seconds(1);
  return object;
}

}  // namespace

BOOST_AUTO_TEST_CASE(liveness_kills_take_turns_when_all_are_sick_at_once) {
  Living world(living(4, 1));
  world.sick_before = world.now;
  world.advance(seconds(1));  // all fail in one instant
  BOOST_TEST(world.restarts() == 1u);
  BOOST_TEST(world.count_events("LivenessKillDelayed") == 3u);
  world.advance(seconds(4));  // the first is back
  BOOST_TEST(world.restarts() == 1u);
  world.advance(seconds(1));
  BOOST_TEST(world.restarts() == 2u);
  world.advance(seconds(5));
  BOOST_TEST(world.restarts() == 3u);
  world.advance(seconds(5));
  BOOST_TEST(world.restarts() == 4u);
  BOOST_TEST(world.count_events("LivenessKillDelayed") == 3u);  // once for each wait
  BOOST_TEST(world.fewest == 3);
}

BOOST_AUTO_TEST_CASE(without_the_option_all_are_killed_at_once) {
  DeploymentObject object = living(4, 1);
  object.spec.liveness_budget = false;
  Living world(object);
  world.sick_before = Instant::max();
  world.advance(seconds(1));
  BOOST_TEST(world.restarts() == 4u);
  BOOST_TEST(world.count_events("LivenessKillDelayed") == 0u);
}

BOOST_AUTO_TEST_CASE(a_probe_that_recovers_ends_the_wait) {
  Living world(living(2, 0));
  world.sick.insert(world.names()[0]);
  world.advance(seconds(35));
  BOOST_TEST(world.restarts() == 0u);
  BOOST_TEST(world.count_events("LivenessKillDelayed") == 1u);
  BOOST_TEST(world.pod(world.names()[0]).waits_for_kill());
  world.sick.clear();
  world.advance(seconds(10));
  BOOST_TEST(!world.pod(world.names()[0]).waits_for_kill());
  world.change([](DeploymentSpec& spec) { spec.liveness_budget = false; });
  BOOST_TEST(world.restarts() == 0u);
  world.change([](DeploymentSpec& spec) { spec.liveness_budget = true; });
  world.sick.insert(world.names()[0]);  // the next wait is told again
  world.advance(seconds(10));
  BOOST_TEST(world.count_events("LivenessKillDelayed") == 2u);
}

BOOST_AUTO_TEST_CASE(a_wait_ends_when_the_minimum_or_the_option_does) {
  Living lower(living(2, 0));
  lower.sick.insert(lower.names()[0]);
  lower.advance(seconds(5));
  BOOST_TEST(lower.restarts() == 0u);
  lower.change([](DeploymentSpec& spec) { spec.strategy.rolling_update = {0, 1}; });
  BOOST_TEST(lower.restarts() == 1u);
  Living off(living(2, 0));
  off.sick.insert(off.names()[0]);
  off.advance(seconds(5));
  off.change([](DeploymentSpec& spec) { spec.liveness_budget = false; });
  BOOST_TEST(off.restarts() == 1u);
}

BOOST_AUTO_TEST_CASE(a_pod_that_is_not_available_anyway_is_killed_at_once) {
  Living world(living(2, 0));
  world.unready.insert(world.names()[0]);
  world.advance(seconds(0));
  world.sick.insert(world.names()[1]);
  world.advance(seconds(6));
  BOOST_TEST(world.restarts() == 0u);
  world.unready.insert(world.names()[1]);  // it waits, and then it is ready no longer
  world.advance(seconds(4));
  BOOST_TEST(world.pod(world.names()[1]).restart_count() == 1);
}

BOOST_AUTO_TEST_CASE(a_startup_probe_kills_whatever_the_budget_is) {
  DeploymentObject object = living(2, 0);
  ContainerSpec& container = object.spec.pod_template.spec.containers[0];
  container.startup_probe = std::exchange(container.liveness_probe, {});
  object.spec.min_ready = seconds(0);
  Living world(object);
  world.sick_before = Instant::max();
  world.tell(RestartRequested{world.deployment().name()});
  world.advance(seconds(11));
  BOOST_TEST(world.restarts() >= 2u);
}

// What is being killed counts as gone, though it still answers.
BOOST_AUTO_TEST_CASE(an_update_does_not_take_what_a_liveness_kill_is_about_to_take) {
  Living world(living(4, 1));
  world.run = [](const StartContainer&, int) { return Script::Run{Duration::max(), {}, false}; };
  world.change([](DeploymentSpec& spec) { spec.replicas = 5; });
  world.advance(seconds(6));
  const std::string last = world.names().back();
  world.sick.insert(last);
  world.advance(seconds(5));
  BOOST_TEST(world.pod(last).is_restarting());
  BOOST_TEST(world.deployment().counts().available == 5);
  world.change([](DeploymentSpec& spec) { spec.pod_template.spec.containers[0].command[1] = "v2"; });
  BOOST_TEST(world.deployment().replica_sets()[0]->size() == 5);
}

BOOST_AUTO_TEST_SUITE_END()
