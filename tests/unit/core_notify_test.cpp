// Probes that are told: what a program says on NOTIFY_SOCKET, and what its silence means.
#include <support/hand.hpp>
#include <support/script.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::test;
using State = NotifyMessage::State;
using Watchdog = NotifyMessage::Watchdog;

namespace {

ProbeSpec told(Duration period = seconds(10), int failures = 3) {
  ProbeSpec probe;
  probe.notify = NotifyAction{};
  probe.period = period;
  probe.failure_threshold = failures;
  return probe;
}

struct Told : Hand {
  explicit Told(const std::function<void(ContainerSpec&)>& probes) {
    ContainerSpec container = container_named("main");
    probes(container);
    PodObject object = pod_named("pod", {container});
    object.spec.drain = Duration{0};
    tell(ObjectApplied{std::move(object)});
    started("main");
  }

  void says(NotifyMessage message) { tell(ProcessNotified{instance("main"), std::move(message)}); }
  void says(State state) { says(NotifyMessage{.state = state}); }
  void says(Watchdog watchdog) { says(NotifyMessage{.watchdog = watchdog}); }
  void asks_for(Duration time) { says(NotifyMessage{.extend = time}); }
  bool ready() const { return pod("pod").is_ready(); }
  const Container& main() const { return pod("pod").containers().front(); }
};

void with_readiness(ContainerSpec& container) { container.readiness_probe = told(); }
void with_startup(ContainerSpec& container) { container.startup_probe = told(seconds(5), 4); }
void with_liveness(ContainerSpec& container) { container.liveness_probe = told(seconds(2), 3); }

}  // namespace

BOOST_AUTO_TEST_SUITE(core_notify)

BOOST_AUTO_TEST_CASE(ready_the_instant_it_says_so_and_as_long_as_it_does) {
  Told hand(with_readiness);
  hand.advance(seconds(3600));
  BOOST_TEST(!hand.ready());
  BOOST_TEST(hand.of<StartProbe>(hand.all).empty());  // nothing is ever run
  hand.says(State::ready);
  BOOST_TEST(hand.ready());
  hand.says(State::reloading);
  BOOST_TEST(!hand.ready());
  hand.says(State::ready);
  BOOST_TEST(hand.ready());
  hand.says(State::stopping);
  BOOST_TEST(!hand.ready());
  BOOST_TEST(hand.main().probes().front().records().size() == 4u);
  BOOST_TEST(hand.main().probes().front().records().back().text == "STOPPING=1");
}

BOOST_AUTO_TEST_CASE(nothing_sleeps_for_a_readiness_that_is_told) {
  Told hand(with_readiness);
  BOOST_TEST(!hand.supervisor.deadline().has_value());
}

BOOST_AUTO_TEST_CASE(each_run_has_to_say_so_anew) {
  Told hand(with_readiness);
  hand.says(NotifyMessage{.state = State::ready, .status = "serving"});
  const InstanceId first = hand.instance("main");
  hand.exits("main", 1);
  hand.started("main");
  BOOST_TEST(!hand.ready());
  BOOST_TEST(hand.main().said_status() == "");
  hand.tell(ProcessNotified{first, {.state = State::ready}});  // too late
  BOOST_TEST(!hand.ready());
  hand.says(State::ready);
  BOOST_TEST(hand.ready());
}

BOOST_AUTO_TEST_CASE(what_it_said_before_its_start_was_over_counts_then) {
  Told hand([](ContainerSpec& container) {
    with_readiness(container);
    container.startup_probe = exec_probe(Duration{0}, seconds(1));
  });
  hand.says(State::ready);
  BOOST_TEST(!hand.ready());
  hand.advance(seconds(1));
  hand.answers("main", ProbeType::startup, ProbeResult::success);
  BOOST_TEST(hand.ready());
}

BOOST_AUTO_TEST_CASE(one_word_ends_the_start_and_makes_ready) {
  Told hand([](ContainerSpec& container) {
    with_readiness(container);
    with_startup(container);
    with_liveness(container);
  });
  hand.advance(seconds(19));
  BOOST_TEST(!hand.main().is_started());
  hand.says(State::ready);
  BOOST_TEST(hand.main().is_started());
  BOOST_TEST(hand.ready());
  hand.advance(milliseconds(5999));  // the watch began with the end of the start
  BOOST_TEST(!hand.signalled("main"));
  hand.advance(milliseconds(1));
  BOOST_TEST(hand.signalled("main"));
}

