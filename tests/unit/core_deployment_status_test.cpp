// Conditions of a deployment and its progress deadline.
#include <support/rollout.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::test;

namespace {

constexpr auto available = DeploymentConditionType::available;
constexpr auto progress = DeploymentConditionType::progressing;

std::string message(const Rollout& world, DeploymentConditionType type = progress) {
  return world.deployment().condition(type)->message;
}
std::int64_t updated_at(const Rollout& world) {
  return whole_seconds(world.deployment().condition(progress)->last_update.time_since_epoch());
}
std::int64_t changed_at(const Rollout& world, DeploymentConditionType type = progress) {
  return whole_seconds(world.deployment().condition(type)->last_transition.time_since_epoch());
}

DeploymentObject with_deadline(DeploymentObject object, Duration deadline) {
  object.spec.progress_deadline = deadline;
  return object;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(core_deployment_status)

BOOST_AUTO_TEST_CASE(conditions_tell_reason_and_message_as_kubernetes_does) {
  Rollout world;
  world.apply(deployment_of(3));
  const std::string v1 = world.set("v1")->name().name;
  BOOST_TEST(world.condition(available) == "False MinimumReplicasUnavailable");
  BOOST_TEST(message(world, available) == "Deployment does not have minimum availability.");
  BOOST_TEST(world.progressing() == "True ReplicaSetUpdated");
  BOOST_TEST(message(world) == "ReplicaSet \"" + v1 + "\" is progressing.");
  world.advance(seconds(10));
  world.one_ready("v1");
  BOOST_TEST(updated_at(world) == 10);
  BOOST_TEST(changed_at(world) == 0);
  world.advance(seconds(10));
  world.all_ready("v1");
  BOOST_TEST(world.condition(available) == "True MinimumReplicasAvailable");
  BOOST_TEST(message(world, available) == "Deployment has minimum availability.");
  BOOST_TEST(changed_at(world, available) == 20);
  BOOST_TEST(world.progressing() == "True NewReplicaSetAvailable");
  BOOST_TEST(message(world) == "ReplicaSet \"" + v1 + "\" has successfully progressed.");
  BOOST_TEST(changed_at(world) == 0);  // it was True before
  world.advance(seconds(10));
  world.apply(deployment_of(3, "v2"));
  const std::string v2 = world.set("v2")->name().name;
  BOOST_TEST(world.progressing() == "True ReplicaSetUpdated");
  BOOST_TEST(message(world) == "ReplicaSet \"" + v2 + "\" is progressing.");
  world.apply(deployment_of(3, "v1"));
  BOOST_TEST(message(world) == "ReplicaSet \"" + v1 + "\" has successfully progressed.");
  world.apply(deployment_of(3, "v2"));
  world.all_ready("v2");
  BOOST_TEST(message(world) == "ReplicaSet \"" + v2 + "\" has successfully progressed.");
}

BOOST_AUTO_TEST_CASE(a_rollout_without_progress_times_out_and_one_that_goes_on_recovers) {
  Rollout world;
  world.apply(deployment_of(3));
  world.all_ready("v1");
  world.advance(seconds(100));
  world.apply(deployment_of(3, "v2"));
  world.advance(seconds(599));
  BOOST_TEST(world.progressing() == "True ReplicaSetUpdated");
  world.advance(seconds(1));
  BOOST_TEST(world.progressing() == "False ProgressDeadlineExceeded");
  BOOST_TEST(message(world) == "ReplicaSet \"" + world.set("v2")->name().name + "\" has timed out progressing.");
  BOOST_TEST(changed_at(world) == 700);
  BOOST_TEST(!world.deployment().deadline().has_value());
  world.advance(seconds(1000));
  world.one_ready("v2");
  BOOST_TEST(world.progressing() == "True ReplicaSetUpdated");
  BOOST_TEST(changed_at(world) == 1700);
  world.all_ready("v2");
  BOOST_TEST(world.progressing() == "True NewReplicaSetAvailable");
}

BOOST_AUTO_TEST_CASE(each_step_forward_puts_the_deadline_off) {
  Rollout world;
  world.apply(with_deadline(deployment_of(4), seconds(60)));
  for (int i = 0; i < 3; ++i) {
    world.advance(seconds(59));
    world.one_ready("v1");
    BOOST_TEST(world.progressing() == "True ReplicaSetUpdated");
  }
  world.advance(seconds(60));
  BOOST_TEST(world.progressing() == "False ProgressDeadlineExceeded");
}

BOOST_AUTO_TEST_CASE(one_that_was_complete_is_not_judged_any_more) {
  Rollout world;
  world.apply(deployment_of(3));
  world.all_ready("v1");
  world.one_unready("v1");
  world.one_unready("v1");
  world.advance(seconds(10'000));
  BOOST_TEST(world.condition(available) == "False MinimumReplicasUnavailable");
  BOOST_TEST(world.progressing() == "True NewReplicaSetAvailable");
  BOOST_CHECK((world.deployment().counts() == rollout::Counts{3, 3, 1, 1, 2, 0}));
}

BOOST_AUTO_TEST_CASE(no_deadline_no_condition) {
  Rollout world;
  world.apply(with_deadline(deployment_of(3), seconds(unlimited)));
  BOOST_TEST(world.progressing() == "none");
  world.advance(seconds(10'000));
  BOOST_TEST(world.progressing() == "none");
  world.apply(with_deadline(deployment_of(3), seconds(60)));
  BOOST_TEST(world.progressing() == "True FoundNewReplicaSet");
  BOOST_TEST(message(world) == "Found new replica set \"" + world.set("v1")->name().name + "\"");
  world.advance(seconds(60));
  BOOST_TEST(world.progressing() == "False ProgressDeadlineExceeded");
  world.apply(with_deadline(deployment_of(3), seconds(unlimited)));
  BOOST_TEST(world.progressing() == "none");
}

BOOST_AUTO_TEST_CASE(the_clock_of_the_deadline_stops_while_paused) {
  Rollout world;
  world.apply(deployment_of(3));
  world.advance(seconds(500));
  DeploymentObject object = deployment_of(3);
  object.spec.paused = true;
  world.apply(object);
  BOOST_TEST(world.progressing() == "Unknown DeploymentPaused");
  BOOST_TEST(message(world) == "Deployment is paused");
  world.advance(seconds(10'000));
  BOOST_TEST(world.progressing() == "Unknown DeploymentPaused");
  world.apply(deployment_of(3));
  BOOST_TEST(world.progressing() == "Unknown DeploymentResumed");
  BOOST_TEST(message(world) == "Deployment is resumed");
  world.advance(seconds(599));
  BOOST_TEST(world.progressing() == "Unknown DeploymentResumed");
  world.advance(seconds(1));
  BOOST_TEST(world.progressing() == "False ProgressDeadlineExceeded");
  world.apply(object);  // what timed out says so while it is paused
  BOOST_TEST(world.progressing() == "False ProgressDeadlineExceeded");
}

BOOST_AUTO_TEST_CASE(a_new_revision_gets_the_whole_deadline) {
  Rollout world;
  world.apply(deployment_of(3));
  world.all_ready("v1");
  world.apply(deployment_of(3, "v2"));
  world.advance(seconds(500));
  world.apply(deployment_of(3, "v3"));
  world.advance(seconds(599));
  BOOST_TEST(world.progressing().starts_with("True "));
  world.advance(seconds(1));
  BOOST_TEST(world.progressing() == "False ProgressDeadlineExceeded");
}

BOOST_AUTO_TEST_CASE(recreate_is_judged_while_old_pods_stop) {
  DeploymentObject object = deployment_of(3);
  object.spec.strategy = {StrategyType::recreate, std::nullopt};
  Rollout world;
  world.apply(object);
  world.all_ready("v1");
  world.stops_at_once = false;
  object.spec.pod_template = deployment_of(3, "v2").spec.pod_template;
  world.apply(object);
  BOOST_TEST(world.progressing() == "True ReplicaSetUpdated");
  BOOST_TEST(message(world) == "Deployment \"web\" is progressing.");
  world.let_stop();
  BOOST_TEST(world.progressing() == "True ReplicaSetUpdated");
  world.advance(seconds(600));
  BOOST_TEST(world.progressing() == "False ProgressDeadlineExceeded");
}

BOOST_AUTO_TEST_CASE(counts_follow_every_pod) {
  Rollout world;
  world.apply(deployment_of(10));
  BOOST_CHECK((world.deployment().counts() == rollout::Counts{10, 10, 0, 0, 10, 0}));
  world.all_ready("v1");
  BOOST_CHECK((world.deployment().counts() == rollout::Counts{10, 10, 10, 10, 0, 0}));
  world.stops_at_once = false;
  world.apply(deployment_of(10, "v2"));
  BOOST_CHECK((world.deployment().counts() == rollout::Counts{13, 5, 8, 8, 5, 2}));
  world.one_ready("v2");
  BOOST_CHECK((world.deployment().counts() == rollout::Counts{13, 6, 8, 8, 5, 3}));
  world.let_stop();
  BOOST_CHECK((world.deployment().counts() == rollout::Counts{13, 6, 8, 8, 5, 0}));
}

BOOST_AUTO_TEST_CASE(watchers_are_told_when_only_time_passed) {
  Rollout world;
  world.apply(deployment_of(1));
  world.supervisor.keep_changes();
  world.advance(seconds(600));
  const std::vector<Change> changes = world.supervisor.take_changes();
  BOOST_TEST(std::ranges::any_of(changes, [](const Change& each) {
    return each.resource == Resource::deployments && each.type == ChangeType::modified;
  }));
}

BOOST_AUTO_TEST_SUITE_END()
