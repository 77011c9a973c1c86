// Hooks: postStart holds a container up, preStop comes before the stop signal (kubernetes reference,
// sections 5.6, 7.2).
#include <support/hand.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::test;

namespace {

LifecycleHandler exec_hook() {
  LifecycleHandler hook;
  hook.exec = ExecAction{{"hook"}};
  return hook;
}

LifecycleHandler sleep_hook(Duration duration) {
  LifecycleHandler hook;
  hook.sleep = SleepAction{duration};
  return hook;
}

ContainerSpec with_post_start(ContainerSpec container, LifecycleHandler hook = exec_hook()) {
  if (!container.lifecycle) container.lifecycle.emplace();
  container.lifecycle->post_start = std::move(hook);
  return container;
}

ContainerSpec with_pre_stop(ContainerSpec container, LifecycleHandler hook = exec_hook()) {
  if (!container.lifecycle) container.lifecycle.emplace();
  container.lifecycle->pre_stop = std::move(hook);
  return container;
}

void run(Hand& hand, const ContainerSpec& container) {
  hand.tell(ObjectApplied{pod_named("pod", {container})});
  hand.started("main");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hooks)

BOOST_AUTO_TEST_CASE(a_container_is_ready_and_probed_only_after_its_post_start_hook) {
  Hand hand;
  ContainerSpec container = with_post_start(container_named("main"));
  container.startup_probe = exec_probe(Duration{0}, seconds(5));
  run(hand, container);
  BOOST_REQUIRE(hand.count<StartHook>() == 1u);
  BOOST_TEST(Hand::of<StartHook>(hand.last)[0].handler->exec->command[0] == "hook");
  hand.advance(seconds(12));
  BOOST_TEST(hand.run("main", ProbeType::startup).value == 0u);
  BOOST_TEST(!hand.pod("pod").is_ready());
  hand.hook_ends("main");
  hand.advance(seconds(3));  // its ticks count from the container's start
  BOOST_TEST(hand.run("main", ProbeType::startup).value != 0u);
  hand.answers("main", ProbeType::startup, ProbeResult::success);
  BOOST_TEST(hand.pod("pod").is_ready());
}

BOOST_AUTO_TEST_CASE(later_containers_wait_for_it) {
  Hand hand;
  hand.tell(ObjectApplied{pod_named("pod", {with_post_start(container_named("main")), container_named("second")})});
  BOOST_TEST(hand.instance("second").value == 0u);
  hand.started("main");
  BOOST_TEST(hand.instance("second").value == 0u);
  hand.hook_ends("main");
  BOOST_TEST(hand.instance("second").value != 0u);
}

BOOST_AUTO_TEST_CASE(a_sidecar_holds_up_the_next_one_until_its_hook_has_ended) {
  Hand hand;
  hand.tell(ObjectApplied{pod_named("pod", {container_named("main")}, {with_post_start(sidecar_named("side"))})});
  hand.started("side");
  BOOST_TEST(hand.instance("main").value == 0u);
  hand.hook_ends("side");
  BOOST_TEST(hand.instance("main").value != 0u);
}

BOOST_AUTO_TEST_CASE(a_post_start_hook_that_fails_kills_the_container_and_later_ones_start) {
  Hand hand;
  hand.tell(ObjectApplied{pod_named("pod", {with_post_start(container_named("main")), container_named("second")})});
  hand.started("main");
  hand.hook_ends("main", ProbeResult::failure, "no such table");
  BOOST_TEST(hand.told("FailedPostStartHook: PostStartHook failed: no such table"));
  BOOST_TEST(hand.told("Killing: FailedPostStartHook"));
  BOOST_TEST(hand.signalled("main"));
  BOOST_TEST(hand.instance("second").value != 0u);
  BOOST_TEST(!hand.pod("pod").is_ready());
  hand.dies("main", 15);
  hand.started("main");
  hand.hook_ends("main", ProbeResult::error, "no such table");
  hand.dies("main", 15);
  const auto status = hand.pod("pod").container_statuses()[0];
  BOOST_TEST(std::get<StateWaiting>(status.state).reason == "PostStartHookError");
  BOOST_TEST(std::get<StateWaiting>(status.state).message == "PostStartHook failed: no such table");
}

BOOST_AUTO_TEST_CASE(a_hook_ends_with_its_container) {
  Hand hand;
  run(hand, with_post_start(container_named("main")));
  const ProbeRunId hook = hand.hook("main");
  hand.exits("main", 1);
  BOOST_REQUIRE(hand.count<CancelProbe>() == 1u);
  BOOST_CHECK(Hand::of<CancelProbe>(hand.last)[0].run == hook);
  hand.tell(ProbeFinished{hook, {}});
  BOOST_TEST(hand.supervisor.late_inputs() == 1u);
}

BOOST_AUTO_TEST_CASE(a_sleep_is_no_run_of_anything) {
  Hand hand;
  run(hand, with_post_start(container_named("main"), sleep_hook(milliseconds(1'500))));
  BOOST_TEST(hand.count<StartHook>() == 0u);
  hand.advance(milliseconds(1'499));
  BOOST_TEST(!hand.pod("pod").is_ready());
  hand.advance(milliseconds(1));
  BOOST_TEST(hand.pod("pod").is_ready());
}

BOOST_AUTO_TEST_CASE(the_stop_signal_waits_for_the_pre_stop_hook_inside_the_grace) {
  Hand hand;
  run(hand, with_pre_stop(container_named("main")));
  hand.remove("pod");
  BOOST_TEST(hand.told("Killing: Stopping container main"));
  BOOST_TEST(hand.count<StartHook>() == 1u);
  BOOST_TEST(hand.count<SignalContainer>() == 0u);
  hand.advance(seconds(7));
  hand.hook_ends("main");
  BOOST_TEST(hand.signalled("main"));
  hand.advance(seconds(23));
  BOOST_TEST(hand.killed("main"));
  BOOST_TEST(steps(hand.pod("pod")) == "preStop 0, stop 7000, kill 30000");
}

BOOST_AUTO_TEST_CASE(a_pre_stop_hook_that_fails_changes_nothing) {
  Hand hand;
  run(hand, with_pre_stop(container_named("main")));
  hand.remove("pod");
  hand.hook_ends("main", ProbeResult::failure, "exit code 1");
  BOOST_TEST(hand.told("FailedPreStopHook: PreStopHook failed: exit code 1"));
  BOOST_TEST(hand.signalled("main"));
}

BOOST_AUTO_TEST_CASE(two_seconds_stay_for_the_signal_after_a_hook_that_hangs) {
  Hand hand;
  run(hand, with_pre_stop(container_named("main")));
  hand.remove("pod");
  hand.advance(milliseconds(27'999));
  BOOST_TEST(hand.count<SignalContainer>() == 0u);
  hand.advance(milliseconds(1));
  BOOST_TEST(hand.count<CancelProbe>() == 1u);
  BOOST_TEST(
      hand.told("FailedPreStopHook: PreStopHook failed: it had not ended when the grace period left it no more time"));
  BOOST_TEST(hand.signalled("main"));
  hand.advance(seconds(2));
  BOOST_TEST(hand.killed("main"));
}

BOOST_AUTO_TEST_CASE(with_no_grace_there_is_no_hook_and_a_shorter_one_cuts_it_short) {
  for (const bool is_later : {false, true}) {
    Hand hand;
    run(hand, with_pre_stop(container_named("main")));
    if (is_later) hand.remove("pod");
    hand.remove("pod", seconds(0));
    BOOST_TEST(hand.count<StartHook>() == 0u);
    BOOST_TEST(hand.signalled("main"));
    BOOST_CHECK(hand.supervisor.deadline() == Instant{} + seconds(2));
  }
}

BOOST_AUTO_TEST_CASE(liveness_kills_and_restarts_on_request_run_it_too) {
  for (const bool is_asked : {false, true}) {
    Hand hand;
    ContainerSpec container = with_pre_stop(container_named("main"));
    container.liveness_probe = exec_probe(Duration{0}, seconds(10), 1);
    run(hand, container);
    hand.advance(seconds(10));
    if (is_asked) {
      hand.tell(RestartRequested{{Kind::pod, "default", "pod"}});
    } else {
      hand.answers("main", ProbeType::liveness, ProbeResult::failure);
    }
    BOOST_TEST(hand.count<StartHook>() == 1u);
    BOOST_TEST(hand.count<SignalContainer>() == 0u);
    hand.hook_ends("main");
    BOOST_TEST(hand.signalled("main"));
    hand.dies("main", 15);
    BOOST_TEST(hand.count<StartContainer>() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_sidecars_hook_comes_at_once_and_its_signal_in_its_turn) {
  Hand hand;
  hand.tell(ObjectApplied{pod_named("pod", {container_named("main")}, {with_pre_stop(sidecar_named("side"))})});
  hand.started("side");
  hand.started("main");
  hand.remove("pod");
  BOOST_TEST(hand.signalled("main"));
  BOOST_TEST(hand.count<StartHook>() == 1u);
  hand.hook_ends("side");
  BOOST_TEST(!hand.signalled("side"));
  hand.advance(seconds(30));
  BOOST_TEST(hand.killed("main"));
  hand.dies("main", 9);
  BOOST_TEST(hand.signalled("side"));
  hand.advance(seconds(2));
  BOOST_TEST(hand.killed("side"));
}

BOOST_AUTO_TEST_CASE(a_second_shutdown_ends_hooks) {
  Hand hand;
  run(hand, with_pre_stop(container_named("main")));
  hand.tell(ShutdownRequested{});
  BOOST_TEST(hand.count<StartHook>() == 1u);
  hand.tell(ShutdownRequested{});
  BOOST_TEST(hand.count<CancelProbe>() == 1u);
  BOOST_TEST(hand.killed("main"));
  BOOST_TEST(hand.count<SignalContainer>() == 0u);
  hand.dies("main", 9);
  BOOST_TEST(hand.count<Exit>() == 1u);
}

BOOST_AUTO_TEST_CASE(the_stop_signal_is_the_one_that_is_written) {
  const std::pair<const char*, int> table[] = {
      {"", 15}, {"SIGTERM", 15}, {"SIGQUIT", 3}, {"SIGRTMIN+3", 37}, {"SIGRTMAX-1", 63}};
  for (const auto& [name, number] : table) {
    Hand hand;
    ContainerSpec container = container_named("main");
    container.lifecycle.emplace();
    container.lifecycle->stop_signal = name;
    run(hand, container);
    hand.remove("pod");
    BOOST_REQUIRE(hand.count<SignalContainer>() == 1u);
    BOOST_TEST(Hand::of<SignalContainer>(hand.last)[0].signal == number);
  }
}

BOOST_AUTO_TEST_SUITE_END()
