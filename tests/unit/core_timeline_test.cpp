// The worked timelines of Kubernetes, to the second, on the virtual clock.
#include <support/script.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;
using test::Script;

namespace {

PodObject pod_of(ContainerSpec container, RestartPolicy policy) {
  PodObject pod;
  pod.metadata.name = container.name;
  pod.spec.restart_policy = policy;
  pod.spec.containers.push_back(std::move(container));
  return pod;
}

ContainerSpec container_named(std::string name) {
  ContainerSpec container;
  container.name = std::move(name);
  container.command = {"/bin/true"};
  return container;
}

std::vector<std::int64_t> in_seconds(const std::vector<Instant>& instants) {
  std::vector<std::int64_t> all;
  for (const Instant each : instants) all.push_back(whole_seconds(each.time_since_epoch()));
  return all;
}

void check_starts(const Script& script, const std::vector<std::int64_t>& wanted) {
  auto starts = in_seconds(script.starts);
  if (starts.size() > wanted.size()) starts.resize(wanted.size());
  BOOST_TEST(starts == wanted, boost::test_tools::per_element());
}

ProbeSpec exec_probe(Duration delay, Duration period, int failures) {
  ProbeSpec probe;
  probe.exec = ExecAction{{"true"}};
  probe.initial_delay = delay;
  probe.period = period;
  probe.failure_threshold = failures;
  return probe;
}

ProbeOutcome failing(std::string text) { return {ProbeResult::failure, std::move(text)}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(timelines)

BOOST_AUTO_TEST_CASE(a_container_that_exits_at_once_waits_longer_each_time) {
  Script script;
  script.run = [](const auto&, int) { return Script::Run{Duration{0}, {1, 0}, true}; };
  script.tell(ObjectApplied{pod_of(container_named("crash"), RestartPolicy::always)});
  script.advance(seconds(1000));
  check_starts(script, {0, 0, 10, 30, 70, 150, 310, 610, 910});
}

BOOST_AUTO_TEST_CASE(the_healthcheck_document_restarts_at_10_30_60_110_200) {
  Script script;
  script.run = [](const auto&, int) { return Script::Run{seconds(10), {1, 0}, true}; };
  script.tell(ObjectApplied{pod_of(container_named("healthcheck"), RestartPolicy::on_failure)});
  script.advance(seconds(25));
  BOOST_TEST(script.pod("healthcheck").status_word() == "CrashLoopBackOff");
  BOOST_TEST(script.pod("healthcheck").restart_count() == 1);
  BOOST_TEST(script.pod("healthcheck").ready_count().ready == 0);
  script.advance(seconds(200));
  check_starts(script, {0, 10, 30, 60, 110, 200});
}

BOOST_AUTO_TEST_CASE(a_container_killed_every_30_seconds_is_held_back_as_kubernetes_does) {
  Script script;
  auto container = container_named("liveness");
  container.liveness_probe = exec_probe(seconds(30), seconds(30), 1);
  script.probe = [](const auto&, Instant) { return failing("no"); };
  script.tell(ObjectApplied{pod_of(std::move(container), RestartPolicy::always)});
  script.advance(seconds(1300));
  check_starts(script, {0, 30, 60, 90, 120, 190, 300, 490, 820, 850, 1180, 1210});
}

BOOST_AUTO_TEST_CASE(liveness_fails_three_times_over_ten_seconds_then_kills_and_restarts) {
  Script script;
  auto container = container_named("liveness");
  container.liveness_probe = exec_probe(seconds(10), seconds(5), 3);
  script.probe = [&](const auto&, Instant now) {
    return now - script.starts.back() > seconds(30) ? failing("cat: No such file") : ProbeOutcome{};
  };
  script.tell(ObjectApplied{pod_of(std::move(container), RestartPolicy::on_failure)});
  script.advance(seconds(46));
  check_starts(script, {0, 45});
  const auto told = script.events;
  const auto unhealthy =
      std::find_if(told.rbegin(), told.rend(), [](const Event& e) { return e.reason == "Unhealthy"; });
  BOOST_TEST(unhealthy->count == 3);
  BOOST_TEST(unhealthy->message == "Liveness probe failed: cat: No such file");
  BOOST_TEST(whole_seconds(unhealthy->last - unhealthy->first) == 10);
  const auto killing = std::find_if(told.rbegin(), told.rend(), [](const Event& e) { return e.reason == "Killing"; });
  BOOST_TEST(killing->message == "Container liveness failed liveness probe, will be restarted");
  BOOST_TEST(script.pod("liveness").restart_count() == 1);
}

BOOST_AUTO_TEST_CASE(readiness_turns_after_its_thresholds_and_never_restarts) {
  Script script;
  auto container = container_named("readiness");
  container.readiness_probe = exec_probe(seconds(10), seconds(5), 3);
  script.probe = [&](const auto&, Instant now) {
    return now.time_since_epoch() > seconds(30) ? failing("gone") : ProbeOutcome{};
  };
  script.tell(ObjectApplied{pod_of(std::move(container), RestartPolicy::on_failure)});
  script.advance(seconds(9));
  BOOST_TEST(!script.pod("readiness").is_ready());
  script.advance(seconds(1));
  BOOST_TEST(script.pod("readiness").is_ready());
  script.advance(milliseconds(34'999));
  BOOST_TEST(script.pod("readiness").is_ready());
  script.advance(milliseconds(1));
  BOOST_TEST(!script.pod("readiness").is_ready());
  BOOST_TEST(script.pod("readiness").status_word() == "Running");
  script.advance(seconds(600));
  BOOST_TEST(script.starts.size() == 1u);
}

BOOST_AUTO_TEST_CASE(startup_success_lets_readiness_be_asked_at_once) {
  Script script;
  auto container = container_named("slow");
  container.startup_probe = exec_probe(Duration{0}, seconds(5), 6);
  container.readiness_probe = exec_probe(Duration{0}, seconds(10), 3);
  script.probe = [&](const StartProbe& effect, Instant now) {
    const bool is_up = now.time_since_epoch() >= seconds(20);
    return effect.type == ProbeType::startup && !is_up ? failing("starting") : ProbeOutcome{};
  };
  script.tell(ObjectApplied{pod_of(std::move(container), RestartPolicy::always)});
  script.advance(milliseconds(19'999));
  BOOST_TEST(!script.pod("slow").is_ready());
  script.advance(milliseconds(1));
  BOOST_TEST(script.pod("slow").is_ready());
}

BOOST_AUTO_TEST_CASE(a_startup_probe_that_never_succeeds_kills_after_its_threshold) {
  Script script;
  auto container = container_named("stuck");
  container.startup_probe = exec_probe(Duration{0}, seconds(5), 6);
  script.probe = [](const auto&, Instant) { return failing("no"); };
  script.tell(ObjectApplied{pod_of(std::move(container), RestartPolicy::always)});
  script.advance(seconds(31));
  check_starts(script, {0, 30});
}

BOOST_AUTO_TEST_SUITE_END()
