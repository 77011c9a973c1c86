// How hooks, drains and dependencies are written, and what is wrong with some.
#include "config_helpers.hpp"

#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::config;

BOOST_AUTO_TEST_SUITE(config_leaving)

BOOST_AUTO_TEST_CASE(hooks_are_written_right_in_the_table_of_a_pod) {
  const auto loaded = parse_one(R"([pod.web]
command = ["/bin/app"]
drainSeconds = 0.5
[pod.web.lifecycle]
stopSignal = "SIGQUIT"
postStart.exec = { command = ["/bin/warm"] }
preStop = { sleep = { seconds = 2.5 } }
)",
                                Format::toml);
  BOOST_REQUIRE(loaded.has_value());
  const PodSpec& pod = std::get<PodObject>(loaded->objects[0].object).spec;
  BOOST_CHECK(pod.drain == milliseconds(500));
  const Lifecycle& lifecycle = *pod.containers[0].lifecycle;
  BOOST_TEST(lifecycle.stop_signal == "SIGQUIT");
  BOOST_TEST(lifecycle.post_start->exec->command[0] == "/bin/warm");
  BOOST_CHECK(lifecycle.pre_stop->sleep->seconds == milliseconds(2'500));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_hooks_is_told) {
  const std::vector<MistakeCase> cases{
      {"tcpSocket",
       "[pod.web]\ncommand = [\"/a\"]\nlifecycle.preStop.tcpSocket = { port = 80 }\n",
       {"f:3:19: \"tcpSocket\" is known but not served by reeve yet"}},
      {"two handlers",
       "[pod.web]\ncommand = [\"/a\"]\nlifecycle.preStop = { sleep = { seconds = 1 }, exec = { command = [\"/b\"] } "
       "}\n",
       {"f:3:23: pod \"web\": spec.containers[0].lifecycle.preStop.sleep: Forbidden: may not specify more than 1 "
        "handler type"}},
      {"too long a sleep",
       "[pod.web]\ncommand = [\"/a\"]\nlifecycle.preStop.sleep.seconds = 31\n",
       {"f:3:19: pod \"web\": spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and "
        "less than terminationGracePeriodSeconds (30)"}},
      {"a negative drain",
       "[pod.web]\ncommand = [\"/a\"]\ndrainSeconds = -1\n",
       {"f:3:16: pod \"web\": spec.drainSeconds: Invalid value: -1: must be greater than or equal to 0"}},
  };
  REEVE_CHECK_MISTAKES(cases, Format::toml)
}

BOOST_AUTO_TEST_CASE(a_stop_signal_has_to_be_one) {
  const auto found = mistakes_in("[pod.web]\ncommand = [\"/a\"]\nlifecycle.stopSignal = \"TERM\"\n", Format::toml);
  BOOST_REQUIRE(found.size() == 1u);
  BOOST_TEST(
      found[0].starts_with("f:3:24: pod \"web\": spec.containers[0].lifecycle.stopSignal: Unsupported value: "
                           "\"TERM\": supported values: \"SIGABRT\", "));
}

BOOST_AUTO_TEST_CASE(hooks_are_not_for_init_containers) {
  const auto found = mistakes_in(R"(apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  initContainers:
    - {name: one, command: [/a], lifecycle: {preStop: {exec: {command: [/b]}}}}
  containers:
    - {name: main, command: [/a]}
)",
                                 Format::yaml);
  BOOST_REQUIRE(found.size() == 1u);
  BOOST_TEST(
      found[0].ends_with("spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers "
                         "without restartPolicy=Always"));
}

BOOST_AUTO_TEST_CASE(a_service_says_what_becomes_of_connections_and_clients_while_no_pod_is_ready) {
  const auto loaded = parse_one(R"([pod.web]
command = ["/bin/app"]
[service.web]
port = 80
pod = "web"
onUnready = "drain"
whenUnready = "hold"
holdSeconds = 1.5
)",
                                Format::toml);
  BOOST_REQUIRE(loaded.has_value());
  for (const auto& each : loaded->objects) {
    const auto* service = std::get_if<ServiceObject>(&each.object);
    if (service == nullptr) continue;
    BOOST_CHECK(service->spec.on_unready == OnUnready::drain);
    BOOST_CHECK(service->spec.when_unready == WhenUnready::hold);
    BOOST_CHECK(service->spec.hold == milliseconds(1'500));
  }
  const std::string start = "[pod.web]\ncommand = [\"/a\"]\n[service.web]\nport = 80\npod = \"web\"\n";
  const std::vector<MistakeCase> cases{
      {"no such word",
       start + "whenUnready = \"wait\"\n",
       {"f:6:15: whenUnready: Unsupported value: \"wait\": supported values: \"refuse\", \"hold\", \"reset\""}},
  };
  REEVE_CHECK_MISTAKES(cases, Format::toml)
}

BOOST_AUTO_TEST_SUITE_END()
