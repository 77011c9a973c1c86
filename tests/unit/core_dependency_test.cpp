// Who waits for whom: before the start, and at a shutdown the other way round.
#include <support/hand.hpp>

#include <reeve/core/validate.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::test;

namespace {

PodObject pod_after(std::string name, std::vector<std::string> depends_on) {
  ContainerSpec container = container_named(name);
  PodObject pod = pod_named(name, {container});
  pod.spec.depends_on = std::move(depends_on);
  return pod;
}

DeploymentObject deployment_named(std::string name, std::int32_t replicas, std::vector<std::string> depends_on = {}) {
  DeploymentObject deployment;
  deployment.metadata.name = name;
  deployment.spec.replicas = replicas;
  deployment.spec.strategy.rolling_update = RollingUpdate{1, 0};
  deployment.spec.selector.match_labels["app"] = name;
  deployment.spec.pod_template.metadata.labels["app"] = name;
  deployment.spec.pod_template.spec.containers.push_back(container_named(std::move(name)));
  deployment.spec.pod_template.spec.depends_on = std::move(depends_on);
  return deployment;
}

// Every instance of that container which was started and is not running yet.
void all_started(Hand& hand, std::string_view container) {
  for (const auto& each : Hand::of<StartContainer>(Effects(hand.all))) {
    if (each.container->name == container) hand.tell(ContainerStarted{each.instance, 7});
  }
}

std::string message_of(const Pod& pod) {
  for (const Condition& each : pod.conditions()) {
    if (each.type == ConditionType::ready_to_start_containers) return std::string(each.reason) + ": " + each.message;
  }
  return {};
}

std::vector<std::string> mistakes(const Hand& hand, const Object& object) {
  std::vector<std::string> texts;
  for (const FieldError& each : hand.supervisor.check_dependencies(object)) texts.push_back(each.message());
  return texts;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dependencies)

BOOST_AUTO_TEST_CASE(a_pod_starts_when_what_it_depends_on_is_ready) {
  Hand hand;
  hand.tell(ObjectApplied{pod_after("db", {})});
  hand.tell(ObjectApplied{pod_after("web", {"db"})});
  BOOST_TEST(hand.count<StartSandbox>() == 0u);
  BOOST_TEST(hand.told("WaitingForDependencies: Waits for pod/db"));
  const Pod& web = hand.pod("web");
  BOOST_CHECK(web.phase() == Phase::pending);
  BOOST_TEST(web.status_word() == "WaitingForDependencies");
  BOOST_TEST(message_of(web) == "WaitingForDependencies: waits for pod/db");
  BOOST_TEST(!hand.supervisor.deadline().has_value());
  hand.started("db");
  BOOST_TEST(hand.instance("web").value != 0u);
  BOOST_TEST(message_of(web) == ": ");
}

BOOST_AUTO_TEST_CASE(once_it_has_started_nobodys_trouble_stops_it) {
  Hand hand;
  hand.tell(ObjectApplied{pod_after("db", {})});
  hand.tell(ObjectApplied{pod_after("web", {"db"})});
  hand.started("db");
  hand.started("web");
  hand.exits("db", 1);
  BOOST_TEST(hand.pod("web").is_ready());
  hand.exits("web", 1);
  BOOST_TEST(hand.count<StartContainer>() == 1u);
}

BOOST_AUTO_TEST_CASE(a_deployment_has_to_be_as_available_as_an_update_leaves_it) {
  Hand hand;
  hand.tell(ObjectApplied{deployment_named("db", 2)});
  hand.tell(ObjectApplied{pod_after("web", {"deployment/db"})});
  const auto starts = Hand::of<StartContainer>(hand.all);
  BOOST_REQUIRE(starts.size() == 2u);
  hand.tell(ContainerStarted{starts[0].instance, 7});
  BOOST_TEST(hand.instance("web").value == 0u);
  hand.tell(ContainerStarted{starts[1].instance, 7});
  BOOST_TEST(hand.instance("web").value != 0u);
}

BOOST_AUTO_TEST_CASE(a_deployment_of_none_is_ready_and_a_pod_that_has_done_its_work_is_too) {
  Hand hand;
  hand.tell(ObjectApplied{deployment_named("none", 0)});
  PodObject once = pod_after("migrate", {});
  once.spec.restart_policy = RestartPolicy::never;
  hand.tell(ObjectApplied{once});
  hand.started("migrate");
  hand.exits("migrate", 0);
  hand.tell(ObjectApplied{pod_after("web", {"deployment/none", "pod/migrate"})});
  BOOST_TEST(hand.instance("web").value != 0u);
}

BOOST_AUTO_TEST_CASE(it_waits_for_what_does_not_exist_yet) {
  Hand hand;
  hand.tell(ObjectApplied{pod_after("web", {"db"})});
  BOOST_TEST(
      hand.told("DependencyMissing: There is no pod or deployment \"db\" to depend on: the pod starts once there "
                "is one that is ready"));
  hand.tell(ObjectApplied{pod_after("db", {})});
  BOOST_TEST(message_of(hand.pod("web")) == "WaitingForDependencies: waits for pod/db");
  hand.started("db");
  BOOST_TEST(hand.instance("web").value != 0u);
}

BOOST_AUTO_TEST_CASE(one_that_waits_is_gone_at_once) {
  Hand hand;
  hand.tell(ObjectApplied{pod_after("web", {"db"})});
  hand.remove("web");
  BOOST_TEST(!hand.exists("web"));
}

BOOST_AUTO_TEST_CASE(at_a_shutdown_dependents_leave_first) {
  Hand hand;
  hand.tell(ObjectApplied{deployment_named("db", 2)});
  hand.tell(ObjectApplied{pod_after("api", {"db"})});
  hand.tell(ObjectApplied{pod_after("web", {"api", "db"})});
  all_started(hand, "db");
  hand.started("api");
  hand.started("web");
  hand.tell(ShutdownRequested{});
  BOOST_TEST(hand.signalled("web"));
  BOOST_TEST(hand.count<SignalContainer>() == 1u);
  hand.dies("web", 15);
  BOOST_TEST(hand.signalled("api"));
  BOOST_TEST(hand.count<SignalContainer>() == 1u);
  hand.dies("api", 15);
  BOOST_TEST(hand.count<SignalContainer>() == 2u);
  for (const auto& each : Hand::of<SignalContainer>(Effects(hand.last))) {
    hand.tell(ContainerExited{each.instance, {0, 15}});
  }
  BOOST_TEST(hand.count<Exit>() == 1u);
}

BOOST_AUTO_TEST_CASE(a_second_shutdown_waits_for_nobody) {
  Hand hand;
  hand.tell(ObjectApplied{pod_after("db", {})});
  hand.tell(ObjectApplied{pod_after("web", {"db"})});
  hand.started("db");
  hand.started("web");
  hand.tell(ShutdownRequested{});
  BOOST_TEST(!hand.signalled("db"));
  hand.tell(ShutdownRequested{});
  BOOST_TEST(hand.count<KillContainer>() == 2u);
}

// Each waits for the next: the one that wakes changes nothing for the other.
BOOST_AUTO_TEST_CASE(a_circle_that_came_about_all_the_same_waits_and_does_not_spin) {
  Hand hand;
  hand.tell(ObjectApplied{pod_after("a", {"b"})});
  hand.tell(ObjectApplied{pod_after("b", {"a"})});
  hand.advance(seconds(10));
  BOOST_TEST(hand.count<StartSandbox>() == 0u);
  hand.remove("a");
  BOOST_TEST(hand.count<StartSandbox>() == 0u);
}

BOOST_AUTO_TEST_CASE(a_circle_ends_all_the_same) {
  Hand hand;
  hand.tell(ObjectApplied{pod_after("a", {})});
  hand.started("a");
  hand.tell(ObjectApplied{pod_after("b", {"a"})});
  hand.started("b");
  hand.tell(ObjectApplied{pod_after("a", {"b"})});  // refused by files and the API; the core only has to end
  hand.dies("a", 15);
  hand.started("a");
  hand.tell(ShutdownRequested{});
  BOOST_TEST(hand.count<SignalContainer>() == 2u);
}

BOOST_AUTO_TEST_CASE(a_circle_is_spelled_out) {
  Hand hand;
  hand.tell(ObjectApplied{pod_after("db", {"web"})});
  hand.tell(ObjectApplied{deployment_named("api", 1, {"pod/db"})});
  const auto texts = mistakes(hand, pod_after("web", {"api"}));
  BOOST_REQUIRE(texts.size() == 1u);
  BOOST_TEST(texts[0] ==
             "spec.dependsOn: Forbidden: nothing of web → api → db → web would ever start: each waits for the next");
  BOOST_TEST(mistakes(hand, pod_after("other", {"nobody"})).empty());
  BOOST_TEST(mistakes(hand, pod_after("self", {"self"})).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_pod_that_is_still_to_come_counts_in_a_circle) {
  Hand hand;
  hand.tell(ObjectApplied{pod_after("a", {})});
  hand.started("a");
  hand.tell(ObjectApplied{pod_after("a", {"b"})});
  BOOST_TEST(hand.exists("a"));
  BOOST_TEST(mistakes(hand, pod_after("b", {"a"})).size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_files_change_may_close_a_circle_with_what_runs) {
  Hand hand;
  hand.tell(ObjectApplied{pod_after("a", {"b"})});
  const Object closes = pod_after("b", {"a"}), leads_nowhere = pod_after("b", {}), opens = pod_after("a", {});
  const auto found = hand.supervisor.cycle_after({.written = {}, .gone = {}, .changed = {&closes}});
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(found->from.name == "b");
  BOOST_TEST(found->text == "b → a → b");
  BOOST_TEST(!hand.supervisor.cycle_after({.written = {}, .gone = {}, .changed = {&leads_nowhere}}).has_value());
  BOOST_TEST(!hand.supervisor.cycle_after({.written = {}, .gone = {}, .changed = {&closes, &opens}}).has_value());
  BOOST_TEST(!hand.supervisor.cycle_after({.written = {}, .gone = {ref_of(opens)}, .changed = {&closes}}).has_value());
}

BOOST_AUTO_TEST_CASE(a_name_of_two_has_to_say_its_kind) {
  Hand hand;
  hand.tell(ObjectApplied{pod_after("db", {})});
  hand.tell(ObjectApplied{deployment_named("db", 1)});
  const auto texts = mistakes(hand, deployment_named("web", 1, {"db"}));
  BOOST_REQUIRE(texts.size() == 1u);
  BOOST_TEST(texts[0] ==
             "spec.template.spec.dependsOn[0]: Invalid value: \"db\": is the name of a pod and of a deployment: write "
             "\"pod/db\" or \"deployment/db\"");
  BOOST_TEST(mistakes(hand, deployment_named("web", 1, {"pod/db"})).empty());
}

BOOST_AUTO_TEST_SUITE_END()
