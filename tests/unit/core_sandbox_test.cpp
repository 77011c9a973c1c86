// What a pod does about the sandbox its containers share.
#include "support/hand.hpp"

#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::test;

namespace {

// Sandboxes are answered by the test.
struct Slow : Hand {
  Slow() { makes_sandboxes = false; }

  PodId id(const std::string& name) const { return pod(name).id(); }
  void made(const std::string& name) { tell(SandboxStarted{id(name), {}}); }
  void not_made(const std::string& name) {
    tell(SandboxFailed{id(name), "cannot mount /proc: Operation not permitted"});
  }
  void ended(const std::string& name) { tell(SandboxEnded{id(name), "pasta exited with code 1"}); }
  bool can_start_containers(const std::string& name) const {
    return pod(name).conditions().at(0).type == ConditionType::ready_to_start_containers &&
           pod(name).conditions().at(0).status;
  }
};

PodObject with_policy(RestartPolicy policy, PodObject pod) {
  pod.spec.restart_policy = policy;
  return pod;
}

std::string waiting_reason(const ContainerStatus& status) {
  const auto* waiting = std::get_if<StateWaiting>(&status.state);
  return waiting == nullptr ? "" : std::string(waiting->reason);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(core_sandbox)

BOOST_AUTO_TEST_CASE(containers_wait_for_the_sandbox) {
  Slow hand;
  hand.tell(ObjectApplied{pod_named("web", {container_named("main")})});
  BOOST_TEST(hand.count<StartSandbox>() == 1u);
  BOOST_TEST(hand.count<StartContainer>() == 0u);
  BOOST_TEST(!hand.can_start_containers("web"));
  BOOST_TEST(waiting_reason(hand.pod("web").container_statuses()[0]) == "ContainerCreating");
  BOOST_TEST((hand.pod("web").phase() == Phase::pending));
  hand.advance(seconds(5));
  hand.made("web");
  BOOST_TEST(hand.count<StartContainer>() == 1u);
  BOOST_TEST(hand.can_start_containers("web"));
  BOOST_TEST((hand.pod("web").conditions()[0].last_transition == hand.now));
  hand.started("main");
  BOOST_TEST((hand.pod("web").phase() == Phase::running));
}

BOOST_AUTO_TEST_CASE(a_sandbox_that_cannot_be_made_is_tried_again_for_ever) {
  Slow hand;
  PodObject web = pod_named("web", {container_named("main")});
  web.spec.restart_backoff = {seconds(2), 3, seconds(10), seconds(600)};
  hand.tell(ObjectApplied{web});
  for (const std::int64_t wait : {2, 6, 10, 10, 10}) {
    hand.not_made("web");
    BOOST_TEST(
        hand.told("FailedCreatePodSandBox: Failed to create pod sandbox: cannot mount /proc: Operation not "
                  "permitted"));
    BOOST_TEST((hand.pod("web").phase() == Phase::pending));
    hand.last.clear();
    hand.advance(seconds(wait) - milliseconds(1));
    BOOST_TEST(hand.count<StartSandbox>() == 0u);
    hand.advance(milliseconds(1));
    BOOST_TEST(hand.count<StartSandbox>() == 1u);
  }
  hand.made("web");
  BOOST_TEST(hand.count<StartContainer>() == 1u);
}

// It is told in the same turn of the loop, which would never end.
BOOST_AUTO_TEST_CASE(without_a_back_off_a_second_is_waited_all_the_same) {
  Slow hand;
  PodObject web = pod_named("web", {container_named("main")});
  web.spec.restart_backoff.initial = Duration{0};
  hand.tell(ObjectApplied{web});
  hand.not_made("web");
  BOOST_TEST(hand.count<StartSandbox>() == 0u);
  hand.advance(seconds(1));
  BOOST_TEST(hand.count<StartSandbox>() == 1u);
}

BOOST_AUTO_TEST_CASE(a_pod_that_is_removed_meanwhile_waits_for_the_answer) {
  for (const bool good : {true, false}) {
    Slow hand;
    hand.tell(ObjectApplied{pod_named("web", {container_named("main")})});
    hand.remove("web");
    BOOST_TEST(hand.exists("web"));
    good ? hand.made("web") : hand.not_made("web");
    BOOST_TEST(!hand.exists("web"));
    BOOST_TEST(hand.count<StopSandbox>() == (good ? 1u : 0u));
    BOOST_TEST(Hand::of<StartContainer>(hand.all).empty());
  }
}

BOOST_AUTO_TEST_CASE(a_pod_that_is_removed_during_the_back_off_is_gone_at_once) {
  Slow hand;
  hand.tell(ObjectApplied{pod_named("web", {container_named("main")})});
  hand.not_made("web");
  hand.remove("web");
  BOOST_TEST(!hand.exists("web"));
  BOOST_TEST(Hand::of<StopSandbox>(hand.all).empty());
}

BOOST_AUTO_TEST_CASE(the_sandbox_goes_after_the_last_container) {
  Hand hand;
  hand.tell(ObjectApplied{pod_named("web", {container_named("a"), container_named("b")})});
  hand.started("a");
  hand.started("b");
  hand.remove("web");
  hand.dies("a", 15);
  BOOST_TEST(hand.count<StopSandbox>() == 0u);
  hand.dies("b", 15);
  BOOST_TEST(hand.count<StopSandbox>() == 1u);
  BOOST_TEST(!hand.exists("web"));
}

BOOST_AUTO_TEST_CASE(a_pod_that_has_completed_needs_no_sandbox) {
  Hand hand;
  hand.tell(ObjectApplied{with_policy(RestartPolicy::never, pod_named("job", {container_named("main")}))});
  hand.started("main");
  hand.exits("main", 0);
  BOOST_TEST(hand.count<StopSandbox>() == 1u);
  BOOST_TEST((hand.pod("job").phase() == Phase::succeeded));
  BOOST_TEST(!hand.pod("job").conditions()[0].status);
  hand.remove("job");
  BOOST_TEST(!hand.exists("job"));
  BOOST_TEST(hand.count<StopSandbox>() == 0u);
}

BOOST_AUTO_TEST_CASE(a_pod_past_its_deadline_takes_its_sandbox_down_when_it_comes) {
  Slow hand;
  PodObject web = pod_named("web", {container_named("main")});
  web.spec.active_deadline = seconds(10);
  hand.tell(ObjectApplied{web});
  hand.advance(seconds(11));
  BOOST_TEST((hand.pod("web").phase() == Phase::failed));
  hand.made("web");
  BOOST_TEST(hand.count<StopSandbox>() == 1u);
  BOOST_TEST(hand.count<StartContainer>() == 0u);
}

BOOST_AUTO_TEST_CASE(a_sandbox_that_ended_is_replaced_once_all_in_it_has_stopped) {
  Hand hand;
  hand.tell(
      ObjectApplied{pod_named("web", {container_named("main")}, {container_named("setup"), sidecar_named("log")})});
  hand.started("setup");
  hand.exits("setup", 0);
  hand.started("log");
  hand.started("main");
  hand.advance(seconds(100));
  hand.tell(SandboxEnded{hand.pod("web").id(), "pasta exited with code 1"});
  BOOST_TEST(hand.told("SandboxChanged: Pod sandbox changed, it will be killed and re-created."));
  BOOST_TEST(hand.told("Killing: Stopping container main"));
  BOOST_TEST(!hand.pod("web").conditions()[0].status);
  BOOST_TEST(hand.signalled("main"));
  BOOST_TEST(!hand.signalled("log"));
  hand.dies("main", 15);
  BOOST_TEST(hand.signalled("log"));
  BOOST_TEST(hand.count<StartContainer>() == 0u);
  BOOST_TEST((hand.pod("web").phase() == Phase::running));
  hand.dies("log", 15);
  // The old one goes, a new one comes, and all begins with the init containers.
  const auto is = [&](std::size_t at, auto kind) { return std::holds_alternative<decltype(kind)>(hand.last.at(at)); };
  const bool in_order = is(0, StopSandbox{}) && is(1, StartSandbox{});
  BOOST_TEST(in_order);
  BOOST_TEST((hand.pod("web").phase() == Phase::pending));
  BOOST_TEST(hand.of<StartContainer>(hand.last).at(0).container->name == "setup");
  hand.started("setup");
  hand.exits("setup", 0);
  hand.started("log");
  hand.started("main");
  BOOST_TEST((hand.pod("web").phase() == Phase::running));
  BOOST_TEST(hand.pod("web").container_statuses()[0].restart_count == 1);
}

BOOST_AUTO_TEST_CASE(what_does_not_stop_is_killed_before_the_sandbox_is_replaced) {
  Hand hand;
  hand.tell(ObjectApplied{pod_named("web", {container_named("main")})});
  hand.started("main");
  hand.tell(SandboxEnded{hand.pod("web").id(), ""});
  hand.advance(seconds(29));
  BOOST_TEST(Hand::of<KillContainer>(hand.all).empty());
  hand.advance(seconds(1));
  BOOST_TEST(hand.killed("main"));
  hand.dies("main", 9);
  BOOST_TEST(hand.count<StartSandbox>() == 1u);
}

BOOST_AUTO_TEST_CASE(a_sandbox_that_keeps_ending_is_held_back) {
  Slow hand;
  hand.tell(ObjectApplied{pod_named("web", {container_named("main")})});
  const auto run_and_end = [&] {
    hand.made("web");
    hand.started("main");
    hand.ended("web");
    hand.dies("main", 15);
  };
  run_and_end();
  BOOST_TEST(hand.count<StartSandbox>() == 1u);
  run_and_end();
  BOOST_TEST(hand.count<StartSandbox>() == 0u);
  BOOST_TEST(hand.count<StopSandbox>() == 1u);
  hand.advance(seconds(10) - milliseconds(1));
  BOOST_TEST(hand.count<StartSandbox>() == 0u);
  hand.advance(milliseconds(1));
  BOOST_TEST(hand.count<StartSandbox>() == 1u);
}

BOOST_AUTO_TEST_CASE(containers_in_back_off_wait_on_in_the_new_sandbox) {
  Slow hand;
  hand.tell(ObjectApplied{pod_named("web", {container_named("main"), container_named("bad")})});
  hand.made("web");
  hand.started("main");
  hand.started("bad");
  hand.exits("bad", 1);
  hand.started("bad");
  hand.exits("bad", 1);  // 10 s from now on
  hand.advance(seconds(4));
  hand.ended("web");
  hand.dies("main", 15);
  hand.made("web");
  BOOST_TEST(hand.count<StartContainer>() == 1u);
  BOOST_TEST(waiting_reason(hand.pod("web").container_statuses()[1]) == "CrashLoopBackOff");
  hand.started("main");
  hand.last.clear();
  hand.advance(seconds(6));
  BOOST_TEST(hand.of<StartContainer>(hand.last).at(0).container->name == "bad");
}

// computePodActions: without a second start there is nothing to make a second sandbox for.
BOOST_AUTO_TEST_CASE(a_pod_that_never_restarts_ends_with_its_sandbox) {
  Hand hand;
  hand.tell(ObjectApplied{with_policy(RestartPolicy::never, pod_named("job", {container_named("main")}))});
  hand.started("main");
  hand.tell(SandboxEnded{hand.pod("job").id(), ""});
  BOOST_TEST(hand.signalled("main"));
  hand.dies("main", 15);
  BOOST_TEST((hand.pod("job").phase() == Phase::failed));
  BOOST_TEST(hand.count<StopSandbox>() == 1u);
  BOOST_TEST(Hand::of<StartSandbox>(hand.all).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_pod_that_never_restarts_fails_when_its_sandbox_ends_before_its_containers_ran) {
  Hand hand;
  PodObject job = pod_named("job", {container_named("main")}, {sidecar_named("log")});
  job.spec.init_containers[0].startup_probe = exec_probe();
  hand.tell(ObjectApplied{with_policy(RestartPolicy::never, job)});
  hand.started("log");
  hand.tell(SandboxEnded{hand.pod("job").id(), ""});
  hand.dies("log", 15);
  BOOST_TEST((hand.pod("job").phase() == Phase::failed));
}

BOOST_AUTO_TEST_CASE(what_succeeded_under_on_failure_does_not_run_again) {
  Hand hand;
  hand.tell(ObjectApplied{
      with_policy(RestartPolicy::on_failure, pod_named("job", {container_named("done"), container_named("main")}))});
  hand.started("done");
  hand.started("main");
  hand.exits("done", 0);
  hand.tell(SandboxEnded{hand.pod("job").id(), ""});
  hand.dies("main", 15);
  BOOST_TEST(hand.count<StartContainer>() == 1u);
  BOOST_TEST(hand.of<StartContainer>(hand.last).at(0).container->name == "main");
}

BOOST_AUTO_TEST_CASE(a_late_word_about_a_sandbox_changes_nothing) {
  Slow hand;
  hand.tell(ObjectApplied{pod_named("web", {container_named("main")})});
  const PodId id = hand.id("web");
  hand.made("web");
  hand.started("main");
  const auto deadline = hand.supervisor.deadline();
  for (const Input& late : {Input{SandboxStarted{id, {}}}, Input{SandboxFailed{id, "late"}},
                            Input{SandboxStarted{PodId{77}, {}}}, Input{SandboxEnded{PodId{77}, "late"}}}) {
    hand.tell(late);
    BOOST_TEST(hand.last.empty());
  }
  BOOST_TEST(hand.supervisor.late_inputs() == 4u);
  BOOST_TEST((hand.supervisor.deadline() == deadline));
}

BOOST_AUTO_TEST_SUITE_END()
