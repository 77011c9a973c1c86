// Links: services that a pod reaches by name.
#include "support/hand.hpp"

#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::test;

namespace {

ServiceObject service_named(std::string name, std::vector<std::int32_t> ports, std::string name_space = "default") {
  ServiceObject service;
  service.metadata.name = std::move(name);
  service.metadata.name_space = std::move(name_space);
  service.spec.selector["app"] = "db";
  for (const std::int32_t each : ports) {
    service.spec.ports.push_back({"p" + std::to_string(each), Protocol::tcp, each, {}, {}});
  }
  return service;
}

PodObject linked_pod(Network network = Network::isolated, std::vector<std::string> links = {"db"}) {
  PodObject web = pod_named("web", {container_named("main")});
  web.spec.network = network;
  web.spec.links = std::move(links);
  return web;
}

// What happened to links and to what is around them, in order: "open 127.77.1.2:80".
std::vector<std::string> story(const Effects& effects) {
  std::vector<std::string> lines;
  for (const Effect& effect : effects) {
    if (const auto* open = std::get_if<OpenLink>(&effect)) {
      lines.push_back("link " + open->address.substr(open->address.rfind(':')));
    }
    if (std::holds_alternative<CloseLink>(effect)) lines.emplace_back("unlink");
    if (std::holds_alternative<OpenService>(effect)) lines.emplace_back("open");
    if (std::holds_alternative<CloseService>(effect)) lines.emplace_back("close");
    if (std::holds_alternative<StartSandbox>(effect)) lines.emplace_back("sandbox");
    if (std::holds_alternative<StopSandbox>(effect)) lines.emplace_back("no sandbox");
    if (std::holds_alternative<StartContainer>(effect)) lines.emplace_back("start");
  }
  return lines;
}

using Lines = std::vector<std::string>;

void check_story(const Hand& hand, const Lines& expected) {
  const Lines found = story(hand.last);
  BOOST_CHECK_EQUAL_COLLECTIONS(found.begin(), found.end(), expected.begin(), expected.end());
}

std::string address_of(const Hand& hand, const std::string& name) {
  return hand.supervisor.services().at({Kind::service, "default", name})->given().cluster_ip;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(core_link)

BOOST_AUTO_TEST_CASE(links_open_with_the_sandbox_and_close_before_it_goes) {
  Hand hand;
  hand.tell(ObjectApplied{service_named("db", {80, 81})});
  hand.tell(ObjectApplied{linked_pod()});
  check_story(hand, {"sandbox", "link :80", "link :81", "start"});
  const auto links = Hand::of<OpenLink>(hand.last);
  BOOST_TEST(links.at(0).address == address_of(hand, "db") + ":80");
  BOOST_TEST((links.at(1).service == hand.supervisor.services().begin()->second->ids()[1]));
  hand.started("main");
  hand.remove("web");
  check_story(hand, {});
  hand.dies("main", 15);
  check_story(hand, {"unlink", "unlink", "no sandbox"});
}

BOOST_AUTO_TEST_CASE(pods_on_the_hosts_network_know_names_only) {
  Hand hand;
  hand.tell(ObjectApplied{service_named("db", {80})});
  hand.tell(ObjectApplied{linked_pod(Network::host)});
  check_story(hand, {"sandbox", "start"});
  BOOST_TEST(Hand::of<StartSandbox>(hand.last).at(0).hosts.size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_hosts_file_knows_the_names_a_cluster_would) {
  Hand hand;
  hand.tell(ObjectApplied{service_named("db", {80})});
  hand.tell(ObjectApplied{linked_pod()});
  const HostEntry entry = Hand::of<StartSandbox>(hand.last).at(0).hosts.at(0);
  BOOST_TEST(entry.address == address_of(hand, "db"));
  BOOST_TEST(entry.names == (Lines{"db", "db.default", "db.default.svc", "db.default.svc.cluster.local"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_service_that_comes_later_is_linked_at_the_address_the_pod_knows) {
  Hand hand;
  hand.tell(ObjectApplied{linked_pod()});
  const std::string unresolved =
      "LinkUnresolved: There is no service \"db\" to link to: its address is known to the pod, and nothing answers "
      "there "
      "until there is one";
  BOOST_TEST(hand.told(unresolved));
  const std::string known = Hand::of<StartSandbox>(hand.last).at(0).hosts.at(0).address;
  hand.tell(ObjectApplied{service_named("db", {80})});
  check_story(hand, {"open", "link :80"});
  BOOST_TEST(Hand::of<OpenLink>(hand.last).at(0).address == known + ":80");
  // Told once.
  hand.started("main");
  hand.exits("main", 1);
  BOOST_TEST(!hand.told(unresolved));
}

BOOST_AUTO_TEST_CASE(the_address_of_a_link_is_nobody_elses) {
  // Another service whose name would get the same address: found by trying.
  Hand hand;
  hand.tell(ObjectApplied{linked_pod()});
  const std::string known = Hand::of<StartSandbox>(hand.last).at(0).hosts.at(0).address;
  for (int i = 0; i < 2000; ++i) {
    const std::string name = "s" + std::to_string(i);
    hand.tell(ObjectApplied{service_named(name, {80})});
    BOOST_TEST(address_of(hand, name) != known);
  }
}

BOOST_AUTO_TEST_CASE(a_service_that_goes_is_unlinked_and_keeps_its_address_for_its_name) {
  Hand hand;
  hand.tell(ObjectApplied{service_named("db", {80})});
  hand.tell(ObjectApplied{linked_pod()});
  const std::string address = address_of(hand, "db");
  hand.tell(ObjectDeleted{{Kind::service, "default", "db"}, std::nullopt});
  check_story(hand, {"unlink", "close"});
  hand.tell(ObjectApplied{service_named("db", {80})});
  check_story(hand, {"open", "link :80"});
  BOOST_TEST(address_of(hand, "db") == address);
}

BOOST_AUTO_TEST_CASE(a_service_that_changes_is_linked_anew) {
  Hand hand;
  hand.tell(ObjectApplied{service_named("db", {80})});
  hand.tell(ObjectApplied{linked_pod()});
  hand.tell(ObjectApplied{service_named("db", {81})});
  check_story(hand, {"open", "unlink", "link :81"});
  hand.tell(ObjectApplied{service_named("db", {81, 82})});
  check_story(hand, {"unlink", "close", "open", "open", "link :81", "link :82"});
  ServiceObject elsewhere = service_named("db", {81, 82});
  elsewhere.spec.cluster_ip = "127.77.1.1";
  hand.tell(ObjectApplied{elsewhere});
  check_story(hand, {"open", "open", "unlink", "unlink", "link :81", "link :82"});
  elsewhere.spec.balancing = Balancing::random;
  hand.tell(ObjectApplied{elsewhere});
  check_story(hand, {"open", "open"});
}

BOOST_AUTO_TEST_CASE(services_of_other_namespaces_are_not_meant) {
  Hand hand;
  hand.tell(ObjectApplied{service_named("db", {80}, "other")});
  hand.tell(ObjectApplied{linked_pod()});
  check_story(hand, {"sandbox", "start"});
  BOOST_TEST(hand.told().at(0).starts_with("LinkUnresolved"));
}

BOOST_AUTO_TEST_CASE(another_sandbox_is_linked_again) {
  Hand hand;
  hand.tell(ObjectApplied{service_named("db", {80})});
  hand.tell(ObjectApplied{linked_pod(Network::nat)});
  hand.started("main");
  hand.tell(SandboxEnded{hand.pod("web").id(), ""});
  check_story(hand, {});
  hand.dies("main", 15);
  check_story(hand, {"unlink", "no sandbox", "sandbox", "link :80", "start"});
}

BOOST_AUTO_TEST_SUITE_END()
