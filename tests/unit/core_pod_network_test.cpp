// Where a pod is: its address, and the ports it is assigned.
#include "support/hand.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace reeve;
using namespace reeve::test;

namespace {

PodObject isolated(PodObject pod) {
  pod.spec.network = Network::isolated;
  return pod;
}

ContainerSpec with_ports(ContainerSpec container, std::vector<ContainerPort> ports) {
  container.ports = std::move(ports);
  return container;
}

ContainerPort open_port(std::string name) { return {std::move(name), 0, Protocol::tcp}; }

ServiceObject service_of(const std::string& app, PortRef target) {
  ServiceObject service;
  service.metadata.name = app;
  service.spec.selector["app"] = app;
  service.spec.ports.push_back({"", Protocol::tcp, 80, target, std::nullopt});
  return service;
}

ProbeSpec tcp_probe(PortRef port) {
  ProbeSpec probe;
  probe.tcp_socket.emplace().port = std::move(port);
  return probe;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(core_pod_network)

BOOST_AUTO_TEST_CASE(pods_on_the_hosts_network_share_its_address) {
  for (const auto network : {std::optional<Network>(), std::optional(Network::host)}) {
    Hand hand;
    PodObject web = pod_named("web", {container_named("main")});
    web.spec.network = network;
    hand.tell(ObjectApplied{web});
    BOOST_TEST(hand.pod("web").pod_ip() == "127.0.0.1");
    BOOST_TEST(Hand::of<StartSandbox>(hand.all).at(0).pod_ip == "127.0.0.1");
  }
}

BOOST_AUTO_TEST_CASE(a_network_of_its_own_has_an_address_that_stays) {
  std::set<std::string> addresses;
  for (const Network network : {Network::isolated, Network::nat}) {
    Hand hand;
    PodObject web = pod_named("web", {container_named("main")});
    web.spec.network = network;
    hand.tell(ObjectApplied{web});
    addresses.insert(hand.pod("web").pod_ip());
    BOOST_TEST(Hand::of<StartSandbox>(hand.all).at(0).pod_ip == hand.pod("web").pod_ip());
    // One that comes after it has the same.
    hand.started("main");
    hand.remove("web");
    hand.tell(ObjectApplied{web});
    hand.dies("main", 15);
    hand.tell(ObjectApplied{web});
    addresses.insert(hand.pod("web").pod_ip());
  }
  BOOST_TEST(addresses.size() == 1u);
  BOOST_TEST(addresses.begin()->starts_with("127.78."));
}

BOOST_AUTO_TEST_CASE(no_two_pods_share_an_address) {
  Hand hand;
  std::set<std::string> addresses;
  for (int i = 0; i < 3000; ++i) {
    const std::string name = "p" + std::to_string(i);
    hand.tell(ObjectApplied{isolated(pod_named(name, {container_named("main")}))});
    addresses.insert(hand.pod(name).pod_ip());
  }
  BOOST_TEST(addresses.size() == 3000u);
}

BOOST_AUTO_TEST_CASE(endpoints_in_a_pods_network_are_meant_inside_it) {
  Hand hand;
  hand.tell(ObjectApplied{service_of("web", PortRef(3000))});
  hand.tell(ObjectApplied{isolated(pod_named("web", {container_named("main")}))});
  hand.started("main");
  const auto endpoints = Hand::of<SetEndpoint>(hand.last);
  BOOST_TEST(endpoints.at(0).address == "127.0.0.1:3000");
  BOOST_TEST(endpoints.at(0).in_pod_network);
}

BOOST_AUTO_TEST_CASE(open_ports_are_assigned_in_order_and_kept_over_restarts) {
  Hand hand;
  PodObject web = pod_named("web",
                            {with_ports(container_named("a"), {{"fixed", 80, Protocol::tcp}, open_port("http")}),
                             with_ports(container_named("b"), {open_port(""), open_port("admin")})},
                            {with_ports(sidecar_named("side"), {open_port("side")})});
  hand.tell(ObjectApplied{web});
  BOOST_TEST(Hand::of<StartSandbox>(hand.all).at(0).ports == 4u);
  const auto check = [&] {
    const Pod& pod = hand.pod("web");
    BOOST_TEST(pod.resolve(PortRef("side")).value() == 40001);
    BOOST_TEST(pod.resolve(PortRef("fixed")).value() == 80);
    BOOST_TEST(pod.resolve(PortRef("http")).value() == 40002);
    BOOST_TEST(pod.number_of(pod.spec()->containers[1].ports[0]).value() == 40003);
    BOOST_TEST(pod.resolve(PortRef("admin"), pod.spec()->containers[1]).value() == 40004);
  };
  check();
  hand.started("side");
  hand.started("a");
  hand.started("b");
  hand.exits("a", 1);
  check();
  // Over another sandbox too.
  hand.tell(SandboxEnded{hand.pod("web").id(), ""});
  for (const char* each : {"a", "b", "side"}) hand.dies(each, 15);
  BOOST_TEST(Hand::of<StartSandbox>(hand.last).at(0).ports == 0u);
  check();
}

BOOST_AUTO_TEST_CASE(probes_and_endpoints_find_an_assigned_port_by_its_name) {
  Hand hand;
  ContainerSpec main = with_ports(container_named("main"), {open_port("http")});
  main.readiness_probe = tcp_probe("http");
  main.liveness_probe = tcp_probe("gone");
  main.liveness_probe->tcp_socket->host = "192.0.2.7";
  hand.tell(ObjectApplied{service_of("web", PortRef("http"))});
  hand.tell(ObjectApplied{pod_named("web", {main})});
  hand.started("main");
  hand.answers("main", ProbeType::readiness, ProbeResult::success);
  BOOST_TEST(Hand::of<SetEndpoint>(hand.last).at(0).address == "127.0.0.1:40001");
  hand.advance(seconds(10));
  for (const StartProbe& each : Hand::of<StartProbe>(hand.all)) {
    const bool is_readiness = each.type == ProbeType::readiness;
    BOOST_TEST(each.port.value_or(0) == (is_readiness ? 40001 : 0));
    BOOST_TEST(each.address == (is_readiness ? "127.0.0.1" : "192.0.2.7"));
  }
}

BOOST_AUTO_TEST_CASE(a_port_that_another_pod_has_is_not_taken) {
  Hand hand;
  hand.makes_sandboxes = false;
  for (const char* name : {"a", "b"}) {
    hand.tell(ObjectApplied{pod_named(name, {with_ports(container_named(name), {open_port("http")})})});
  }
  hand.tell(SandboxStarted{hand.pod("a").id(), {40001}});
  BOOST_TEST(hand.count<StartContainer>() == 1u);
  hand.tell(SandboxStarted{hand.pod("b").id(), {40001}});
  BOOST_TEST(hand.told("FailedCreatePodSandBox: Failed to create pod sandbox: port 40001 is another pod's already"));
  BOOST_TEST(hand.count<StopSandbox>() == 1u);
  BOOST_TEST(hand.count<StartContainer>() == 0u);
  // Once that pod is gone, it may be.
  hand.remove("a");
  hand.dies("a", 15);
  hand.advance(seconds(10));
  hand.tell(SandboxStarted{hand.pod("b").id(), {40001}});
  BOOST_TEST(hand.count<StartContainer>() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
