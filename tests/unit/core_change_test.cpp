// What watchers are told: each visible change once, in order.
#include <support/script.hpp>

#include <boost/test/unit_test.hpp>

namespace reeve {
namespace {

using test::Script;

PodObject pod_named(const std::string& name) {
  PodObject pod;
  pod.metadata.name = name;
  pod.metadata.labels = {{"app", name}};
  ContainerSpec container;
  container.name = "main";
  container.command = {"/bin/true"};
  pod.spec.containers.push_back(std::move(container));
  return pod;
}

// "ADDED pods/web" per change, events left out.
std::vector<std::string> told(Supervisor& supervisor, bool with_events = false) {
  constexpr std::array<const char*, 3> types{"ADDED", "MODIFIED", "DELETED"};
  constexpr std::array<const char*, 6> kinds{"pods", "services", "endpoints", "events", "deployments", "replicasets"};
  std::vector<std::string> lines;
  std::uint64_t version = 0;
  for (const Change& each : supervisor.take_changes()) {
    BOOST_TEST(each.version > version);
    version = each.version;
    if (each.resource == Resource::events && !with_events) continue;
    lines.push_back(std::string(types[static_cast<std::size_t>(each.type)]) + ' ' +
                    kinds[static_cast<std::size_t>(each.resource)] + '/' + each.name);
  }
  return lines;
}

using Lines = std::vector<std::string>;

void check_told(Supervisor& supervisor, const Lines& expected) {
  const Lines found = told(supervisor);
  BOOST_CHECK_EQUAL_COLLECTIONS(found.begin(), found.end(), expected.begin(), expected.end());
}

BOOST_AUTO_TEST_SUITE(core_change)

BOOST_AUTO_TEST_CASE(a_pod_is_added_modified_and_deleted_once_each) {
  Script script;
  script.supervisor.keep_changes();
  script.tell(ObjectApplied{pod_named("web")});
  check_told(script.supervisor,
             {"ADDED pods/web", "MODIFIED pods/web", "MODIFIED pods/web"});  // its sandbox, its start
  script.tell(Ticked{});
  check_told(script.supervisor, {});
  script.tell(ObjectDeleted{{Kind::pod, "default", "web"}, std::nullopt});
  const Lines lines = told(script.supervisor);
  BOOST_REQUIRE(!lines.empty());
  BOOST_TEST(lines.front() == "MODIFIED pods/web");
  BOOST_TEST(lines.back() == "DELETED pods/web");
}

BOOST_AUTO_TEST_CASE(a_deleted_pod_is_told_with_its_last_state) {
  Script script;
  script.supervisor.keep_changes();
  script.tell(ObjectApplied{pod_named("web")});
  script.tell(ObjectDeleted{{Kind::pod, "default", "web"}, std::nullopt});
  std::shared_ptr<const Pod> last;
  for (const Change& each : script.supervisor.take_changes()) {
    if (each.type == ChangeType::deleted) last = std::get<std::shared_ptr<const Pod>>(each.last_seen);
  }
  BOOST_REQUIRE(last != nullptr);
  BOOST_TEST(std::holds_alternative<StateTerminated>(last->container_statuses()[0].state));
}

BOOST_AUTO_TEST_CASE(endpoints_and_owners_follow_their_pods) {
  Script script;
  script.supervisor.keep_changes();
  DeploymentObject deployment;
  deployment.metadata.name = "web";
  deployment.spec.pod_template.metadata.labels = {{"app", "web"}};
  deployment.spec.pod_template.spec = pod_named("x").spec;
  script.tell(ObjectApplied{deployment});
  ServiceObject service;
  service.metadata.name = "web";
  service.spec.selector = {{"app", "web"}};
  ServicePort port;
  port.port = 80;
  service.spec.ports.push_back(port);
  script.tell(ObjectApplied{service});
  static_cast<void>(told(script.supervisor));
  script.tell(ObjectDeleted{{Kind::pod, "default", script.supervisor.pods().front()->metadata().name}, std::nullopt});
  const Lines lines = told(script.supervisor);
  BOOST_TEST((std::ranges::find(lines, "MODIFIED endpoints/web") != lines.end()));
  BOOST_TEST((std::ranges::find(lines, "MODIFIED deployments/web") != lines.end()));
}

BOOST_AUTO_TEST_CASE(events_have_numbers_and_are_added_then_counted) {
  Script script;
  script.supervisor.keep_changes();
  script.run = [](const StartContainer&, int) { return Script::Run{seconds(1), {1, 0}}; };
  script.tell(ObjectApplied{pod_named("web")});
  script.advance(seconds(100));
  std::map<std::uint64_t, int> seen;
  for (const Change& each : script.supervisor.take_changes()) {
    if (each.resource != Resource::events) continue;
    BOOST_TEST((each.type == ChangeType::added) == (seen[each.event_id]++ == 0));
  }
  BOOST_TEST(seen.size() >= 3u);
}

BOOST_AUTO_TEST_CASE(a_restart_on_request_is_charged_to_nobody) {
  Script script;
  script.tell(ObjectApplied{pod_named("web")});
  for (int i = 0; i < 5; ++i) script.tell(RestartRequested{{Kind::pod, "default", "web"}});
  BOOST_TEST(script.starts.size() == 6u);
  BOOST_TEST(script.pod("web").restart_count() == 0);
  BOOST_TEST(script.pod("web").status_word() == "Running");
}

BOOST_AUTO_TEST_CASE(a_restart_on_request_ends_a_back_off) {
  Script script;
  script.run = [](const StartContainer&, int number) {
    return Script::Run{number <= 2 ? seconds(1) : Duration::max(), {1, 0}};
  };
  script.tell(ObjectApplied{pod_named("web")});
  script.advance(seconds(5));
  BOOST_TEST(script.pod("web").status_word() == "CrashLoopBackOff");
  const int counted = script.pod("web").restart_count();
  script.tell(RestartRequested{{Kind::pod, "default", "web"}});
  BOOST_TEST(script.pod("web").status_word() == "Running");
  BOOST_TEST(script.pod("web").restart_count() == counted);
}

BOOST_AUTO_TEST_CASE(a_probe_keeps_its_last_ten_results) {
  Script script;
  PodObject pod = pod_named("web");
  ProbeSpec probe;
  probe.exec = ExecAction{{"/bin/check"}};
  probe.period = seconds(1);
  pod.spec.containers[0].liveness_probe = probe;
  script.probe = [](const StartProbe&, Instant) { return ProbeOutcome{ProbeResult::success, std::string(500, 'x')}; };
  script.tell(ObjectApplied{pod});
  BOOST_TEST(script.pod("web").containers()[0].probes()[0].records().capacity() == 0u);
  script.advance(seconds(30));
  const auto& records = script.pod("web").containers()[0].probes()[0].records();
  BOOST_TEST(records.size() == 10u);
  BOOST_TEST(records.back().text.size() == 120u);
  BOOST_TEST((records.front().when < records.back().when));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace reeve
