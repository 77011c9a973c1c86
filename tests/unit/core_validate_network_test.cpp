// What a pod may ask of its network and of what is around it.
#include "core_validate_helpers.hpp"

namespace reeve {
namespace {

std::function<void(PodObject&)> env(EnvVar variable) {
  return [variable](PodObject& p) { p.spec.containers[0].env = {variable}; };
}

EnvVar from_field(std::string field_path, std::string api_version = "v1") {
  return {"A", "", EnvVarSource{ObjectFieldSelector{std::move(api_version), std::move(field_path)}}};
}

std::function<void(PodObject&)> field(std::string field_path) { return env(from_field(std::move(field_path))); }

const std::string from = "spec.containers[0].env[0].valueFrom";
const std::string served =
    "supported values: \"metadata.name\", \"metadata.namespace\", \"metadata.uid\", \"spec.nodeName\", "
    "\"status.hostIP\", \"status.hostIPs\", \"status.podIP\", \"status.podIPs\"";

const std::vector<Case<PodObject>> env_cases{
    {"a field", field("metadata.name"), {}},
    {"a label", field("metadata.labels['example.com/app']"), {}},
    {"an annotation, in any case", field("metadata.annotations['Note']"), {}},
    {"an older name", field("spec.host"), {}},
    {"no version", env(from_field("metadata.name", "")), {}},
    {"another version",
     env(from_field("metadata.name", "v2")),
     {from + ".fieldRef.fieldPath: Invalid value: \"metadata.name\": error converting fieldPath: unsupported pod "
             "version: v2"}},
    {"no path", field(""), {from + ".fieldRef.fieldPath: Required value"}},
    {"unknown path",
     field("metadata.whoops"),
     {from + ".fieldRef.fieldPath: Invalid value: \"metadata.whoops\": error converting fieldPath: field label not "
             "supported: metadata.whoops"}},
    {"a path with a subscript it has not",
     field("metadata.name['x']"),
     {from + ".fieldRef.fieldPath: Invalid value: \"metadata.name['x']\": error converting fieldPath: field label does "
             "not support subscript: metadata.name['x']"}},
    {"labels as a whole",
     field("metadata.labels"),
     {from + ".fieldRef.fieldPath: Unsupported value: \"metadata.labels\": " + served}},
    {"the account, which nothing here has",
     field("spec.serviceAccountName"),
     {from + ".fieldRef.fieldPath: Unsupported value: \"spec.serviceAccountName\": " + served}},
    {"no key of a label",
     field("metadata.labels['/a']"),
     {from + ".fieldRef: Invalid value: \"/a\": prefix part must be non-empty"}},
    {"nothing to take it from",
     env({"A", "", EnvVarSource{}}),
     {from + ": Invalid value: \"\": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or "
             "`secretKeyRef`"}},
    {"a value too",
     [](PodObject& p) {
       p.spec.containers[0].env = {from_field("metadata.name")};
       p.spec.containers[0].env[0].value = "x";
     },
     {from + ": Invalid value: \"\": may not be specified when `value` is not empty"}},
};

const std::string unshielded =
    "Forbidden: may not be used when `isolation` is \"none\": remove that, or write isolation = \"private\"";

const std::vector<Case<PodObject>> pod_cases{
    {"links",
     [](PodObject& p) {
       p.spec.links = {"db", "cache"};
     },
     {}},
    {"a link twice",
     [](PodObject& p) {
       p.spec.links = {"db", "db"};
     },
     {"spec.links[1]: Duplicate value: \"db\""}},
    {"no name of a service",
     [](PodObject& p) { p.spec.links = {"db.other"}; },
     {"spec.links[0]: Invalid value: \"db.other\": a DNS-1035 label must consist of lower case alphanumeric characters "
      "or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or "
      "'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"}},
    {"links without isolation",
     [](PodObject& p) {
       p.spec.links = {"db"};
       p.spec.isolation = Isolation::none;
     },
     {"spec.links: " + unshielded}},
    {"a network without isolation",
     [](PodObject& p) {
       p.spec.network = Network::nat;
       p.spec.isolation = Isolation::none;
     },
     {"spec.network: " + unshielded}},
    {"an assigned port by number",
     [](PodObject& p) {
       p.spec.containers[0].ports = {{"", 0, Protocol::tcp}};
       p.spec.containers[0].readiness_probe = ProbeSpec{};
       p.spec.containers[0].readiness_probe->tcp_socket.emplace();
     },
     {"spec.containers[0].readinessProbe.tcpSocket.port: Invalid value: 0: must be between 1 and 65535, inclusive",
      "spec.containers[0].readinessProbe.tcpSocket.port: Invalid value: 0: an assigned port (containerPort 0) is meant "
      "by its name: give the port a name and write that here"}},
};

std::function<void(DeploymentObject&)> three_with(std::optional<Network> network, std::int32_t port) {
  return [=](DeploymentObject& d) {
    d.spec.replicas = 3;
    d.spec.pod_template.spec.network = network;
    d.spec.pod_template.spec.containers[0].ports = {{"http", port, Protocol::tcp}};
  };
}

const std::vector<Case<DeploymentObject>> deployment_cases{
    {"one port in networks of their own", three_with(Network::isolated, 3000), {}},
    {"an assigned port", three_with(std::nullopt, 0), {}},
    {"links",
     [](DeploymentObject& d) {
       d.spec.pod_template.spec.links = {"db", "db"};
     },
     {"spec.template.spec.links[1]: Duplicate value: \"db\""}},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(core_validate_network)

BOOST_AUTO_TEST_CASE(references_in_variables_are_checked_as_kubernetes_does) { check_all(good_pod(), env_cases); }
BOOST_AUTO_TEST_CASE(what_pods_ask_of_their_network_is_checked) { check_all(good_pod(), pod_cases); }
BOOST_AUTO_TEST_CASE(copies_may_share_a_port_where_it_is_not_the_hosts) {
  check_all(good_deployment(), deployment_cases);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve
