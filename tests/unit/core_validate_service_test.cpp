// The cases of TestValidateService that reeve serves, and its own about addresses.
#include "core_validate_helpers.hpp"

namespace reeve {
namespace {

const std::string listen_rule =
    "must be an address and a port, \"0.0.0.0:80\" or \"[::]:80\", or \"unix:\" and an absolute path";
const std::string handed_over =
    ": Forbidden: may not be used by a service with neither selector nor endpoints: its sockets go to the containers "
    "that name it in passSockets, and the proxy takes no part";
const std::string cluster_rule =
    "must be empty or an address inside serviceSubnet (127.77.0.0/16) that reeve does not use itself";

const std::vector<Case<ServiceObject>> service_cases{
    {"neither selector nor endpoints: it hands its sockets over",
     [](ServiceObject& s) { s.spec.selector.clear(); },
     {}},
    {"what is left to the proxy by a service that hands its sockets over",
     [](ServiceObject& s) {
       s.spec.selector.clear();
       s.spec.ports[0].target_port = 81;
       s.spec.session_affinity = SessionAffinity::client_ip;
       s.spec.publish_not_ready_addresses = true;
       s.spec.balancing = Balancing::random;
       s.spec.on_unready = OnUnready::drain;
       s.spec.when_unready = WhenUnready::hold;
       s.spec.hold = seconds(1);
     },
     {"spec.ports[0].targetPort" + handed_over, "spec.sessionAffinity" + handed_over,
      "spec.publishNotReadyAddresses" + handed_over, "spec.balancing" + handed_over, "spec.onUnready" + handed_over,
      "spec.whenUnready" + handed_over, "spec.holdSeconds" + handed_over}},
    {"endpoints",
     [](ServiceObject& s) {
       s.spec.selector.clear();
       s.spec.endpoints = {"192.0.2.1:443", "unix:/run/x.sock", "[2001:db8::1]:80"};
     },
     {}},
    {"endpoints and a selector",
     [](ServiceObject& s) { s.spec.endpoints = {"192.0.2.1:443"}; },
     {"spec.endpoints: Forbidden: may not be used together with a selector: each says whom the service serves"}},
    {"endpoints and what they leave no room for",
     [](ServiceObject& s) {
       s.spec.selector.clear();
       s.spec.endpoints = {"192.0.2.1:443"};
       s.spec.ports[0].target_port = 443;
       s.spec.publish_not_ready_addresses = true;
     },
     {"spec.ports[0].targetPort: Forbidden: may not be used with `endpoints`: each address carries a port of its own",
      "spec.publishNotReadyAddresses: Forbidden: may not be used with `endpoints`: they are always ready"}},
    {"endpoints of several ports",
     [](ServiceObject& s) {
       s.spec.selector.clear();
       s.spec.endpoints = {"192.0.2.1:443"};
       s.spec.ports[0].name = "a";
       s.spec.ports.push_back({"b", Protocol::tcp, 81, {}, {}});
     },
     {"spec.endpoints: Forbidden: may only be used by a service with one port: each address carries a port of its "
      "own"}},
    {"endpoints that are none",
     [](ServiceObject& s) {
       s.spec.selector.clear();
       s.spec.listen = {"0.0.0.0:80"};
       s.spec.endpoints = {"example.com:80", "192.0.2.1:443", "192.0.2.1:443", "0.0.0.0:80"};
     },
     {"spec.endpoints[0]: Invalid value: \"example.com:80\": must be an address and a port, \"192.0.2.1:443\" or "
      "\"[2001:db8::1]:80\", or \"unix:\" and an absolute path",
      "spec.endpoints[2]: Duplicate value: \"192.0.2.1:443\"",
      "spec.endpoints[3]: Invalid value: \"0.0.0.0:80\": is where this service listens itself"}},
    {"no ports", [](ServiceObject& s) { s.spec.ports.clear(); }, {"spec.ports: Required value"}},
    {"port 0",
     [](ServiceObject& s) { s.spec.ports[0].port = 0; },
     {"spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"}},
    {"several ports",
     [](ServiceObject& s) { s.spec.ports.push_back(s.spec.ports[0]); },
     {"spec.ports[0].name: Required value", "spec.ports[1].name: Required value",
      "spec.ports[1].port: Duplicate value: 80"}},
    {"same name",
     [](ServiceObject& s) {
       s.spec.ports[0].name = "http";
       s.spec.ports.push_back({"http", Protocol::tcp, 81, {}, {}});
     },
     {"spec.ports[1].name: Duplicate value: \"http\""}},
    {"node port without need",
     [](ServiceObject& s) { s.spec.ports[0].node_port = 30080; },
     {"spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"}},
    {"node port out of range",
     [](ServiceObject& s) {
       s.spec.type = ServiceType::node_port;
       s.spec.ports[0].node_port = 80;
     },
     {"spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid "
      "ports is 30000-32767"}},
    {"affinity settings without affinity",
     [](ServiceObject& s) { s.spec.session_affinity_config.emplace(); },
     {"spec.sessionAffinityConfig: Forbidden: must not be set when session affinity is None"}},
    {"affinity timeout",
     [](ServiceObject& s) {
       s.spec.session_affinity = SessionAffinity::client_ip;
       s.spec.session_affinity_config.emplace().client_ip.timeout = seconds(86401);
     },
     {"spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less "
      "than 86400"}},
    {"target port",
     [](ServiceObject& s) { s.spec.ports[0].target_port = "much-too-long-a-name"; },
     {"spec.ports[0].targetPort: Invalid value: \"much-too-long-a-name\": must be no more than 15 bytes"}},
    {"cluster address",
     [](ServiceObject& s) { s.spec.cluster_ip = "10.0.0.1"; },
     {"spec.clusterIP: Invalid value: \"10.0.0.1\": " + cluster_rule}},
    {"reeve's own address",
     [](ServiceObject& s) { s.spec.cluster_ip = "127.77.255.254"; },
     {"spec.clusterIP: Invalid value: \"127.77.255.254\": " + cluster_rule}},
    {"headless",
     [](ServiceObject& s) { s.spec.cluster_ip = "None"; },
     {"spec.clusterIP: Invalid value: \"None\": services without an address of their own are not served yet"}},
    {"good listeners",
     [](ServiceObject& s) {
       s.spec.listen = {"0.0.0.0:80",         "[::]:80",
                        "[::1]:80",           "[fe80::1:2]:443",
                        "[::ffff:1.2.3.4]:1", "[1:2:3:4:5:6:7:8]:65535",
                        "unix:/run/web.sock"};
     },
     {}},
    {"one listener twice",
     [](ServiceObject& s) {
       s.spec.listen = {"0.0.0.0:80", "0.0.0.0:80"};
     },
     {"spec.listen[1]: Duplicate value: \"0.0.0.0:80\""}},
    {"listener of several ports",
     [](ServiceObject& s) {
       s.spec.ports[0].name = "a";
       s.spec.ports.push_back({"b", Protocol::tcp, 81, {}, {}});
       s.spec.listen = {"0.0.0.0:80"};
     },
     {"spec.listen: Forbidden: may only be used by a service with one port"}},
    {"name that starts with a digit",
     [](ServiceObject& s) { s.metadata.name = "1web"; },
     {"metadata.name: Invalid value: \"1web\": a DNS-1035 label must consist of lower case alphanumeric "
      "characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. "
      "'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"}},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(core_validate_service)

BOOST_AUTO_TEST_CASE(services_are_checked_as_kubernetes_does) { check_all(good_service(), service_cases); }

BOOST_AUTO_TEST_CASE(what_is_no_address_is_refused) {
  for (const char* bad : {"",
                          "80",
                          ":80",
                          "0.0.0.0",
                          "0.0.0.0:0",
                          "0.0.0.0:65536",
                          "0.0.0.0:080",
                          "1.2.3:80",
                          "1.2.3.256:80",
                          "01.2.3.4:80",
                          "[]:80",
                          "[:::]:80",
                          "[1::2::3]:80",
                          "[1:2:3:4:5:6:7:8:9]:80",
                          "[12345::]:80",
                          "[::]",
                          "::1:80",
                          "localhost:80",
                          "unix:",
                          "unix:/",
                          "unix:run/x",
                          "unix:/run/"}) {
    BOOST_TEST_CONTEXT("listen " << bad) {
      ServiceObject service = good_service();
      service.spec.listen = {bad};
      const Messages found = messages_of(service);
      const std::string expected = std::string("spec.listen[0]: Invalid value: \"") + bad + "\": " + listen_rule;
      BOOST_REQUIRE_EQUAL(found.size(), 1);
      BOOST_CHECK_EQUAL(found[0], expected);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve
