// Services that hand their listening sockets over, and the containers that get them.
#include <support/hand.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::test;

namespace {

ServiceObject service_named(std::string name, std::vector<std::string> ports = {""}) {
  ServiceObject service;
  service.metadata.name = std::move(name);
  std::int32_t number = 80;
  for (std::string& each : ports) service.spec.ports.push_back({std::move(each), Protocol::tcp, number++, {}, {}});
  return service;
}

PodObject taker(std::vector<std::string> services) {
  PodObject pod = pod_named("pod", {container_named("main")});
  pod.spec.containers[0].pass_sockets = std::move(services);
  return pod;
}

std::vector<std::string> messages(const Hand& hand, const Object& object) {
  std::vector<std::string> all;
  for (const FieldError& each : hand.supervisor.check_sockets(object)) all.push_back(each.field + " " + each.type);
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(core_socket)

BOOST_AUTO_TEST_CASE(one_without_selector_and_endpoints_hands_over) {
  Hand hand;
  hand.tell(ObjectApplied{service_named("web")});
  BOOST_TEST(hand.of<OpenService>(hand.last).at(0).hands_over);
  ServiceObject proxied = service_named("api");
  proxied.spec.selector = {{"app", "api"}};
  hand.tell(ObjectApplied{proxied});
  BOOST_TEST(!hand.of<OpenService>(hand.last).at(0).hands_over);
}

BOOST_AUTO_TEST_CASE(sockets_go_by_the_service_or_by_its_ports) {
  Hand hand;
  hand.tell(ObjectApplied{service_named("web")});
  hand.tell(ObjectApplied{service_named("mail", {"smtp", "imap"})});
  hand.tell(ObjectApplied{taker({"mail", "web"})});
  const auto starts = hand.of<StartContainer>(hand.last);
  const std::vector<PassedPort>& sockets = starts.at(0).sockets;
  BOOST_TEST_REQUIRE(sockets.size() == 3u);
  BOOST_TEST(sockets[0].name == "smtp");
  BOOST_TEST(sockets[1].name == "imap");
  BOOST_TEST(sockets[2].name == "web");
  BOOST_TEST(sockets[1].service == "mail");
  BOOST_TEST((sockets[2].id == hand.of<OpenService>(hand.all).at(0).service));
}

BOOST_AUTO_TEST_CASE(what_is_not_there_or_proxied_has_no_sockets) {
  Hand hand;
  ServiceObject proxied = service_named("api");
  proxied.spec.selector = {{"app", "api"}};
  hand.tell(ObjectApplied{proxied});
  hand.tell(ObjectApplied{taker({"api", "web"})});
  const auto starts = hand.of<StartContainer>(hand.last);
  BOOST_REQUIRE(starts.size() == 1u);
  BOOST_REQUIRE(starts[0].sockets.size() == 2u);
  for (const PassedPort& each : starts[0].sockets) BOOST_TEST(!each.id.has_value());
}

BOOST_AUTO_TEST_CASE(objects_are_checked_next_to_each_other) {
  Hand hand;
  const std::vector<std::string> required{"spec.selector Required value"}, forbidden{"spec.selector Forbidden"};
  BOOST_TEST(messages(hand, service_named("web")) == required, boost::test_tools::per_element());
  hand.tell(ObjectApplied{taker({"web"})});
  BOOST_TEST(messages(hand, service_named("web")).empty());
  ServiceObject proxied = service_named("web");
  proxied.spec.selector = {{"app", "web"}};
  BOOST_TEST(messages(hand, proxied) == forbidden, boost::test_tools::per_element());
  proxied.metadata.name = "api";
  BOOST_TEST(messages(hand, proxied).empty());
  hand.tell(ObjectApplied{proxied});
  const std::vector<std::string> of_pod{"spec.containers[0].passSockets[0] Forbidden"};
  BOOST_TEST(messages(hand, taker({"api"})) == of_pod, boost::test_tools::per_element());
  BOOST_TEST(messages(hand, taker({"later"})).empty());
  hand.tell(ObjectApplied{service_named("web")});
  PodObject linked = taker({});
  linked.spec.links = {"web"};
  BOOST_TEST(messages(hand, linked).empty());
  linked.spec.network = Network::isolated;
  const std::vector<std::string> of_link{"spec.links[0] Forbidden"};
  BOOST_TEST(messages(hand, linked) == of_link, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
