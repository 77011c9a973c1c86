// What describe and why say of networks: assigned ports, references, fixed endpoints, sandboxes that cannot be made.
#include <cli/causes.hpp>
#include <cli/describe.hpp>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

using namespace reeve::cli;
namespace json = boost::json;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

json::value pod() {
  return json::parse(R"json({"metadata": {"name": "web", "namespace": "default", "labels": {"app": "shop"}},
    "spec": {"containers": [{"name": "main",
      "ports": [{"name": "fixed", "containerPort": 80}, {"name": "http", "containerPort": 0}, {"containerPort": 0}],
      "env": [{"name": "NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
        {"name": "APP", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]}]},
    "status": {"phase": "Pending", "podIP": "127.78.3.9",
      "conditions": [{"type": "PodReadyToStartContainers", "status": "False"},
        {"type": "Ready", "status": "False", "lastTransitionTime": "2026-01-02T03:09:00Z"}],
      "containerStatuses": [{"name": "main", "ready": false, "restartCount": 0,
        "state": {"waiting": {"reason": "ContainerCreating"}}, "reeve": {"assignedPorts": [40001, 40002]}}]}})json");
}

Described described(json::value object) {
  Described what;
  what.object = std::move(object);
  return what;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_network)

BOOST_AUTO_TEST_CASE(describe_shows_the_ports_that_were_assigned) {
  const std::string text = describe_pod(described(pod()));
  BOOST_TEST(contains(text, "80/TCP (fixed), 40001/TCP (http), 40002/TCP\n"));
  BOOST_TEST(contains(text, "IP:  "));
  BOOST_TEST(contains(text, "127.78.3.9"));
}

BOOST_AUTO_TEST_CASE(describe_shows_where_a_variable_comes_from) {
  const std::string text = describe_pod(described(pod()));
  BOOST_TEST(contains(text, "NAME:  web (v1:metadata.name)\n"));
  BOOST_TEST(contains(text, "APP:   shop (v1:metadata.labels['app'])\n"));
  BOOST_TEST(contains(text, "IP:     (v1:status.podIP)\n"));
  json::value pod_template = pod();
  pod_template.as_object().erase("status");
  BOOST_TEST(contains(pod_template_text(pod_template), "NAME:\t (v1:metadata.name)\n"));
}

BOOST_AUTO_TEST_CASE(a_service_shows_the_addresses_it_names) {
  Described what = described(json::parse(R"json({"metadata": {"name": "out", "namespace": "default"},
    "spec": {"type": "ClusterIP", "clusterIP": "127.77.1.2", "ports": [{"port": 443}],
      "endpoints": ["192.0.2.1:443", "[2001:db8::1]:80", "unix:/run/x.sock", "192.0.2.2:443"]}})json"));
  what.endpoints = json::object{{"subsets", json::array{}}};
  const std::string text = describe_service(what);
  BOOST_TEST(contains(text, "192.0.2.1:443,[2001:db8::1]:80,unix:/run/x.sock + 1 more...\n"));
  BOOST_TEST(!contains(text, "TargetPort"));
  Facts facts;
  BOOST_TEST(render(why_service(facts, what.object)) == "service/out: 4 fixed endpoints, always ready\n");
}

BOOST_AUTO_TEST_CASE(why_names_a_sandbox_that_cannot_be_made) {
  Facts facts;
  facts.now = *parse_time("2026-01-02T03:10:00Z");
  facts.pods = {pod()};
  facts.events = {*json::parse(R"json([{"type": "Warning", "reason": "FailedCreatePodSandBox", "count": 1,
    "involvedObject": {"kind": "Pod", "name": "web", "namespace": "default"},
    "firstTimestamp": "2026-01-02T03:09:50Z", "lastTimestamp": "2026-01-02T03:09:50Z",
    "message": "Failed to create pod sandbox: cannot unshare: Operation not permitted"}])json")
                       .as_array()
                       .begin()};
  const std::string text = render(why_pod(facts, facts.pods[0]));
  BOOST_TEST(contains(text,
                      "container main waits: ContainerCreating\n    Failed to create pod sandbox: cannot unshare: "
                      "Operation not permitted, 10s"));
}

BOOST_AUTO_TEST_SUITE_END()
