// How pods leave, and start anew on request: out of the lists, drained, then the stop signals, the kill, gone.
#include <support/hand.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::test;

namespace {

ServiceObject service_of(std::string name, std::string app = "web") {
  ServiceObject service;
  service.metadata.name = std::move(name);
  service.spec.selector["app"] = std::move(app);
  service.spec.ports.push_back({{}, Protocol::tcp, 80, PortRef(3000), std::nullopt});
  return service;
}

PodObject web_pod() {
  ContainerSpec container = container_named("main");
  container.readiness_probe = exec_probe(Duration{0}, seconds(1000), 1);
  container.readiness_probe->timeout = seconds(500);
  return pod_named("web", {container});
}

void serve(Hand& hand) {
  hand.started("main");
  hand.answers("main", ProbeType::readiness, ProbeResult::success);
}

// A ready pod behind services of these names; drains end when the test says so.
void begin(Hand& hand, const PodObject& pod = web_pod(), std::vector<std::string> services = {"web"}) {
  hand.drains = false;
  for (std::string& each : services) hand.tell(ObjectApplied{service_of(std::move(each))});
  hand.tell(ObjectApplied{pod});
  serve(hand);
}

ServiceId id_of(const Hand& hand, const std::string& service) {
  return hand.supervisor.services().at({Kind::service, "default", service})->ids()[0];
}

void drained(Hand& hand, const std::string& service = "web") {
  hand.tell(EndpointDrained{id_of(hand, service), hand.pod("web").id()});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(leaving)

// The proxy closed its listeners, but what was connected lives on.
BOOST_AUTO_TEST_CASE(a_service_that_was_closed_or_has_other_ports_drains_all_the_same) {
  Hand hand;
  begin(hand, web_pod(), {"web", "other"});
  const ServiceId old = id_of(hand, "web"), gone = id_of(hand, "other");
  ServiceObject wider = service_of("web");
  wider.spec.ports[0].name = "one";
  wider.spec.ports.push_back({"two", Protocol::tcp, 81, std::nullopt, std::nullopt});
  hand.tell(ObjectApplied{wider});
  hand.tell(ObjectDeleted{{Kind::service, "default", "other"}, std::nullopt});
  hand.remove("web");
  std::set<ServiceId> drained;
  for (const auto& each : Hand::of<DrainEndpoint>(hand.all)) drained.insert(each.service);
  BOOST_TEST(drained.size() == 4u);
  BOOST_TEST((drained.contains(old) && drained.contains(gone)));
  for (const ServiceId each : drained) {
    BOOST_TEST(hand.count<SignalContainer>() == 0u);
    hand.tell(EndpointDrained{each, hand.pod("web").id()});
  }
  BOOST_TEST(hand.count<SignalContainer>() == 1u);
}

BOOST_AUTO_TEST_CASE(a_pod_is_drained_first_then_signalled_then_killed_then_gone) {
  Hand hand;
  begin(hand);
  hand.remove("web");
  BOOST_TEST(hand.count<DrainEndpoint>() == 1u);
  BOOST_TEST(hand.count<SignalContainer>() == 0u);
  BOOST_TEST(hand.told("Draining: Out of 1 service; open connections get up to 10s"));
  const auto set = Hand::of<SetEndpoint>(hand.last);
  BOOST_REQUIRE(set.size() == 1u);
  BOOST_TEST((!set[0].ready && set[0].serving && set[0].terminating));
  BOOST_TEST(hand.pod("web").services_waited_for() == 1u);
  hand.advance(seconds(4));
  drained(hand);
  BOOST_TEST(hand.signalled("main"));
  BOOST_TEST(hand.count<RemoveEndpoint>() == 1u);
  hand.advance(seconds(26));
  BOOST_TEST(hand.killed("main"));  // the drain counts inside the grace period
  BOOST_TEST(steps(hand.pod("web")) == "drain 0, stop 4000, kill 30000");
  hand.dies("main", 9);
  BOOST_TEST(!hand.exists("web"));
}

BOOST_AUTO_TEST_CASE(the_endpoint_is_terminating_before_it_is_drained_and_out_before_the_signal) {
  Hand hand;
  begin(hand);
  const auto place = [&]<class Wanted>(const Wanted*) {
    return std::ranges::find_if(hand.last, [](const Effect& each) { return std::holds_alternative<Wanted>(each); }) -
           hand.last.begin();
  };
  hand.remove("web");
  BOOST_TEST(place(static_cast<SetEndpoint*>(nullptr)) < place(static_cast<DrainEndpoint*>(nullptr)));
  drained(hand);
  BOOST_TEST(place(static_cast<RemoveEndpoint*>(nullptr)) < place(static_cast<SignalContainer*>(nullptr)));
}

BOOST_AUTO_TEST_CASE(it_waits_for_every_service) {
  Hand hand;
  begin(hand, web_pod(), {"web", "other"});
  hand.remove("web");
  BOOST_TEST(hand.count<DrainEndpoint>() == 2u);
  drained(hand, "other");
  BOOST_TEST(hand.count<SignalContainer>() == 0u);
  BOOST_TEST(hand.pod("web").services_waited_for() == 1u);
  drained(hand, "other");  // says it again: nobody waits for that
  BOOST_TEST(hand.supervisor.late_inputs() == 1u);
  drained(hand, "web");
  BOOST_TEST(hand.signalled("main"));
}

BOOST_AUTO_TEST_CASE(what_is_open_after_drain_seconds_is_cut_and_the_signal_waits_for_that) {
  Hand hand;
  PodObject pod = web_pod();
  pod.spec.drain = milliseconds(2'500);
  begin(hand, pod);
  hand.remove("web");
  hand.advance(milliseconds(2'499));
  BOOST_TEST(hand.count<CutEndpoint>() == 0u);
  hand.advance(milliseconds(1));
  BOOST_TEST(hand.count<CutEndpoint>() == 1u);
  BOOST_TEST(hand.told("DrainTimedOut: The time for open connections is over: they are ended"));
  BOOST_TEST(hand.count<SignalContainer>() == 0u);
  hand.advance(milliseconds(300));
  drained(hand);
  BOOST_TEST(hand.signalled("main"));
  BOOST_TEST(steps(hand.pod("web")) == "drain 0, cut 2500, stop 2800");
}

BOOST_AUTO_TEST_CASE(a_stuck_worker_keeps_no_pod_for_more_than_a_second) {
  Hand hand;
  begin(hand);
  hand.remove("web");
  hand.advance(milliseconds(10'999));
  BOOST_TEST(hand.count<CutEndpoint>() == 1u);
  hand.advance(milliseconds(1));
  BOOST_TEST(
      hand.told("DrainStuck: The end of all connections was not confirmed: the programs are stopped all the same"));
  BOOST_TEST(hand.signalled("main"));
}

BOOST_AUTO_TEST_CASE(two_seconds_of_the_grace_stay_for_the_signal) {
  const std::pair<std::int64_t, std::int64_t> table[] = {{30, 10}, {12, 10}, {11, 9}, {5, 3}, {2, 0}, {1, 0}};
  for (const auto& [grace, cut] : table) {
    Hand hand;
    begin(hand);
    hand.remove("web", seconds(grace));
    if (cut > 0) BOOST_CHECK(hand.supervisor.deadline() == Instant{} + seconds(cut));
    hand.advance(seconds(cut));
    BOOST_TEST(hand.count<CutEndpoint>() == 1u);
    drained(hand);
    BOOST_TEST(hand.signalled("main"));
    BOOST_CHECK(hand.supervisor.deadline() == Instant{} + seconds(std::max(grace, cut + 2)));
  }
}

BOOST_AUTO_TEST_CASE(without_a_service_there_is_nothing_to_drain) {
  Hand hand;
  begin(hand, web_pod(), {});
  hand.remove("web");
  BOOST_TEST(hand.signalled("main"));
  BOOST_TEST(steps(hand.pod("web")) == "stop 0");
}

BOOST_AUTO_TEST_CASE(a_pod_that_was_never_published_has_no_connections) {
  Hand hand;
  hand.drains = false;
  hand.tell(ObjectApplied{service_of("web")});
  hand.tell(ObjectApplied{web_pod()});
  hand.started("main");
  hand.remove("web");
  BOOST_TEST(hand.count<DrainEndpoint>() == 0u);
  BOOST_TEST(hand.signalled("main"));
}

BOOST_AUTO_TEST_CASE(one_that_is_unready_now_may_have_connections_of_before) {
  Hand hand;
  begin(hand);
  hand.advance(seconds(1000));
  hand.answers("main", ProbeType::readiness, ProbeResult::failure);
  BOOST_TEST(hand.count<RemoveEndpoint>() == 1u);
  hand.remove("web");
  BOOST_TEST(hand.count<DrainEndpoint>() == 1u);
  BOOST_TEST(hand.count<SetEndpoint>() == 0u);
  BOOST_TEST(hand.count<SignalContainer>() == 0u);
}

BOOST_AUTO_TEST_CASE(so_may_one_that_its_service_selects_no_longer) {
  Hand hand;
  begin(hand);
  hand.tell(ObjectApplied{service_of("web", "something else")});
  BOOST_TEST(hand.count<RemoveEndpoint>() == 1u);
  hand.remove("web");
  BOOST_TEST(hand.count<DrainEndpoint>() == 1u);
}

BOOST_AUTO_TEST_CASE(grace_0_stops_at_once_also_in_mid_drain) {
  for (const bool is_later : {false, true}) {
    Hand hand;
    begin(hand);
    if (is_later) hand.remove("web");
    hand.remove("web", seconds(0));
    BOOST_TEST(hand.signalled("main"));
    BOOST_TEST(hand.count<RemoveEndpoint>() == 1u);
    BOOST_TEST(hand.count<DrainEndpoint>() == 0u);
    BOOST_CHECK(hand.supervisor.deadline() == Instant{} + seconds(2));
  }
}

BOOST_AUTO_TEST_CASE(a_shorter_grace_shortens_the_drain_that_goes_on) {
  Hand hand;
  begin(hand);
  hand.remove("web");
  hand.advance(seconds(3));
  hand.remove("web", seconds(4));
  BOOST_TEST(hand.count<DrainEndpoint>() == 0u);
  hand.advance(seconds(2));
  BOOST_TEST(hand.count<CutEndpoint>() == 1u);
  drained(hand);
  BOOST_CHECK(hand.supervisor.deadline() == Instant{} + seconds(7));
  hand.advance(seconds(1));
  hand.remove("web", seconds(100));
  BOOST_CHECK(hand.supervisor.deadline() == Instant{} + seconds(7));
}

BOOST_AUTO_TEST_CASE(a_shutdown_drains_and_a_second_one_kills_at_once) {
  Hand hand;
  begin(hand);
  hand.tell(ShutdownRequested{});
  BOOST_TEST(hand.count<DrainEndpoint>() == 1u);
  BOOST_TEST(hand.count<SignalContainer>() == 0u);
  hand.tell(ShutdownRequested{});
  BOOST_TEST(hand.killed("main"));
  BOOST_TEST(hand.count<RemoveEndpoint>() == 1u);
  hand.dies("main", 9);
  BOOST_TEST(hand.count<Exit>() == 1u);
}

BOOST_AUTO_TEST_CASE(a_pod_whose_programs_ended_waits_for_nobody) {
  Hand hand;
  begin(hand);
  hand.remove("web");
  hand.exits("main", 0);
  BOOST_TEST(!hand.exists("web"));
  BOOST_TEST(hand.count<RemoveEndpoint>() == 1u);
}

BOOST_AUTO_TEST_CASE(a_pod_at_its_end_is_gone_at_once) {
  Hand hand;
  PodObject pod = web_pod();
  pod.spec.restart_policy = RestartPolicy::never;
  begin(hand, pod);
  hand.exits("main", 0);
  hand.remove("web");
  BOOST_TEST(!hand.exists("web"));
  BOOST_TEST(hand.count<DrainEndpoint>() == 0u);
}

BOOST_AUTO_TEST_CASE(no_program_is_started_and_no_health_is_asked_while_it_drains) {
  Hand hand;
  PodObject pod = web_pod();
  pod.spec.containers[0].liveness_probe = exec_probe(Duration{0}, seconds(1), 1);
  pod.spec.containers.push_back(container_named("second"));
  begin(hand, pod, {"web"});
  hand.started("second");
  hand.remove("web");
  const std::size_t before = hand.all.size();
  hand.exits("second", 1);
  hand.advance(seconds(9));
  const Effects since(hand.all.begin() + std::ptrdiff_t(before), hand.all.end());
  BOOST_TEST(Hand::of<StartContainer>(since).empty());
  BOOST_TEST(Hand::of<StartProbe>(since).empty());
}

BOOST_AUTO_TEST_CASE(readiness_is_asked_while_it_drains_for_it_may_be_the_last_that_serves) {
  Hand hand;
  begin(hand);
  hand.advance(seconds(995));
  hand.remove("web");
  hand.advance(seconds(5));
  hand.answers("main", ProbeType::readiness, ProbeResult::failure);
  BOOST_TEST(hand.count<RemoveEndpoint>() == 1u);
  BOOST_TEST(hand.count<SignalContainer>() == 0u);  // its open connections have their time
}

BOOST_AUTO_TEST_CASE(a_liveness_kill_does_not_drain) {
  Hand hand;
  PodObject pod = web_pod();
  pod.spec.containers[0].liveness_probe = exec_probe(Duration{0}, seconds(10), 1);
  begin(hand, pod);
  hand.advance(seconds(10));
  hand.answers("main", ProbeType::liveness, ProbeResult::failure);
  BOOST_TEST(hand.signalled("main"));
  BOOST_TEST(hand.count<DrainEndpoint>() == 0u);
}

BOOST_AUTO_TEST_CASE(a_liveness_kill_that_goes_on_does_not_end_the_drain) {
  Hand hand;
  PodObject pod = web_pod();
  pod.spec.containers.push_back(container_named("sick"));
  pod.spec.containers[1].liveness_probe = exec_probe(Duration{0}, seconds(10), 1);
  hand.drains = false;
  hand.tell(ObjectApplied{service_of("web")});
  hand.tell(ObjectApplied{pod});
  hand.started("sick");
  serve(hand);
  hand.advance(seconds(10));
  hand.answers("sick", ProbeType::liveness, ProbeResult::failure);
  hand.remove("web");
  BOOST_TEST(!hand.signalled("main"));
  BOOST_TEST(hand.pod("web").services_waited_for() == 1u);
  drained(hand);
  BOOST_TEST(hand.signalled("main"));
}

BOOST_AUTO_TEST_CASE(a_kill_that_is_overdue_when_the_drain_ends_comes_at_once) {
  Hand hand;
  PodObject pod = web_pod();
  pod.spec.drain = seconds(300);
  pod.spec.containers.push_back(container_named("sick"));
  pod.spec.containers[1].liveness_probe = exec_probe(Duration{0}, seconds(10), 1);
  pod.spec.containers[1].liveness_probe->termination_grace_period = seconds(100);
  hand.drains = false;
  hand.tell(ObjectApplied{service_of("web")});
  hand.tell(ObjectApplied{pod});
  hand.started("sick");
  serve(hand);
  hand.advance(seconds(10));
  hand.answers("sick", ProbeType::liveness, ProbeResult::failure);
  hand.remove("web", seconds(2));
  hand.advance(milliseconds(1'500));  // late for its second
  hand.now += seconds(5);
  hand.tell(Ticked{});
  BOOST_TEST(hand.killed("sick"));
}

BOOST_AUTO_TEST_CASE(an_exceeded_deadline_drains) {
  Hand hand;
  PodObject pod = web_pod();
  pod.spec.active_deadline = seconds(60);
  begin(hand, pod);
  hand.advance(seconds(60));
  BOOST_TEST(hand.count<DrainEndpoint>() == 1u);
  BOOST_TEST(hand.count<SignalContainer>() == 0u);
  drained(hand);
  BOOST_TEST(hand.signalled("main"));
  hand.dies("main", 15);
  BOOST_CHECK(hand.pod("web").phase() == Phase::failed);
}

BOOST_AUTO_TEST_CASE(scaling_down_drains) {
  Hand hand;
  hand.drains = false;
  hand.tell(ObjectApplied{service_of("web")});
  DeploymentObject deployment;
  deployment.metadata.name = "web";
  deployment.spec.selector.match_labels["app"] = "web";
  deployment.spec.pod_template.metadata.labels["app"] = "web";
  deployment.spec.pod_template.spec = web_pod().spec;
  hand.tell(ObjectApplied{deployment});
  serve(hand);
  deployment.spec.replicas = 0;
  hand.tell(ObjectApplied{deployment});
  BOOST_TEST(hand.count<DrainEndpoint>() == 1u);
  BOOST_TEST(hand.count<SignalContainer>() == 0u);
}

BOOST_AUTO_TEST_CASE(a_restart_on_request_drains_and_the_endpoint_comes_back) {
  Hand hand;
  begin(hand);
  const PodId pod = hand.pod("web").id();
  hand.tell(RestartRequested{{Kind::pod, "default", "web"}});
  BOOST_TEST(hand.count<DrainEndpoint>() == 1u);
  BOOST_TEST(hand.count<SignalContainer>() == 0u);
  BOOST_TEST(!hand.pod("web").is_terminating());
  BOOST_TEST(hand.pod("web").is_restarting());
  hand.tell(RestartRequested{{Kind::pod, "default", "web"}});
  BOOST_TEST(hand.last.empty());  // it is under way
  drained(hand);
  BOOST_TEST(hand.signalled("main"));
  BOOST_TEST(hand.count<RemoveEndpoint>() == 1u);
  hand.dies("main", 15);
  BOOST_TEST(hand.count<StartContainer>() == 1u);
  serve(hand);
  const auto set = Hand::of<SetEndpoint>(hand.last);
  BOOST_REQUIRE(set.size() == 1u);
  BOOST_TEST((set[0].ready && !set[0].terminating && set[0].pod == pod));
  BOOST_TEST(hand.pod("web").leaving_steps().empty());
}

BOOST_AUTO_TEST_CASE(the_grace_of_a_restart_counts_from_the_request) {
  Hand hand;
  begin(hand);
  hand.tell(RestartRequested{{Kind::pod, "default", "web"}});
  hand.advance(seconds(10));
  drained(hand);
  BOOST_TEST(hand.signalled("main"));
  hand.advance(milliseconds(19'999));
  BOOST_TEST(!hand.killed("main"));
  hand.advance(milliseconds(1));
  BOOST_TEST(hand.killed("main"));
}

BOOST_AUTO_TEST_CASE(what_started_while_a_restart_drained_is_not_started_again) {
  Hand hand;
  begin(hand);
  hand.tell(RestartRequested{{Kind::pod, "default", "web"}});
  hand.exits("main", 1);
  BOOST_TEST(hand.count<StartContainer>() == 1u);
  hand.started("main");
  drained(hand);
  BOOST_TEST(hand.count<SignalContainer>() == 0u);
  BOOST_TEST(!hand.pod("web").is_withdrawn());
}

BOOST_AUTO_TEST_CASE(a_delete_takes_over_the_drain_of_a_restart) {
  Hand hand;
  begin(hand);
  hand.tell(RestartRequested{{Kind::pod, "default", "web"}});
  hand.advance(seconds(6));
  hand.remove("web");
  BOOST_TEST(hand.count<DrainEndpoint>() == 0u);
  hand.advance(seconds(4));
  BOOST_TEST(hand.count<CutEndpoint>() == 1u);
  drained(hand);
  BOOST_TEST(hand.signalled("main"));
  hand.dies("main", 15);
  BOOST_TEST(!hand.exists("web"));
}

BOOST_AUTO_TEST_CASE(watchers_are_told_of_each_step) {
  Hand hand;
  hand.supervisor.keep_changes();
  begin(hand, web_pod(), {"web", "other"});
  const auto is_told = [&] {
    const auto changes = hand.supervisor.take_changes();
    return std::ranges::any_of(changes, [](const Change& each) { return each.resource == Resource::pods; });
  };
  hand.remove("web");
  BOOST_TEST(is_told());
  drained(hand, "other");
  BOOST_TEST(is_told());
  drained(hand, "web");
  BOOST_TEST(is_told());
}

BOOST_AUTO_TEST_SUITE_END()