BOOST_AUTO_TEST_CASE(a_start_has_the_periods_times_the_failures_and_what_it_asks_for) {
  Told hand(with_startup);
  hand.advance(milliseconds(19'999));
  BOOST_TEST(!hand.signalled("main"));
  hand.advance(milliseconds(1));
  BOOST_TEST(hand.signalled("main"));
  BOOST_TEST(hand.told("Unhealthy: Startup probe failed: no READY=1 within 20s"));
  BOOST_TEST(hand.told("Killing: Container main failed startup probe, will be restarted"));

  Told patient(with_startup);
  patient.asks_for(seconds(1));  // less than it has anyway
  patient.advance(seconds(19));
  patient.asks_for(seconds(30));
  patient.advance(milliseconds(29'999));
  BOOST_TEST(!patient.signalled("main"));
  patient.says(State::ready);
  patient.advance(seconds(100));
  BOOST_TEST(patient.main().is_started());
}

BOOST_AUTO_TEST_CASE(the_watchdog_bites_after_the_last_sign_of_life) {
  Told hand(with_liveness);
  for (int i = 0; i < 10; ++i) {
    hand.advance(milliseconds(5999));
    hand.says(Watchdog::alive);
  }
  BOOST_TEST(hand.pod("pod").restart_count() == 0);
  hand.advance(milliseconds(5999));
  BOOST_TEST(hand.of<SignalContainer>(hand.all).empty());
  hand.advance(milliseconds(1));
  BOOST_TEST(hand.signalled("main"));
  BOOST_TEST(hand.told("Unhealthy: Liveness probe failed: no WATCHDOG=1 for 6s"));
  BOOST_TEST(hand.told("Killing: Container main failed liveness probe, will be restarted"));
  hand.dies("main", 15);
  BOOST_TEST(hand.count<StartContainer>() == 1u);
}

BOOST_AUTO_TEST_CASE(who_was_late_himself_hears_first_what_was_said_meanwhile) {
  Told hand(with_liveness);
  hand.now += seconds(20);  // nobody ran us
  hand.tell(Ticked{});
  BOOST_TEST(!hand.signalled("main"));
  hand.says(Watchdog::alive);
  hand.advance(milliseconds(5999));
  BOOST_TEST(hand.of<SignalContainer>(hand.all).empty());

  Told silent(with_liveness);
  silent.now += seconds(20);
  silent.tell(Ticked{});
  silent.now += seconds(20);  // again, but once is enough
  silent.tell(Ticked{});
  BOOST_TEST(silent.signalled("main"));
}

BOOST_AUTO_TEST_CASE(a_trigger_fails_at_once) {
  Told hand(with_liveness);
  hand.says(Watchdog::trigger);
  BOOST_TEST(hand.signalled("main"));
  BOOST_TEST(hand.told("Unhealthy: Liveness probe failed: the program said WATCHDOG=trigger"));
}

BOOST_AUTO_TEST_CASE(the_watch_waits_longer_where_it_is_asked_to) {
  Told hand(with_liveness);
  hand.asks_for(seconds(60));
  hand.advance(milliseconds(59'999));
  BOOST_TEST(hand.of<SignalContainer>(hand.all).empty());
  hand.says(Watchdog::alive);  // and from then on as before
  hand.advance(seconds(6));
  BOOST_TEST(hand.signalled("main"));
}

BOOST_AUTO_TEST_CASE(the_grace_period_ends_later_where_it_is_asked_to_but_not_for_whoever_shortens_it) {
  Told hand(with_readiness);
  hand.remove("pod", seconds(10));
  BOOST_TEST(hand.signalled("main"));
  hand.asks_for(seconds(5));  // less than there is
  hand.advance(seconds(9));
  hand.asks_for(seconds(20));
  hand.advance(milliseconds(19'999));
  BOOST_TEST(hand.of<KillContainer>(hand.all).empty());
  hand.advance(milliseconds(1));
  BOOST_TEST(hand.killed("main"));

  Told forced(with_readiness);
  forced.remove("pod", seconds(10));
  forced.asks_for(seconds(3600));
  forced.advance(seconds(3));
  forced.remove("pod", seconds(1));
  forced.advance(seconds(1));
  BOOST_TEST(!forced.of<KillContainer>(forced.all).empty());
}

BOOST_AUTO_TEST_CASE(one_that_leaves_is_not_watched_but_may_still_say_that_it_stops) {
  Told hand([](ContainerSpec& container) {
    with_liveness(container);
    with_readiness(container);
  });
  hand.says(State::ready);
  hand.remove("pod");
  BOOST_TEST(hand.ready());
  hand.says(State::stopping);
  BOOST_TEST(!hand.ready());
  hand.advance(seconds(20));
  BOOST_TEST(!hand.told("Unhealthy: Liveness probe failed: no WATCHDOG=1 for 6s"));
  BOOST_TEST(hand.of<SignalContainer>(hand.all).size() == 1u);
}

BOOST_AUTO_TEST_CASE(its_status_is_seen_and_a_new_one_is_a_change) {
  Told hand(with_readiness);
  const std::uint64_t before = hand.supervisor.version_of(hand.pod("pod"));
  hand.says(NotifyMessage{.status = "loading 3 of 7"});
  BOOST_TEST(hand.main().said_status() == "loading 3 of 7");
  const std::uint64_t after = hand.supervisor.version_of(hand.pod("pod"));
  BOOST_TEST(after > before);
  hand.says(NotifyMessage{.status = "loading 3 of 7"});
  BOOST_TEST(hand.supervisor.version_of(hand.pod("pod")) == after);
}

BOOST_AUTO_TEST_CASE(what_is_not_heeded_is_told_as_an_event) {
  Told hand(with_readiness);
  hand.tell(NotifyRefused{hand.instance("main"), "process 7 wrote to NOTIFY_SOCKET and is none of this container"});
  BOOST_TEST(hand.told("NotifyRefused: process 7 wrote to NOTIFY_SOCKET and is none of this container"));
  const std::uint64_t late = hand.supervisor.late_inputs();
  hand.tell(ProcessNotified{InstanceId{9999}, {.state = State::ready}});
  BOOST_TEST(hand.supervisor.late_inputs() == late + 1);
  BOOST_TEST(!hand.ready());
}

BOOST_AUTO_TEST_CASE(what_was_said_while_a_post_start_hook_runs_counts_after_it) {
  Told hand([](ContainerSpec& container) {
    with_readiness(container);
    container.lifecycle = Lifecycle{};
    container.lifecycle->post_start = LifecycleHandler{};
    container.lifecycle->post_start->exec = ExecAction{{"hook"}};
  });
  hand.says(State::ready);
  BOOST_TEST(!hand.ready());
  hand.hook_ends("main");
  BOOST_TEST(hand.ready());
}

// A silence comes with no input of its own, and yet a deployment may have something against the kill.
BOOST_AUTO_TEST_CASE(a_watch_that_ran_out_waits_for_the_liveness_budget) {
  DeploymentObject object;
  object.metadata.name = "web";
  object.spec.replicas = 2;
  object.spec.liveness_budget = true;
  object.spec.strategy.rolling_update = {1, 0};
  object.spec.selector.match_labels["app"] = "web";
  object.spec.pod_template.metadata.labels["app"] = "web";
  object.spec.pod_template.spec.containers = {container_named("main")};
  with_liveness(object.spec.pod_template.spec.containers[0]);
  Script world;
  std::vector<InstanceId> runs;
  world.watch = [&](const Effect& effect, Instant) {
    if (const auto* start = std::get_if<StartContainer>(&effect)) runs.push_back(start->instance);
  };
  world.tell(ObjectApplied{object});
  world.advance(seconds(60));
  BOOST_TEST(runs.size() == 2u);
  BOOST_TEST(world.count_events("LivenessKillDelayed") == 2u);
  for (const Pod* each : world.supervisor.pods()) BOOST_TEST(each->waits_for_kill());
  for (const InstanceId each : runs) world.tell(ProcessNotified{each, {.watchdog = Watchdog::alive}});
  for (const Pod* each : world.supervisor.pods()) BOOST_TEST(!each->waits_for_kill());
  object.spec.liveness_budget = false;
  world.tell(ObjectApplied{object});
  world.advance(milliseconds(5999));
  BOOST_TEST(runs.size() == 2u);
  world.advance(milliseconds(1));
  BOOST_TEST(runs.size() == 4u);
}

BOOST_AUTO_TEST_SUITE_END()
