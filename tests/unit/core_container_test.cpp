// The life of a container: restarts, probes that kill, starts that fail.
#include <support/hand.hpp>

#include <boost/test/unit_test.hpp>

#include <array>

using namespace reeve;
using namespace reeve::test;

namespace {

PodObject pod_with(ContainerSpec container, RestartPolicy policy = RestartPolicy::always) {
  PodObject pod = pod_named("pod", {std::move(container)});
  pod.spec.restart_policy = policy;
  return pod;
}

ContainerSpec with_liveness(int failures = 1) {
  ContainerSpec container = container_named("main");
  container.liveness_probe = exec_probe(Duration{0}, seconds(10), failures);
  return container;
}

void run(Hand& hand, PodObject pod) {
  hand.tell(ObjectApplied{std::move(pod)});
  hand.started("main");
}

void fail_liveness(Hand& hand) {
  hand.advance(seconds(10));
  hand.answers("main", ProbeType::liveness, ProbeResult::failure);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(container)

BOOST_AUTO_TEST_CASE(what_restarts_is_a_matter_of_policy_and_exit_code) {
  struct Row {
    RestartPolicy policy;
    int code;
    bool restarts;
    Phase phase;
    const char* word;
  };
  const Row table[] = {
      {RestartPolicy::always, 0, true, Phase::pending, "Completed"},
      {RestartPolicy::always, 1, true, Phase::pending, "Error"},
      {RestartPolicy::on_failure, 0, false, Phase::succeeded, "Completed"},
      {RestartPolicy::on_failure, 1, true, Phase::pending, "Error"},
      {RestartPolicy::never, 0, false, Phase::succeeded, "Completed"},
      {RestartPolicy::never, 3, false, Phase::failed, "Error"},
  };
  for (const Row& row : table) {
    Hand hand;
    run(hand, pod_with(container_named("main"), row.policy));
    hand.exits("main", row.code);
    BOOST_TEST((hand.count<StartContainer>() == 1) == row.restarts);
    BOOST_TEST(hand.pod("pod").status_word() == row.word);
    if (!row.restarts) BOOST_CHECK(hand.pod("pod").phase() == row.phase);
    if (row.restarts) BOOST_CHECK(hand.pod("pod").phase() == Phase::running);
  }
}

BOOST_AUTO_TEST_CASE(a_containers_own_policy_beats_the_pods) {
  Hand hand;
  ContainerSpec container = container_named("main");
  container.restart_policy = RestartPolicy::never;
  run(hand, pod_with(container));
  hand.exits("main", 1);
  BOOST_TEST(hand.count<StartContainer>() == 0u);
  BOOST_CHECK(hand.pod("pod").phase() == Phase::failed);
}

BOOST_AUTO_TEST_CASE(with_on_failure_a_probe_kill_restarts_even_after_exit_code_0) {
  Hand hand;
  run(hand, pod_with(with_liveness(), RestartPolicy::on_failure));
  fail_liveness(hand);
  BOOST_TEST(hand.told("Killing: Container main failed liveness probe, will be restarted"));
  hand.exits("main", 0);
  BOOST_TEST(hand.count<StartContainer>() == 1u);
}

BOOST_AUTO_TEST_CASE(with_on_failure_a_held_back_start_is_judged_by_the_exit_code) {
  Hand hand;
  run(hand, pod_with(with_liveness(), RestartPolicy::on_failure));
  hand.exits("main", 1);  // restarted at once
  hand.started("main");
  for (const std::int64_t wait : {10, 20}) {
    hand.exits("main", 1);
    hand.advance(seconds(wait));
    hand.started("main");
  }
  fail_liveness(hand);  // 30 s after the end before, and the wait is 40 s by now
  hand.exits("main", 0);
  BOOST_TEST(hand.count<StartContainer>() == 0u);
  BOOST_CHECK(hand.pod("pod").phase() == Phase::succeeded);
}

BOOST_AUTO_TEST_CASE(with_never_a_probe_kill_ends_the_pod) {
  Hand hand;
  run(hand, pod_with(with_liveness(), RestartPolicy::never));
  fail_liveness(hand);
  BOOST_TEST(hand.told("Killing: Container main failed liveness probe"));
  hand.exits("main", 0);
  BOOST_TEST(hand.count<StartContainer>() == 0u);
  BOOST_CHECK(hand.pod("pod").phase() == Phase::succeeded);
}

BOOST_AUTO_TEST_CASE(a_signal_shows_as_128_and_its_number) {
  Hand hand;
  run(hand, pod_with(container_named("main"), RestartPolicy::never));
  hand.dies("main", 9);
  const auto status = hand.pod("pod").container_statuses()[0];
  const auto& ended = std::get<StateTerminated>(status.state);
  BOOST_TEST(ended.exit_code == 137);
  BOOST_TEST(ended.reason == "Error");
}

BOOST_AUTO_TEST_CASE(a_start_that_fails_ends_with_128_is_told_and_backs_off) {
  Hand hand;
  hand.tell(ObjectApplied{pod_with(container_named("main"))});
  hand.start_fails("main", "cannot exec /bin/app: No such file or directory");
  BOOST_TEST(hand.told("Failed: Error: cannot exec /bin/app: No such file or directory"));
  BOOST_TEST(hand.count<StartContainer>() == 1u);  // the first time at once
  hand.start_fails("main", "cannot exec /bin/app: No such file or directory");
  BOOST_TEST(hand.count<StartContainer>() == 0u);
  const auto status = hand.pod("pod").container_statuses()[0];
  BOOST_TEST(std::get<StateWaiting>(status.state).reason == "CrashLoopBackOff");
  BOOST_TEST(status.last_state->reason == "StartError");
  BOOST_TEST(status.last_state->exit_code == 128);
  BOOST_TEST(status.last_state->message == "cannot exec /bin/app: No such file or directory");
  BOOST_TEST(hand.told("BackOff: Back-off restarting failed container main in pod pod_default(" +
                       hand.pod("pod").identity().uid + ")"));
  hand.advance(seconds(10));
  BOOST_TEST(hand.count<StartContainer>() == 1u);
}

BOOST_AUTO_TEST_CASE(the_message_of_a_back_off_carries_the_wait) {
  Hand hand;
  run(hand, pod_with(container_named("main")));
  for (const char* wait : {"10s", "20s", "40s", "1m20s", "2m40s", "5m0s", "5m0s"}) {
    hand.exits("main", 1);
    if (std::string_view(wait) == "10s") {
      hand.started("main");
      hand.exits("main", 1);
    }
    const auto status = hand.pod("pod").container_statuses()[0];
    BOOST_TEST(std::get<StateWaiting>(status.state).message ==
               std::string("back-off ") + wait + " restarting failed container=main pod=pod_default(" +
                   hand.pod("pod").identity().uid + ")");
    hand.advance(seconds(300));
    hand.started("main");
  }
  BOOST_TEST(hand.pod("pod").restart_count() == 8);
}

BOOST_AUTO_TEST_CASE(one_dead_run_is_kept_beside_the_live_one) {
  Hand hand;
  run(hand, pod_with(container_named("main")));
  const InstanceId first = hand.instance("main");
  hand.exits("main", 1);
  BOOST_TEST(hand.count<ForgetInstance>() == 0u);
  hand.started("main");
  const InstanceId second = hand.instance("main");
  hand.exits("main", 2);
  hand.advance(seconds(10));
  const auto forgotten = Hand::of<ForgetInstance>(hand.all);
  BOOST_REQUIRE(forgotten.size() == 1u);
  BOOST_CHECK(forgotten[0].instance == first);
  hand.started("main");
  BOOST_CHECK(hand.pod("pod").container_statuses()[0].last_state->instance == second);
}

BOOST_AUTO_TEST_CASE(a_failure_is_told_every_time_and_an_unknown_never) {
  Hand hand;
  run(hand, pod_with(with_liveness(5)));
  fail_liveness(hand);
  BOOST_TEST(hand.told("Unhealthy: Liveness probe failed: text"));
  fail_liveness(hand);
  BOOST_TEST(hand.told("Unhealthy: Liveness probe failed: text"));
  hand.advance(seconds(10));
  hand.answers("main", ProbeType::liveness, ProbeResult::unknown);
  BOOST_TEST(hand.told().empty());
  hand.advance(seconds(10));
  hand.answers("main", ProbeType::liveness, ProbeResult::warning);
  BOOST_TEST(hand.told("ProbeWarning: Liveness probe warning: text"));
  hand.advance(seconds(10));
  for (int i = 0; i < 2; ++i) hand.answers("main", ProbeType::liveness, ProbeResult::error);
  BOOST_TEST(hand.told().empty());
  hand.answers("main", ProbeType::liveness, ProbeResult::error);
  BOOST_TEST(hand.told("Unhealthy: Liveness probe errored and resulted in unknown state: text"));
}

BOOST_AUTO_TEST_CASE(a_probes_own_grace_may_be_longer_or_shorter_and_is_never_under_two_seconds) {
  for (const std::int64_t grace : {45, 5, 1}) {
    Hand hand;
    ContainerSpec container = with_liveness();
    container.liveness_probe->termination_grace_period = seconds(grace);
    run(hand, pod_with(container));
    fail_liveness(hand);
    BOOST_TEST(hand.signalled("main"));
    const Instant kill_at = hand.now + seconds(std::max<std::int64_t>(grace, 2));
    BOOST_CHECK(hand.supervisor.deadline() == kill_at);
    hand.advance(kill_at - hand.now);
    BOOST_TEST(hand.killed("main"));
  }
}

BOOST_AUTO_TEST_CASE(readiness_goes_on_while_a_container_is_being_stopped_and_liveness_does_not) {
  Hand hand;
  ContainerSpec container = with_liveness();
  container.readiness_probe = exec_probe(Duration{0}, seconds(4), 1);
  run(hand, pod_with(container));
  hand.answers("main", ProbeType::readiness, ProbeResult::success);
  fail_liveness(hand);
  BOOST_TEST(hand.pod("pod").is_ready());  // failing liveness does not by itself take it out of a service
  const ProbeRunId liveness = hand.run("main", ProbeType::liveness);
  hand.advance(seconds(12));
  BOOST_CHECK(hand.run("main", ProbeType::liveness) == liveness);
  hand.answers("main", ProbeType::readiness, ProbeResult::failure);
  BOOST_TEST(!hand.pod("pod").is_ready());
}

BOOST_AUTO_TEST_CASE(a_late_answer_changes_nothing) {
  Hand hand;
  run(hand, pod_with(with_liveness()));
  hand.advance(seconds(10));
  const ProbeRunId run_of_first = hand.run("main", ProbeType::liveness);
  hand.exits("main", 1);
  BOOST_TEST(hand.count<CancelProbe>() == 1u);
  hand.started("main");
  hand.tell(ProbeFinished{run_of_first, {ProbeResult::failure, "late"}});
  BOOST_TEST(hand.last.empty());
  BOOST_TEST(hand.supervisor.late_inputs() == 1u);
}

BOOST_AUTO_TEST_CASE(a_second_started_changes_neither_pid_nor_start) {
  Hand hand;
  run(hand, pod_with(with_liveness()));
  const InstanceId instance = hand.instance("main");
  fail_liveness(hand);
  hand.tell(ContainerStarted{instance, 99});
  const auto status = hand.pod("pod").container_statuses()[0];
  BOOST_TEST(std::get<StateRunning>(status.state).pid == 77);
  BOOST_CHECK(std::get<StateRunning>(status.state).started_at == Instant{});
}

BOOST_AUTO_TEST_CASE(what_is_stopped_before_it_runs_is_not_shown_as_running) {
  Hand hand;
  hand.tell(ObjectApplied{pod_with(container_named("main"))});
  hand.remove("pod");
  BOOST_TEST(hand.signalled("main"));
  BOOST_TEST(std::get<StateWaiting>(hand.pod("pod").container_statuses()[0].state).reason == "ContainerCreating");
  BOOST_CHECK(hand.pod("pod").phase() == Phase::pending);
  hand.started("main");
  BOOST_CHECK(std::holds_alternative<StateRunning>(hand.pod("pod").container_statuses()[0].state));
  BOOST_TEST(hand.count<StartProbe>() == 0u);
}

// Every state × event, as kubectl's STATUS and the effects of the step say it:
// s started anew, t told to stop, k killed, - nothing; "gone" where the pod is.
BOOST_AUTO_TEST_CASE(every_event_in_every_state_has_an_intended_outcome) {
  using Act = void (*)(Hand&);
  const auto starting = [](Hand& h) { h.tell(ObjectApplied{pod_with(with_liveness())}); };
  const auto up = [](Hand& h) { run(h, pod_with(with_liveness())); };
  const auto sick = [](Hand& h) {
    run(h, pod_with(with_liveness()));
    fail_liveness(h);
  };
  const auto leaving = [](Hand& h) {
    run(h, pod_with(with_liveness()));
    h.remove("pod");
  };
  const auto backing_off = [](Hand& h) {
    run(h, pod_with(with_liveness()));
    h.exits("main", 1);
    h.started("main");
    h.exits("main", 1);
  };
  const auto ended = [](Hand& h) {
    run(h, pod_with(with_liveness(), RestartPolicy::never));
    h.exits("main", 1);
  };
  const Act states[] = {starting, up, sick, leaving, backing_off, ended};
  struct Row {
    const char* event;
    Act act;
    std::array<const char*, 6> outcome;
  };
  const Row table[] = {
      {"started",
       [](Hand& h) { h.started("main"); },
       {"Running", "Running", "Running", "Terminating", "CrashLoopBackOff", "Error"}},
      {"start failed",
       [](Hand& h) { h.start_fails("main", "no"); },
       {"StartError s", "StartError s", "StartError s", "gone", "CrashLoopBackOff", "Error"}},
      {"exited",
       [](Hand& h) { h.exits("main", 1); },
       {"Error s", "Error s", "Error s", "gone", "CrashLoopBackOff", "Error"}},
      {"deleted",
       [](Hand& h) { h.remove("pod"); },
       {"Terminating t", "Terminating t", "Terminating", "Terminating", "gone", "gone"}},
      {"shutdown",
       [](Hand& h) { h.tell(ShutdownRequested{}); },
       {"Terminating t", "Terminating t", "Terminating", "Terminating", "gone", "gone"}},
      {"grace over",
       [](Hand& h) { h.advance(seconds(30)); },
       {"ContainerCreating", "Running", "Running k", "Terminating k", "Error s", "Error"}},
      {"refused",
       [](Hand& h) { h.tell(ConnectionRefused{h.pod("pod").id()}); },
       {"ContainerCreating", "Running", "Running", "Terminating", "CrashLoopBackOff", "Error"}},
  };
  for (const Row& row : table) {
    for (std::size_t i = 0; i < std::size(states); ++i) {
      Hand hand;
      states[i](hand);
      const std::size_t before = hand.all.size();
      row.act(hand);
      const Effects done(hand.all.begin() + static_cast<std::ptrdiff_t>(before), hand.all.end());
      std::string outcome = hand.exists("pod") ? hand.pod("pod").status_word() : "gone";
      if (!Hand::of<StartContainer>(done).empty()) outcome += " s";
      if (!Hand::of<SignalContainer>(done).empty()) outcome += " t";
      if (!Hand::of<KillContainer>(done).empty()) outcome += " k";
      BOOST_TEST(outcome == row.outcome[i], row.event << " in state " << i << ": " << outcome);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
