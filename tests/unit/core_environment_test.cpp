// What a container finds in its environment (kubernetes reference: pkg/kubelet/envvars/envvars.go, kubelet_pods.go).
#include "support/hand.hpp"

#include <reeve/core/environment.hpp>
#include <reeve/core/expand.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::test;

namespace {

EnvVar from_field(std::string name, std::string field_path) {
  return {std::move(name), "", EnvVarSource{ObjectFieldSelector{"v1", std::move(field_path)}}};
}

ServiceObject database(std::vector<ServicePort> ports) {
  ServiceObject service;
  service.metadata.name = "my-db";
  service.spec.selector["app"] = "db";
  service.spec.cluster_ip = "127.77.3.9";
  service.spec.ports = std::move(ports);
  return service;
}

PodObject linked_pod() {
  PodObject web = pod_named("web", {container_named("main")});
  web.spec.links = {"my-db"};
  return web;
}

// The environment of the newest start, as "NAME=value" lines.
std::vector<std::string> lines(const std::vector<NameValue>& variables) {
  std::vector<std::string> all;
  for (const NameValue& each : variables) all.push_back(each.name + '=' + each.value);
  return all;
}

const StartContainer newest_start(const Hand& hand) { return Hand::of<StartContainer>(hand.all).back(); }

void check_equal(const std::vector<std::string>& found, const std::vector<std::string>& expected) {
  BOOST_CHECK_EQUAL_COLLECTIONS(found.begin(), found.end(), expected.begin(), expected.end());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(core_environment)

BOOST_AUTO_TEST_CASE(a_container_that_refers_to_nothing_carries_nothing) {
  Hand hand;
  ContainerSpec main = container_named("main");
  main.env = {{"A", "1", {}}};
  main.ports = {{"http", 80, Protocol::tcp}};
  hand.tell(ObjectApplied{pod_named("web", {main})});
  BOOST_TEST((newest_start(hand).environment == nullptr));
}

BOOST_AUTO_TEST_CASE(references_are_replaced_by_the_pods_own_fields) {
  PodObject web = pod_named("web", {container_named("main")});
  web.metadata.name_space = "shop";
  web.metadata.labels["tier"] = "front";
  web.metadata.annotations["example.com/note"] = "a $(B) note";
  web.spec.network = Network::isolated;
  web.spec.containers[0].env = {
      from_field("NAME", "metadata.name"),
      from_field("SPACE", "metadata.namespace"),
      from_field("UID", "metadata.uid"),
      from_field("TIER", "metadata.labels['tier']"),
      from_field("NOTE", "metadata.annotations['example.com/note']"),
      from_field("NONE", "metadata.labels['gone']"),
      from_field("NODE", "spec.nodeName"),
      from_field("IP", "status.podIP"),
      from_field("IPS", "status.podIPs"),
      from_field("HOST", "status.hostIP"),
      from_field("HOSTS", "status.hostIPs"),
      {"ALL", "$(NAME)@$(NODE)", {}},
  };
  Hand hand;
  hand.tell(ObjectApplied{web});
  const Pod& pod = *hand.supervisor.find_pod("shop", "web");
  const auto environment = newest_start(hand).environment;
  BOOST_TEST(environment->given.empty());
  check_equal(lines(expand_environment({}, environment->own)),
              {"NAME=web", "SPACE=shop", "UID=" + pod.identity().uid, "TIER=front", "NOTE=a $(B) note",
               "NONE=", "NODE=localhost", "IP=" + pod.pod_ip(), "IPS=" + pod.pod_ip(), "HOST=127.0.0.1",
               "HOSTS=127.0.0.1", "ALL=web@localhost"});
}

BOOST_AUTO_TEST_CASE(a_linked_service_gives_its_variables) {
  Hand hand;
  hand.tell(ObjectApplied{database({{"", Protocol::tcp, 5432, {}, {}}})});
  hand.tell(ObjectApplied{linked_pod()});
  check_equal(lines(newest_start(hand).environment->given),
              {"MY_DB_SERVICE_HOST=127.77.3.9", "MY_DB_SERVICE_PORT=5432", "MY_DB_PORT=tcp://127.77.3.9:5432",
               "MY_DB_PORT_5432_TCP=tcp://127.77.3.9:5432", "MY_DB_PORT_5432_TCP_PROTO=tcp",
               "MY_DB_PORT_5432_TCP_PORT=5432", "MY_DB_PORT_5432_TCP_ADDR=127.77.3.9"});
}

BOOST_AUTO_TEST_CASE(each_named_port_of_a_linked_service_has_a_variable) {
  Hand hand;
  hand.tell(ObjectApplied{database({{"sql", Protocol::tcp, 5432, {}, {}}, {"web-ui", Protocol::tcp, 80, {}, {}}})});
  hand.tell(ObjectApplied{linked_pod()});
  check_equal(
      lines(newest_start(hand).environment->given),
      {"MY_DB_SERVICE_HOST=127.77.3.9", "MY_DB_SERVICE_PORT=5432", "MY_DB_SERVICE_PORT_SQL=5432",
       "MY_DB_SERVICE_PORT_WEB_UI=80", "MY_DB_PORT=tcp://127.77.3.9:5432", "MY_DB_PORT_5432_TCP=tcp://127.77.3.9:5432",
       "MY_DB_PORT_5432_TCP_PROTO=tcp", "MY_DB_PORT_5432_TCP_PORT=5432", "MY_DB_PORT_5432_TCP_ADDR=127.77.3.9",
       "MY_DB_PORT_80_TCP=tcp://127.77.3.9:80", "MY_DB_PORT_80_TCP_PROTO=tcp", "MY_DB_PORT_80_TCP_PORT=80",
       "MY_DB_PORT_80_TCP_ADDR=127.77.3.9"});
}

BOOST_AUTO_TEST_CASE(a_service_that_does_not_exist_yet_has_an_address_and_no_ports) {
  Hand hand;
  hand.tell(ObjectApplied{linked_pod()});
  const auto variables = newest_start(hand).environment->given;
  BOOST_TEST(variables.size() == 1u);
  BOOST_TEST(variables.at(0).name == "MY_DB_SERVICE_HOST");
  const std::string address = variables.at(0).value;
  BOOST_TEST(address.starts_with("127.77."));
  // A restart finds what has come meanwhile, at that address.
  ServiceObject service = database({{"", Protocol::tcp, 5432, {}, {}}});
  service.spec.cluster_ip.clear();
  hand.tell(ObjectApplied{service});
  hand.started("main");
  hand.exits("main", 1);
  BOOST_TEST(newest_start(hand).environment->given.at(2).value == "tcp://" + address + ":5432");
}

BOOST_AUTO_TEST_CASE(assigned_ports_are_told_in_port_variables) {
  ContainerSpec main = container_named("main"), plain = container_named("plain");
  main.ports = {{"fixed", 80, Protocol::tcp}, {"", 0, Protocol::tcp}, {"web-ui", 0, Protocol::tcp}};
  plain.ports = {{"http", 8080, Protocol::tcp}};
  Hand hand;
  hand.tell(ObjectApplied{pod_named("web", {main, plain})});
  const auto starts = Hand::of<StartContainer>(hand.all);
  check_equal(lines(starts.at(0).environment->given), {"PORT=40001", "PORT_WEB_UI=40002"});
  BOOST_TEST((starts.at(1).environment == nullptr));
}

BOOST_AUTO_TEST_CASE(the_commands_of_exec_probes_know_written_variables_only) {
  ContainerSpec main = container_named("main");
  main.env = {{"A", "1", {}}, from_field("B", "metadata.name")};
  check_equal(lines(written_environment(main)), {"A=1", "B="});
}

BOOST_AUTO_TEST_CASE(a_field_path_may_have_a_subscript) {
  const auto parts = [](std::string_view text) {
    const FieldPath field = split_field_path(text);
    return std::string(field.path) + (field.has_subscript ? " [" + std::string(field.subscript) + "]" : "");
  };
  BOOST_TEST(parts("metadata.labels['a.b/c']") == "metadata.labels [a.b/c]");
  BOOST_TEST(parts("metadata.labels['']") == "metadata.labels []");
  for (const std::string text : {"metadata.name", "['x']", "metadata.labels['x", "metadata.labels[x]", "a['", "a[']"}) {
    BOOST_TEST(parts(text) == text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
