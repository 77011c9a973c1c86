// Services: who is an endpoint (kubernetes reference, section 12), and which addresses they get.
#include <support/hand.hpp>

#include <boost/test/unit_test.hpp>

#include <map>
#include <set>

using namespace reeve;
using namespace reeve::test;

namespace {

ServiceObject service_named(std::string name, std::string app, std::vector<ServicePort> ports) {
  ServiceObject service;
  service.metadata.name = std::move(name);
  service.spec.selector["app"] = std::move(app);
  service.spec.ports = std::move(ports);
  return service;
}

ServicePort port(std::int32_t number, std::optional<PortRef> target = std::nullopt, std::string name = {}) {
  return {std::move(name), Protocol::tcp, number, std::move(target), std::nullopt};
}

PodObject web_pod() {
  ContainerSpec container = container_named("main");
  container.readiness_probe = exec_probe(Duration{0}, seconds(10), 1);
  container.ports.push_back({"http", 3000, Protocol::tcp});
  return pod_named("web", {container});
}

void get_ready(Hand& hand) {
  hand.started("main");
  hand.answers("main", ProbeType::readiness, ProbeResult::success);
}

const Service& service(const Hand& hand, const std::string& name) {
  return *hand.supervisor.services().at({Kind::service, "default", name});
}

// The endpoints as the effects so far leave them: "address ready serving terminating".
std::string endpoints(const Hand& hand, ServiceId id) {
  std::map<PodId, std::string> found;
  for (const Effect& each : hand.all) {
    if (const auto* set = std::get_if<SetEndpoint>(&each); set != nullptr && set->service == id) {
      found[set->pod] = set->address + (set->ready ? " ready" : "") + (set->serving ? " serving" : "") +
                        (set->terminating ? " terminating" : "");
    }
    const auto* gone = std::get_if<RemoveEndpoint>(&each);
    if (gone != nullptr && gone->service == id) found.erase(gone->pod);
  }
  std::string text;
  for (const auto& [pod, endpoint] : found) text += (text.empty() ? "" : ", ") + endpoint;
  return text;
}

std::string endpoints(const Hand& hand, const std::string& name, std::size_t index = 0) {
  return endpoints(hand, service(hand, name).ids()[index]);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(services)

BOOST_AUTO_TEST_CASE(an_endpoint_follows_its_pod_as_in_the_table) {
  Hand hand;
  hand.drains = false;
  hand.tell(ObjectApplied{service_named("web", "web", {port(80, PortRef("http"))})});
  hand.tell(ObjectApplied{web_pod()});
  BOOST_TEST(endpoints(hand, "web") == "");
  get_ready(hand);
  BOOST_TEST(endpoints(hand, "web") == "127.0.0.1:3000 ready serving");
  hand.remove("web");
  BOOST_TEST(endpoints(hand, "web") == "127.0.0.1:3000 serving terminating");
  hand.advance(seconds(10));
  hand.answers("main", ProbeType::readiness, ProbeResult::failure);
  BOOST_TEST(endpoints(hand, "web") == "");
  hand.advance(seconds(1));
  hand.dies("main", 15);
  BOOST_TEST(endpoints(hand, "web") == "");
}

BOOST_AUTO_TEST_CASE(where_connections_are_not_kept_one_that_is_ready_no_more_stays_in_the_list) {
  for (const OnUnready way : {OnUnready::keep, OnUnready::drain, OnUnready::reset}) {
    Hand hand;
    hand.drains = false;
    auto object = service_named("web", "web", {port(80, PortRef("http"))});
    object.spec.on_unready = way;
    const std::string unready = way == OnUnready::keep ? "" : "127.0.0.1:3000";
    hand.tell(ObjectApplied{object});
    hand.tell(ObjectApplied{web_pod()});
    hand.started("main");
    BOOST_TEST(endpoints(hand, "web") == "");
    hand.answers("main", ProbeType::readiness, ProbeResult::success);
    hand.advance(seconds(10));
    hand.answers("main", ProbeType::readiness, ProbeResult::failure);
    BOOST_TEST(endpoints(hand, "web") == unready);
    hand.remove("web");
    BOOST_TEST(endpoints(hand, "web") == (unready.empty() ? "" : unready + " terminating"));
    BOOST_TEST(hand.count<DrainEndpoint>() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(addresses_that_are_not_ready_may_be_published) {
  Hand hand;
  hand.drains = false;
  auto object = service_named("web", "web", {port(80, PortRef("http"))});
  object.spec.publish_not_ready_addresses = true;
  hand.tell(ObjectApplied{object});
  hand.tell(ObjectApplied{web_pod()});
  BOOST_TEST(endpoints(hand, "web") == "127.0.0.1:3000 ready");
  get_ready(hand);
  BOOST_TEST(endpoints(hand, "web") == "127.0.0.1:3000 ready serving");
  hand.remove("web");
  BOOST_TEST(endpoints(hand, "web") == "127.0.0.1:3000 serving terminating");
}

BOOST_AUTO_TEST_CASE(the_endpoint_is_out_before_the_stop_signal_is_sent) {
  Hand hand;
  hand.tell(ObjectApplied{service_named("web", "web", {port(80, PortRef("http"))})});
  hand.tell(ObjectApplied{web_pod()});
  get_ready(hand);
  hand.remove("web");
  const auto place = [&](auto wanted) {
    return std::ranges::find_if(hand.last, [&](const Effect& each) { return wanted(each); }) - hand.last.begin();
  };
  const auto out = place([](const Effect& each) { return std::holds_alternative<SetEndpoint>(each); });
  const auto signal = place([](const Effect& each) { return std::holds_alternative<SignalContainer>(each); });
  BOOST_TEST(out < signal);
}

BOOST_AUTO_TEST_CASE(a_service_selects_by_all_its_labels_and_an_empty_selector_nothing) {
  BOOST_TEST(selects({{"a", "1"}}, {{"a", "1"}, {"b", "2"}}));
  BOOST_TEST(!selects({{"a", "1"}, {"b", "3"}}, {{"a", "1"}, {"b", "2"}}));
  BOOST_TEST(!selects({{"c", ""}}, {{"a", "1"}}));
  BOOST_TEST(!selects({}, {{"a", "1"}}));
}

BOOST_AUTO_TEST_CASE(a_service_does_not_select_pods_of_another_namespace) {
  for (const bool service_first : {true, false}) {
    Hand hand;
    auto object = service_named("web", "web", {port(80, PortRef("http"))});
    object.metadata.name_space = "other";
    if (service_first) hand.tell(ObjectApplied{object});
    hand.tell(ObjectApplied{web_pod()});
    get_ready(hand);
    if (!service_first) hand.tell(ObjectApplied{object});
    BOOST_TEST(Hand::of<SetEndpoint>(hand.all).empty());
  }
}

BOOST_AUTO_TEST_CASE(a_named_target_port_is_looked_up_in_containers_and_then_in_sidecars) {
  PodObject object = pod_named("web", {container_named("a"), container_named("b")}, {sidecar_named("side")});
  object.spec.containers[1].ports = {{"http", 2, Protocol::tcp}};
  object.spec.init_containers[0].ports = {{"http", 3, Protocol::tcp}, {"admin", 4, Protocol::tcp}};
  Hand hand;
  hand.tell(ObjectApplied{object});
  const Pod& pod = hand.pod("web");
  BOOST_TEST(pod.resolve(PortRef("http")).value() == 2);
  BOOST_TEST(pod.resolve(PortRef("admin")).value() == 4);
  BOOST_TEST(!pod.resolve(PortRef("none")).has_value());
  BOOST_TEST(pod.resolve(PortRef(8080)).value() == 8080);
}

BOOST_AUTO_TEST_CASE(digits_in_a_probes_port_name_are_a_number) {
  PodObject object = pod_named("web", {container_named("a")});
  object.spec.containers[0].ports = {{"http", 3000, Protocol::tcp}};
  Hand hand;
  hand.tell(ObjectApplied{object});
  const Pod& pod = hand.pod("web");
  const ContainerSpec& container = pod.spec()->containers[0];
  BOOST_TEST(pod.resolve(PortRef("http"), container).value() == 3000);
  BOOST_TEST(pod.resolve(PortRef("118"), container).value() == 118);
  for (const char* bad : {"", "0", "65536", "-1", "12x", "none"}) {
    BOOST_TEST(!pod.resolve(PortRef(bad), container).has_value());
  }
}

BOOST_AUTO_TEST_CASE(each_port_is_proxied_for_itself_and_a_pod_without_it_is_left_out) {
  Hand hand;
  hand.tell(ObjectApplied{service_named(
      "web", "web",
      {port(80, PortRef("http"), "http"), port(81, std::nullopt, "same"), port(82, PortRef("no"), "no")})});
  hand.tell(ObjectApplied{web_pod()});
  get_ready(hand);
  BOOST_TEST(endpoints(hand, "web", 0) == "127.0.0.1:3000 ready serving");
  BOOST_TEST(endpoints(hand, "web", 1) == "127.0.0.1:81 ready serving");
  BOOST_TEST(endpoints(hand, "web", 2) == "");
  BOOST_TEST(Hand::of<OpenService>(hand.all)[1].name == "web:same");
}

BOOST_AUTO_TEST_CASE(a_changed_selector_or_port_changes_the_endpoints) {
  Hand hand;
  hand.tell(ObjectApplied{service_named("web", "nobody", {port(80, PortRef("http"))})});
  hand.tell(ObjectApplied{web_pod()});
  get_ready(hand);
  BOOST_TEST(endpoints(hand, "web") == "");
  hand.tell(ObjectApplied{service_named("web", "web", {port(80, PortRef("http"))})});
  BOOST_TEST(endpoints(hand, "web") == "127.0.0.1:3000 ready serving");
  hand.tell(ObjectApplied{service_named("web", "web", {port(80, PortRef(4000))})});
  BOOST_TEST(endpoints(hand, "web") == "127.0.0.1:4000 ready serving");
  hand.tell(ObjectApplied{service_named("web", "web", {port(80, PortRef(4000))})});
  BOOST_TEST(hand.last.empty());  // unchanged
  hand.tell(ObjectApplied{service_named("web", "nobody", {port(80, PortRef(4000))})});
  BOOST_TEST(endpoints(hand, "web") == "");
}

BOOST_AUTO_TEST_CASE(another_number_of_ports_closes_and_opens_anew) {
  Hand hand;
  hand.tell(ObjectApplied{service_named("web", "web", {port(80, PortRef(1), "a")})});
  hand.tell(ObjectApplied{web_pod()});
  get_ready(hand);
  const std::string address = service(hand, "web").given().cluster_ip;
  hand.tell(ObjectApplied{service_named("web", "web", {port(80, PortRef(1), "a"), port(81, PortRef(2), "b")})});
  BOOST_TEST(hand.count<CloseService>() == 1u);
  BOOST_TEST(hand.count<OpenService>() == 2u);
  BOOST_TEST(endpoints(hand, "web", 0) == "127.0.0.1:1 ready serving");
  BOOST_TEST(endpoints(hand, "web", 1) == "127.0.0.1:2 ready serving");
  BOOST_TEST(service(hand, "web").given().cluster_ip == address);
}

BOOST_AUTO_TEST_CASE(a_deleted_service_is_closed_and_told_nothing_more) {
  Hand hand;
  hand.tell(ObjectApplied{service_named("web", "web", {port(80, PortRef("http"))})});
  hand.tell(ObjectApplied{web_pod()});
  hand.tell(ObjectDeleted{{Kind::service, "default", "web"}, std::nullopt});
  BOOST_TEST(hand.count<CloseService>() == 1u);
  get_ready(hand);
  BOOST_TEST(Hand::of<SetEndpoint>(hand.all).empty());
}

BOOST_AUTO_TEST_CASE(cluster_addresses_are_unique_and_depend_on_the_name_only) {
  Hand hand, other;
  std::set<std::string> addresses;
  for (int i = 0; i < 300; ++i) {
    hand.tell(ObjectApplied{service_named("s" + std::to_string(i), "web", {port(80)})});
    addresses.insert(service(hand, "s" + std::to_string(i)).given().cluster_ip);
  }
  BOOST_TEST(addresses.size() == 300u);
  other.tell(ObjectApplied{service_named("s7", "else", {port(81)})});
  BOOST_TEST(service(other, "s7").given().cluster_ip == service(hand, "s7").given().cluster_ip);
  BOOST_TEST(service(other, "s7").addresses(0)[0] == service(other, "s7").given().cluster_ip + ":81");
}

BOOST_AUTO_TEST_CASE(node_ports_stay_with_their_port_when_others_come_before_it) {
  Hand hand;
  auto object = service_named("web", "web", {port(80, std::nullopt, "a")});
  object.spec.type = ServiceType::node_port;
  hand.tell(ObjectApplied{object});
  const std::int32_t had = service(hand, "web").given().node_ports[0];
  BOOST_TEST(had >= 30000);
  BOOST_TEST(had <= 32767);
  object.spec.ports.insert(object.spec.ports.begin(), port(79, std::nullopt, "b"));
  hand.tell(ObjectApplied{object});
  BOOST_TEST(service(hand, "web").given().node_ports[1] == had);
  BOOST_TEST(service(hand, "web").given().node_ports[0] != had);
}

BOOST_AUTO_TEST_CASE(a_chosen_node_port_steps_aside_for_a_written_one) {
  Hand probe;
  auto object = service_named("web", "web", {port(80, std::nullopt, "a"), port(81, std::nullopt, "b")});
  object.spec.type = ServiceType::node_port;
  probe.tell(ObjectApplied{object});
  const std::int32_t first = service(probe, "web").given().node_ports[0];
  object.spec.ports[1].node_port = first;
  Hand hand;
  hand.tell(ObjectApplied{object});
  BOOST_TEST(service(hand, "web").given().node_ports[1] == first);
  BOOST_TEST(service(hand, "web").given().node_ports[0] != first);
}

BOOST_AUTO_TEST_CASE(a_thousand_node_ports_are_unique) {
  Hand hand;
  std::set<std::int32_t> ports;
  for (int i = 0; i < 1000; ++i) {
    auto object = service_named("s" + std::to_string(i), "web", {port(80)});
    object.spec.type = ServiceType::node_port;
    hand.tell(ObjectApplied{object});
    ports.insert(service(hand, object.metadata.name).given().node_ports[0]);
  }
  BOOST_TEST(ports.size() == 1000u);
}

BOOST_AUTO_TEST_CASE(a_listener_that_cannot_be_had_is_an_event_of_its_service) {
  Hand hand;
  hand.tell(ObjectApplied{service_named("web", "web", {port(80)})});
  hand.tell(ListenerFailed{service(hand, "web").ids()[0], "0.0.0.0:80", "cannot bind 0.0.0.0:80: in use by nginx"});
  BOOST_TEST(hand.told("ListenFailed: cannot bind 0.0.0.0:80: in use by nginx"));
  hand.tell(ListenerFailed{ServiceId{999}, "x", "late"});
  BOOST_TEST(hand.last.empty());
}

BOOST_AUTO_TEST_CASE(fixed_endpoints_are_always_ready) {
  Hand hand;
  ServiceObject object = service_named("out", "none", {port(80)});
  object.spec.selector.clear();
  object.spec.endpoints = {"192.0.2.1:443", "unix:/run/x.sock"};
  hand.tell(ObjectApplied{object});
  const auto first = Hand::of<SetEndpoint>(hand.last);
  BOOST_TEST(first.size() == 2u);
  BOOST_TEST((first.at(0).pod != first.at(1).pod));
  BOOST_TEST(endpoints(hand, "out") == "192.0.2.1:443 ready serving, unix:/run/x.sock ready serving");
  BOOST_TEST(std::holds_alternative<OpenService>(hand.last.front()));
  // Nobody is asked for a probe, and no message is late.
  hand.tell(ConnectionRefused{first.at(0).pod});
  BOOST_TEST(hand.last.empty());
  BOOST_TEST(hand.supervisor.late_inputs() == 0u);
}

BOOST_AUTO_TEST_CASE(fixed_endpoints_that_stay_keep_their_identity) {
  Hand hand;
  ServiceObject object = service_named("out", "none", {port(80)});
  object.spec.selector.clear();
  object.spec.endpoints = {"192.0.2.1:443", "192.0.2.2:443"};
  hand.tell(ObjectApplied{object});
  const PodId gone = Hand::of<SetEndpoint>(hand.last).at(0).pod;
  object.spec.endpoints = {"192.0.2.2:443", "192.0.2.3:443"};
  hand.tell(ObjectApplied{object});
  BOOST_TEST(hand.count<SetEndpoint>() == 1u);
  BOOST_TEST((Hand::of<RemoveEndpoint>(hand.last).at(0).pod == gone));
  BOOST_TEST(endpoints(hand, "out") == "192.0.2.2:443 ready serving, 192.0.2.3:443 ready serving");
  // Pods take their place, as soon as they are ready.
  object.spec.endpoints.clear();
  object.spec.selector["app"] = "web";
  hand.tell(ObjectApplied{object});
  BOOST_TEST(endpoints(hand, "out") == "");
  hand.tell(ConnectionRefused{gone});
  BOOST_TEST(hand.supervisor.late_inputs() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
