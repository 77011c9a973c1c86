// Deployments, shutdown and what comes too late.
#include <support/hand.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::test;

namespace {

DeploymentObject deployment(std::int32_t replicas, Duration grace = seconds(30)) {
  DeploymentObject object;
  object.metadata.name = "web";
  object.spec.replicas = replicas;
  object.spec.selector.match_labels["app"] = "web";
  object.spec.pod_template.metadata.labels["app"] = "web";
  object.spec.pod_template.spec.containers.push_back(container_named("main"));
  object.spec.pod_template.spec.termination_grace_period = grace;
  return object;
}

// All that started in the newest step is running now.
void all_started(Hand& hand) {
  const Effects effects = hand.last;
  for (const auto& each : Hand::of<StartContainer>(effects)) hand.tell(ContainerStarted{each.instance, 5});
}

std::size_t active(const Hand& hand) {
  return static_cast<std::size_t>(std::ranges::count_if(hand.supervisor.pods(), &Pod::is_active));
}

void all_die(Hand& hand) {
  for (const Pod* pod : hand.supervisor.pods()) {
    for (const auto* list : {&pod->init_containers(), &pod->containers()}) {
      for (const Container& each : *list) {
        if (each.live_instance()) return hand.tell(ContainerExited{*each.live_instance(), {0, 9}}), all_die(hand);
      }
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(deployments)

BOOST_AUTO_TEST_CASE(a_deployment_keeps_its_number_of_pods_and_tells_so) {
  Hand hand;
  hand.tell(ObjectApplied{deployment(3)});
  BOOST_TEST(active(hand) == 3u);
  const std::string set = hand.supervisor.deployments().begin()->second->newest()->name().name;
  BOOST_TEST(hand.told("ScalingReplicaSet: Scaled up replica set " + set + " from 0 to 3"));
  const Pod* first = hand.supervisor.pods()[0];
  BOOST_TEST(hand.told("SuccessfulCreate: Created pod: " + first->metadata().name));
  BOOST_TEST(first->metadata().name.starts_with(set + "-"));
  BOOST_TEST(first->metadata().name.size() == set.size() + 6);
  BOOST_TEST(set == "web-" + first->metadata().labels.at("pod-template-hash"));
  all_started(hand);
  hand.remove(hand.supervisor.pods()[0]->metadata().name);
  BOOST_TEST(active(hand) == 3u);  // replaced while the old one still leaves
  BOOST_TEST(hand.supervisor.pods().size() == 4u);
}

BOOST_AUTO_TEST_CASE(a_container_that_ends_is_restarted_in_place) {
  Hand hand;
  hand.tell(ObjectApplied{deployment(1)});
  hand.started("main");
  hand.exits("main", 0);
  BOOST_TEST(hand.supervisor.pods().size() == 1u);
  BOOST_TEST(hand.supervisor.pods()[0]->restart_count() == 1);
}

BOOST_AUTO_TEST_CASE(scaling_down_takes_pending_then_unready_then_the_newest) {
  Hand hand;
  hand.tell(ObjectApplied{deployment(1)});
  all_started(hand);
  const PodId oldest = hand.supervisor.pods()[0]->id();
  hand.now += seconds(60);
  hand.tell(ObjectApplied{deployment(2)});
  all_started(hand);
  const PodId newer = hand.supervisor.pods()[1]->id();
  hand.tell(ObjectApplied{deployment(3)});  // the third stays pending
  const PodId pending = hand.supervisor.pods()[2]->id();
  const auto leaves = [&](PodId id) {
    for (const Pod* pod : hand.supervisor.pods()) {
      if (pod->id() == id) return pod->is_terminating();
    }
    return true;
  };
  hand.tell(ObjectApplied{deployment(2)});
  BOOST_TEST((leaves(pending) && !leaves(newer) && !leaves(oldest)));
  hand.tell(ObjectApplied{deployment(1)});
  BOOST_TEST((leaves(newer) && !leaves(oldest)));
  const std::string set = hand.supervisor.deployments().begin()->second->newest()->name().name;
  BOOST_TEST(hand.told("ScalingReplicaSet: Scaled down replica set " + set + " from 2 to 1"));
}

BOOST_AUTO_TEST_CASE(scaling_down_at_a_late_tick_starts_nothing_first) {
  Hand hand;
  hand.tell(ObjectApplied{deployment(1)});
  for (int i = 0; i < 2; ++i) {
    if (i == 0) hand.started("main");
    hand.exits("main", 1);
  }
  hand.now += seconds(100);  // the back-off is over, and nobody has ticked yet
  hand.tell(ObjectApplied{deployment(0)});
  BOOST_TEST(hand.count<StartContainer>() == 0u);
  BOOST_TEST(hand.supervisor.pods().empty());
}

BOOST_AUTO_TEST_CASE(a_deleted_deployment_takes_its_pods_with_it) {
  Hand hand;
  hand.tell(ObjectApplied{deployment(2)});
  all_started(hand);
  hand.tell(ObjectDeleted{{Kind::deployment, "default", "web"}, std::nullopt});
  BOOST_TEST(active(hand) == 0u);
  BOOST_TEST(hand.count<SignalContainer>() == 2u);
  all_die(hand);
  BOOST_TEST(hand.supervisor.pods().empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(shutdown)

BOOST_AUTO_TEST_CASE(everything_leaves_and_then_it_exits_once) {
  Hand hand;
  hand.tell(ObjectApplied{deployment(2)});
  all_started(hand);
  hand.tell(ShutdownRequested{});
  BOOST_TEST(hand.count<SignalContainer>() == 2u);
  BOOST_TEST(hand.count<Exit>() == 0u);
  all_die(hand);
  BOOST_TEST(Hand::of<Exit>(hand.all).size() == 1u);
  hand.tell(ShutdownRequested{});
  hand.tell(Ticked{});
  hand.tell(ObjectApplied{deployment(1)});
  BOOST_TEST(Hand::of<Exit>(hand.all).size() == 1u);
  BOOST_TEST(hand.supervisor.pods().empty());
}

BOOST_AUTO_TEST_CASE(with_nothing_to_stop_it_exits_at_once) {
  Hand hand;
  hand.tell(ShutdownRequested{});
  BOOST_TEST(hand.count<Exit>() == 1u);
}

BOOST_AUTO_TEST_CASE(asked_again_it_kills_at_once_sidecars_too) {
  Hand hand;
  hand.tell(ObjectApplied{pod_named("pod", {container_named("main")}, {sidecar_named("side")})});
  hand.started("side");
  hand.started("main");
  hand.tell(ShutdownRequested{});
  hand.tell(ShutdownRequested{});
  BOOST_TEST(hand.killed("main"));
  BOOST_TEST(hand.killed("side"));
  hand.tell(ShutdownRequested{});
  BOOST_TEST(hand.last.empty());
  all_die(hand);
  BOOST_TEST(Hand::of<Exit>(hand.all).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_changed_pod_does_not_come_back_during_a_shutdown) {
  Hand hand;
  hand.tell(ObjectApplied{pod_named("pod", {container_named("main")})});
  hand.started("main");
  hand.tell(ObjectApplied{pod_named("pod", {container_named("other")})});
  hand.tell(ShutdownRequested{});
  hand.dies("main", 15);
  BOOST_TEST(hand.count<StartContainer>() == 0u);
  BOOST_TEST(hand.count<Exit>() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(late_inputs)

BOOST_AUTO_TEST_CASE(they_change_nothing_and_are_counted) {
  Hand hand;
  hand.tell(ObjectApplied{pod_named("pod", {container_named("main")})});
  hand.started("main");
  const InstanceId dead = hand.instance("main");
  hand.exits("main", 1);
  const Input inputs[] = {ContainerStarted{dead, 1},    ContainerStartFailed{dead, "late"},
                          ContainerExited{dead, {}},    ProbeFinished{ProbeRunId{99}, {}},
                          ConnectionRefused{PodId{99}}, ListenerFailed{ServiceId{99}, "", ""}};
  for (const Input& each : inputs) {
    hand.tell(each);
    BOOST_TEST(hand.last.empty());
  }
  BOOST_TEST(hand.supervisor.late_inputs() == std::size(inputs));
}

BOOST_AUTO_TEST_SUITE_END()
