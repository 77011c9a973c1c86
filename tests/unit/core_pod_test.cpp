// The life of a pod: init containers, sidecars, leaving, phases.
#include <support/hand.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::test;

namespace {

PodObject simple_pod() { return pod_named("pod", {container_named("main")}); }

void run(Hand& hand, PodObject pod) {
  hand.tell(ObjectApplied{std::move(pod)});
  hand.started("main");
}

// One init container, one sidecar behind it, one regular container; all are up.
void run_with_sidecars(Hand& hand, RestartPolicy policy = RestartPolicy::always) {
  PodObject pod = pod_named("pod", {container_named("main")}, {sidecar_named("first"), sidecar_named("second")});
  pod.spec.restart_policy = policy;
  hand.tell(ObjectApplied{std::move(pod)});
  for (const char* name : {"first", "second", "main"}) hand.started(name);
}

std::size_t starts_since(const Hand& hand, std::size_t before) {
  const Effects done(hand.all.begin() + static_cast<std::ptrdiff_t>(before), hand.all.end());
  return Hand::of<StartContainer>(done).size();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pod_life)

BOOST_AUTO_TEST_CASE(init_containers_run_one_after_another_and_then_the_others_together) {
  Hand hand;
  hand.tell(ObjectApplied{pod_named("pod", {container_named("a"), container_named("b")},
                                    {container_named("one"), container_named("two")})});
  BOOST_TEST(hand.count<StartContainer>() == 1u);
  BOOST_TEST(hand.pod("pod").status_word() == "Init:0/2");
  hand.started("one");
  BOOST_TEST(hand.last.size() == 1u);  // only the event
  hand.exits("one", 0);
  BOOST_TEST(hand.instance("two").value != 0u);
  BOOST_TEST(hand.pod("pod").status_word() == "Init:1/2");
  hand.started("two");
  hand.exits("two", 0);
  BOOST_TEST(hand.count<StartContainer>() == 2u);
  BOOST_TEST(hand.pod("pod").status_word() == "PodInitializing");
  BOOST_CHECK(hand.pod("pod").phase() == Phase::pending);
  hand.started("a");
  hand.started("b");
  BOOST_TEST(hand.pod("pod").status_word() == "Running");
}

BOOST_AUTO_TEST_CASE(an_init_container_that_fails_is_tried_again_unless_the_policy_is_never) {
  for (const auto policy : {RestartPolicy::always, RestartPolicy::on_failure, RestartPolicy::never}) {
    Hand hand;
    PodObject pod = pod_named("pod", {container_named("main")}, {container_named("one")});
    pod.spec.restart_policy = policy;
    hand.tell(ObjectApplied{pod});
    hand.started("one");
    hand.exits("one", 1);
    const bool again = policy != RestartPolicy::never;
    BOOST_TEST(hand.count<StartContainer>() == (again ? 1u : 0u));
    BOOST_CHECK(hand.pod("pod").phase() == (again ? Phase::pending : Phase::failed));
    BOOST_TEST(hand.pod("pod").status_word() == "Init:Error");
    if (!again) continue;
    hand.started("one");
    hand.exits("one", 1);
    BOOST_TEST(hand.pod("pod").status_word() == "Init:CrashLoopBackOff");
    BOOST_TEST(hand.pod("pod").restart_count() == 1);
    BOOST_TEST(hand.instance("main").value == 0u);
  }
}

BOOST_AUTO_TEST_CASE(a_sidecar_lets_the_next_one_start_once_it_is_started) {
  Hand hand;
  ContainerSpec sidecar = sidecar_named("side");
  sidecar.startup_probe = exec_probe(Duration{0}, seconds(5));
  hand.tell(ObjectApplied{pod_named("pod", {container_named("main")}, {sidecar})});
  hand.started("side");
  BOOST_TEST(hand.instance("main").value == 0u);
  hand.advance(seconds(5));
  hand.answers("side", ProbeType::startup, ProbeResult::success);
  BOOST_TEST(hand.instance("main").value != 0u);
}

BOOST_AUTO_TEST_CASE(a_sidecar_restarts_even_after_0_and_with_never_and_holds_nobody_up_later) {
  Hand hand;
  run_with_sidecars(hand, RestartPolicy::never);
  BOOST_TEST(hand.pod("pod").ready_count().total == 3);
  hand.exits("first", 0);
  BOOST_TEST(hand.count<StartContainer>() == 1u);
  BOOST_TEST(!hand.pod("pod").is_ready());
  BOOST_CHECK(hand.pod("pod").phase() == Phase::running);
  BOOST_TEST(hand.pod("pod").restart_count() == 1);
}

BOOST_AUTO_TEST_CASE(sidecars_do_not_keep_a_pod_alive) {
  Hand hand;
  run_with_sidecars(hand, RestartPolicy::never);
  hand.exits("main", 0);
  BOOST_TEST(hand.signalled("second"));
  BOOST_TEST(!hand.signalled("first"));
  BOOST_CHECK(hand.pod("pod").phase() == Phase::running);
  hand.dies("second", 15);
  BOOST_TEST(hand.signalled("first"));
  hand.dies("first", 15);
  BOOST_CHECK(hand.pod("pod").phase() == Phase::succeeded);
  BOOST_TEST(hand.pod("pod").status_word() == "Completed");
}

BOOST_AUTO_TEST_CASE(sidecars_stop_after_the_others_from_last_to_first_and_are_told_at_once) {
  Hand hand;
  run_with_sidecars(hand);
  hand.remove("pod");
  for (const char* name : {"first", "second", "main"}) {
    BOOST_TEST(hand.told(std::string("Killing: Stopping container ") + name));
  }
  BOOST_TEST(hand.count<SignalContainer>() == 1u);
  BOOST_TEST(hand.signalled("main"));
  hand.advance(seconds(20));
  hand.exits("main", 0);
  BOOST_TEST(hand.count<SignalContainer>() == 1u);
  BOOST_TEST(hand.signalled("second"));
  hand.advance(seconds(10));
  BOOST_TEST(hand.killed("second"));  // the grace is one for all
  hand.dies("second", 9);
  BOOST_TEST(hand.signalled("first"));
  hand.advance(seconds(2));  // and at least two seconds for each
  BOOST_TEST(hand.killed("first"));
  hand.dies("first", 9);
  BOOST_TEST(!hand.exists("pod"));
}

BOOST_AUTO_TEST_CASE(a_sidecar_that_ends_while_its_pod_leaves_is_not_started_again) {
  Hand hand;
  run_with_sidecars(hand);
  hand.remove("pod");
  const std::size_t before = hand.all.size();
  hand.exits("second", 1);
  hand.advance(seconds(400));
  BOOST_TEST(starts_since(hand, before) == 0u);
}

BOOST_AUTO_TEST_CASE(a_sidecar_in_back_off_is_not_started_once_its_pod_leaves) {
  Hand hand;
  run_with_sidecars(hand);
  hand.exits("second", 1);
  hand.started("second");
  hand.exits("second", 1);
  hand.remove("pod", seconds(100));
  const std::size_t before = hand.all.size();
  hand.advance(seconds(50));
  BOOST_TEST(starts_since(hand, before) == 0u);
}

BOOST_AUTO_TEST_CASE(a_sidecars_liveness_has_no_effect_once_its_pod_leaves) {
  Hand hand;
  ContainerSpec sidecar = sidecar_named("side");
  sidecar.liveness_probe = exec_probe(Duration{0}, seconds(5), 1);
  hand.tell(ObjectApplied{pod_named("pod", {container_named("main")}, {sidecar})});
  hand.started("side");
  hand.started("main");
  hand.remove("pod");
  hand.advance(seconds(5));
  hand.answers("side", ProbeType::liveness, ProbeResult::failure);
  BOOST_TEST(!hand.signalled("side"));
}

BOOST_AUTO_TEST_CASE(a_pod_that_leaves_is_signalled_killed_after_its_grace_and_then_gone) {
  Hand hand;
  run(hand, simple_pod());
  hand.remove("pod");
  BOOST_TEST(hand.told("Killing: Stopping container main"));
  BOOST_TEST(hand.signalled("main"));
  BOOST_TEST(hand.pod("pod").status_word() == "Terminating");
  BOOST_CHECK(hand.pod("pod").gone_by() == Instant{} + seconds(30));
  hand.advance(milliseconds(29'999));
  BOOST_TEST(hand.count<KillContainer>() == 0u);
  hand.advance(milliseconds(1));
  BOOST_TEST(hand.killed("main"));
  hand.advance(seconds(1000));
  BOOST_TEST(hand.exists("pod"));  // not before nothing of it is left
  hand.dies("main", 9);
  BOOST_TEST(!hand.exists("pod"));
  BOOST_TEST(hand.count<ForgetInstance>() == 1u);
}

BOOST_AUTO_TEST_CASE(the_grace_is_the_given_one_and_at_least_two_seconds_to_the_kill) {
  const std::pair<std::optional<std::int64_t>, std::int64_t> table[] = {
      {std::nullopt, 30}, {100, 100}, {5, 5}, {1, 2}, {0, 2}, {-7, 2}};
  for (const auto& [given, kill_after] : table) {
    Hand hand;
    run(hand, simple_pod());
    hand.remove("pod", given ? std::optional<Duration>(seconds(*given)) : std::nullopt);
    BOOST_CHECK(hand.supervisor.deadline() == Instant{} + seconds(kill_after));
    if (given == -7) BOOST_CHECK(hand.pod("pod").gone_by() == Instant{} + seconds(1));
  }
}

BOOST_AUTO_TEST_CASE(two_seconds_stay_for_the_signal_whatever_happens_meanwhile) {
  Hand hand;
  ContainerSpec container = container_named("main");
  container.readiness_probe = exec_probe();
  run(hand, pod_named("pod", {container}));
  hand.remove("pod", seconds(0));
  hand.advance(seconds(1));
  hand.answers("main", ProbeType::readiness, ProbeResult::success);  // settles the pod once more
  BOOST_CHECK(hand.supervisor.deadline() == Instant{} + seconds(2));
  hand.remove("pod", seconds(0));
  BOOST_CHECK(hand.supervisor.deadline() == Instant{} + seconds(2));
}

BOOST_AUTO_TEST_CASE(a_later_delete_can_only_shorten_the_grace) {
  Hand hand;
  run(hand, simple_pod());
  hand.remove("pod", seconds(50));
  hand.advance(seconds(10));
  hand.remove("pod", seconds(60));
  BOOST_CHECK(hand.supervisor.deadline() == Instant{} + seconds(50));
  hand.remove("pod", seconds(5));
  BOOST_CHECK(hand.supervisor.deadline() == Instant{} + seconds(15));
  BOOST_TEST(hand.count<SignalContainer>() == 0u);
}

BOOST_AUTO_TEST_CASE(deleting_cuts_short_a_longer_kill_by_liveness_without_a_second_signal) {
  Hand hand;
  ContainerSpec container = container_named("main");
  container.liveness_probe = exec_probe(Duration{0}, seconds(10), 1);
  run(hand, pod_named("pod", {container}));
  hand.advance(seconds(10));
  hand.answers("main", ProbeType::liveness, ProbeResult::failure);
  hand.remove("pod", seconds(5));
  BOOST_TEST(hand.count<SignalContainer>() == 0u);
  BOOST_CHECK(hand.supervisor.deadline() == Instant{} + seconds(15));
  hand.dies("main", 15);
  BOOST_TEST(hand.count<StartContainer>() == 0u);
  BOOST_TEST(!hand.exists("pod"));
}

BOOST_AUTO_TEST_CASE(deleting_a_pod_in_back_off_or_at_its_end_is_done_at_once) {
  Hand hand;
  run(hand, simple_pod());
  hand.exits("main", 1);
  hand.started("main");
  hand.exits("main", 1);
  hand.remove("pod");
  BOOST_TEST(!hand.exists("pod"));
  BOOST_TEST(hand.count<ForgetInstance>() == 2u);
}

BOOST_AUTO_TEST_CASE(the_active_deadline_stops_the_pod_and_fails_it) {
  Hand hand;
  PodObject pod = simple_pod();
  pod.spec.active_deadline = seconds(60);
  run(hand, pod);
  hand.advance(seconds(60));
  BOOST_TEST(hand.told("DeadlineExceeded: Pod was active on the node longer than the specified deadline"));
  BOOST_TEST(hand.signalled("main"));
  hand.dies("main", 15);
  BOOST_CHECK(hand.pod("pod").phase() == Phase::failed);
  BOOST_TEST(hand.pod("pod").status_reason() == "DeadlineExceeded");
  hand.advance(seconds(1000));
  BOOST_TEST(hand.count<StartContainer>() == 0u);
  hand.remove("pod");
  BOOST_TEST(!hand.exists("pod"));
}

BOOST_AUTO_TEST_CASE(a_late_tick_starts_nothing_in_a_pod_whose_deadline_has_passed) {
  Hand hand;
  PodObject pod = simple_pod();
  pod.spec.active_deadline = seconds(15);
  run(hand, pod);
  for (int i = 0; i < 2; ++i) {
    hand.exits("main", 1);
    if (i == 0) hand.started("main");
  }
  hand.now += seconds(100);  // the back-off ended at 10, the deadline came at 15
  hand.tell(Ticked{});
  BOOST_TEST(hand.count<StartContainer>() == 0u);
  BOOST_CHECK(hand.pod("pod").phase() == Phase::failed);
}

BOOST_AUTO_TEST_CASE(a_pod_runs_while_one_of_its_sidecars_still_stops) {
  Hand hand;
  PodObject pod = pod_named("pod", {container_named("main")}, {sidecar_named("side")});
  pod.spec.restart_policy = RestartPolicy::never;
  hand.tell(ObjectApplied{pod});
  hand.started("side");
  hand.start_fails("main", "no");
  BOOST_CHECK(hand.pod("pod").phase() == Phase::running);
  hand.dies("side", 15);
  BOOST_CHECK(hand.pod("pod").phase() == Phase::failed);
}

BOOST_AUTO_TEST_CASE(a_changed_pod_comes_when_the_old_one_is_gone) {
  Hand hand;
  run(hand, simple_pod());
  hand.tell(ObjectApplied{simple_pod()});
  BOOST_TEST(hand.last.empty());  // unchanged
  PodObject changed = simple_pod();
  changed.spec.containers[0].args = {"--new"};
  hand.tell(ObjectApplied{changed});
  BOOST_TEST(hand.signalled("main"));
  BOOST_TEST(hand.count<StartContainer>() == 0u);
  hand.dies("main", 15);
  BOOST_REQUIRE(hand.count<StartContainer>() == 1u);
  BOOST_TEST(Hand::of<StartContainer>(hand.last)[0].container->args.size() == 1u);
  BOOST_TEST(hand.pod("pod").restart_count() == 0);
}

BOOST_AUTO_TEST_CASE(deleting_a_pod_that_was_changed_forgets_the_change) {
  Hand hand;
  run(hand, simple_pod());
  PodObject changed = simple_pod();
  changed.spec.containers[0].args = {"--new"};
  hand.tell(ObjectApplied{changed});
  hand.remove("pod");
  hand.dies("main", 15);
  BOOST_TEST(!hand.exists("pod"));
}

BOOST_AUTO_TEST_CASE(applying_a_pod_that_already_leaves_does_not_shorten_its_grace) {
  Hand hand;
  run(hand, simple_pod());
  hand.remove("pod", seconds(100));
  hand.tell(ObjectApplied{simple_pod()});
  BOOST_CHECK(hand.supervisor.deadline() == Instant{} + seconds(100));
  hand.dies("main", 15);
  BOOST_TEST(hand.count<StartContainer>() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
