// What a pod shows: STATUS words (section 13.3), conditions with their reasons and messages (section 8.3).
#include <support/hand.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::test;

namespace {

Condition condition(const Hand& hand, ConditionType type) {
  for (const Condition& each : hand.pod("pod").conditions()) {
    if (each.type == type) return each;
  }
  return {};
}

std::string shown(const Condition& condition) {
  return std::string(condition.status ? "True" : "False") + '|' + std::string(condition.reason) + '|' +
         condition.message;
}

// Two containers whose ends are given; a code below 0 means that it still runs.
std::string word_of(int first, int second, RestartPolicy policy = RestartPolicy::never, bool second_ready = true) {
  Hand hand;
  PodObject pod = pod_named("pod", {container_named("a"), container_named("b")});
  pod.spec.restart_policy = policy;
  if (!second_ready) pod.spec.containers[1].readiness_probe = exec_probe(seconds(100));
  hand.tell(ObjectApplied{pod});
  hand.started("a");
  hand.started("b");
  if (first >= 0) hand.exits("a", first);
  if (second >= 0) hand.exits("b", second);
  return hand.pod("pod").status_word();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(status)

BOOST_AUTO_TEST_CASE(the_first_containers_trouble_wins_the_status_word) {
  BOOST_TEST(word_of(-1, -1) == "Running");
  BOOST_TEST(word_of(0, 0) == "Completed");
  BOOST_TEST(word_of(1, 0) == "Error");
  BOOST_TEST(word_of(0, 1) == "Error");  // the remembered error
  BOOST_TEST(word_of(0, -1) == "NotReady");
  BOOST_TEST(word_of(-1, 0) == "NotReady");
  BOOST_TEST(word_of(0, -1, RestartPolicy::never, false) == "Completed");
  BOOST_TEST(word_of(1, -1) == "Error");
}

BOOST_AUTO_TEST_CASE(a_new_pod_is_creating_and_with_init_containers_initializing) {
  Hand hand;
  hand.tell(ObjectApplied{pod_named("pod", {container_named("main")})});
  BOOST_TEST(hand.pod("pod").status_word() == "ContainerCreating");
  BOOST_CHECK(hand.pod("pod").phase() == Phase::pending);
  const auto status = hand.pod("pod").container_statuses()[0];
  BOOST_TEST(std::get<StateWaiting>(status.state).reason == "ContainerCreating");
  Hand other;
  other.tell(ObjectApplied{pod_named("pod", {container_named("main")}, {container_named("one")})});
  BOOST_TEST(std::get<StateWaiting>(other.pod("pod").container_statuses()[0].state).reason == "PodInitializing");
}

BOOST_AUTO_TEST_CASE(a_sidecar_that_is_not_started_yet_shows_as_init) {
  Hand hand;
  ContainerSpec sidecar = sidecar_named("side");
  sidecar.startup_probe = exec_probe();
  hand.tell(ObjectApplied{pod_named("pod", {container_named("main")}, {sidecar})});
  hand.started("side");
  BOOST_TEST(hand.pod("pod").status_word() == "Init:0/1");
  BOOST_TEST(hand.pod("pod").ready_count().ready == 0);
  BOOST_TEST(hand.pod("pod").ready_count().total == 2);
}

BOOST_AUTO_TEST_CASE(after_the_deadline_the_reason_or_the_containers_word_shows) {
  Hand hand;
  PodObject pod = pod_named("pod", {container_named("main")});
  pod.spec.active_deadline = seconds(5);
  hand.tell(ObjectApplied{pod});
  hand.started("main");
  hand.advance(seconds(5));
  BOOST_TEST(hand.pod("pod").status_word() == "DeadlineExceeded");
  hand.dies("main", 15);
  BOOST_TEST(hand.pod("pod").status_word() == "Error");
}

BOOST_AUTO_TEST_CASE(a_deleted_pod_is_terminating_until_it_is_gone) {
  Hand hand;
  hand.tell(ObjectApplied{pod_named("pod", {container_named("main")}, {container_named("one")})});
  hand.remove("pod");
  BOOST_TEST(hand.pod("pod").status_word() == "Terminating");
}

BOOST_AUTO_TEST_CASE(conditions_name_what_is_not_ready_and_what_is_not_complete) {
  Hand hand;
  hand.tell(ObjectApplied{pod_named("pod", {container_named("a"), container_named("b")},
                                    {container_named("one"), container_named("two")})});
  BOOST_TEST(shown(condition(hand, ConditionType::initialized)) ==
             "False|ContainersNotInitialized|containers with incomplete status: [one two]");
  BOOST_TEST(shown(condition(hand, ConditionType::ready)) ==
             "False|ContainersNotReady|containers with unready status: [a b]");
  BOOST_TEST(shown(condition(hand, ConditionType::scheduled)) == "True||");
  for (const char* name : {"one", "two"}) {
    hand.started(name);
    hand.exits(name, 0);
  }
  hand.started("a");
  BOOST_TEST(shown(condition(hand, ConditionType::initialized)) == "True||");
  BOOST_TEST(shown(condition(hand, ConditionType::containers_ready)) ==
             "False|ContainersNotReady|containers with unready status: [b]");
  hand.now += seconds(7);
  hand.started("b");
  BOOST_TEST(shown(condition(hand, ConditionType::ready)) == "True||");
  BOOST_CHECK(condition(hand, ConditionType::ready).last_transition == Instant{} + seconds(7));
  hand.now += seconds(7);
  hand.tell(Ticked{});
  BOOST_CHECK(condition(hand, ConditionType::ready).last_transition == Instant{} + seconds(7));
}

BOOST_AUTO_TEST_CASE(conditions_of_a_pod_at_its_end) {
  for (const int code : {0, 1}) {
    Hand hand;
    PodObject pod = pod_named("pod", {container_named("main")});
    pod.spec.restart_policy = RestartPolicy::never;
    hand.tell(ObjectApplied{pod});
    hand.started("main");
    hand.exits("main", code);
    const std::string reason = code == 0 ? "PodCompleted" : "PodFailed";
    BOOST_TEST(shown(condition(hand, ConditionType::ready)) == "False|" + reason + "|");
    BOOST_TEST(shown(condition(hand, ConditionType::containers_ready)) == "False|" + reason + "|");
    BOOST_TEST(shown(condition(hand, ConditionType::initialized)) == (code == 0 ? "True|PodCompleted|" : "True||"));
  }
}

BOOST_AUTO_TEST_CASE(conditions_are_listed_in_the_order_of_kubernetes) {
  Hand hand;
  hand.tell(ObjectApplied{pod_named("pod", {container_named("main")})});
  std::string names;
  for (const Condition& each : hand.pod("pod").conditions()) names += std::string(condition_name(each.type)) + ' ';
  BOOST_TEST(names == "PodReadyToStartContainers Initialized Ready ContainersReady PodScheduled ");
}

BOOST_AUTO_TEST_SUITE_END()
