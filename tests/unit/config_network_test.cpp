// Links, ports and variables as files write them, and what objects in files say of each other.
#include "config_helpers.hpp"

#include <boost/test/unit_test.hpp>

namespace reeve::config {
namespace {

const std::string db = "[service.db]\nport = 5432\nselector = { app = \"db\" }\n";

const std::string sockets = "[service.web]\nport = 80\n[pod.web]\ncommand = [\"x\"]\npassSockets = [\"web\"]\n";

const std::vector<MistakeCase> link_cases{
    {"a link", db + "[pod.web]\ncommand = [\"x\"]\nlinks = [\"db\"]\n", {}},
    {"a link of a deployment", db + "[deployment.web]\ncommand = [\"x\"]\nlinks = [\"db\"]\n", {}},
    {"to nothing",
     db + "[pod.web]\ncommand = [\"x\"]\nlinks = [\"db\", \"dbb\"]\n",
     {"f:6:16: pod \"web\": there is no service \"dbb\" to link to, did you mean \"db\"?"}},
    {"to another namespace",
     db + "[pod.web]\ncommand = [\"x\"]\nnamespace = \"shop\"\nlinks = [\"db\"]\n",
     {"f:7:10: pod \"web\": service \"db\" is of namespace \"default\": links lead to services of the pod's own "
      "namespace, \"shop\""}},
    {"to a port that the pod has itself",
     db + "[deployment.web]\ncommand = [\"x\"]\nlinks = [\"db\"]\nports = [{ containerPort = 5432 }]\n",
     {"f:6:10: deployment \"web\": service \"db\" has the port 5432, and so has container \"web\": beside each other "
      "in "
      "one pod they would take it from each other; give one of them another port"}},
    {"without isolation",
     db + "[pod.web]\ncommand = [\"x\"]\nisolation = \"none\"\nlinks = [\"db\"]\n",
     {"f:7:1: pod \"web\": spec.links: Forbidden: may not be used when `isolation` is \"none\": remove that, or write "
      "isolation = \"private\""}},
    {"where the supervisor isolates nothing",
     db +
         "[supervisor]\nisolation = \"none\"\n[pod.web]\ncommand = [\"x\"]\nnetwork = \"isolated\"\nlinks = [\"db\"]\n",
     {"f:8:11: pod \"web\": \"network\" needs a sandbox, and [supervisor] says isolation = \"none\": write isolation = "
      "\"private\" here, or remove it there",
      "f:9:1: pod \"web\": \"links\" needs a sandbox, and [supervisor] says isolation = \"none\": write isolation = "
      "\"private\" here, or remove it there"}},
    {"endpoints", "[service.out]\nport = 80\nendpoints = [\"192.0.2.1:443\", \"unix:/run/x.sock\"]\n", {}},
    {"endpoints and a deployment",
     "[deployment.web]\ncommand = [\"x\"]\n[service.out]\nport = 80\ndeployment = \"web\"\nendpoints = "
     "[\"192.0.2.1:443\"]\n",
     {"f:6:1: service \"out\": spec.endpoints: Forbidden: may not be used together with a selector: each says whom the "
      "service serves"}},
    {"nobody to serve",
     "[service.out]\nport = 80\n",
     {"f:1:1: service \"out\": spec.selector: Required value: a service serves the pods that its selector selects, or "
      "the addresses in `endpoints`; with neither, a container has to name it in passSockets"}},
    {"sockets", sockets, {}},
    {"sockets of nobody",
     "[pod.web]\ncommand = [\"x\"]\npassSockets = [\"wbe\"]\n[service.web]\nport = 80\npod = \"web\"\n",
     {"f:3:16: pod \"web\": there is no service \"wbe\" whose sockets could be passed, did you mean \"web\"?"}},
    {"sockets that the proxy accepts on",
     "[pod.web]\ncommand = [\"x\"]\npassSockets = [\"web\"]\n[service.web]\nport = 80\npod = \"web\"\n",
     {"f:3:16: pod \"web\": service \"web\" is served by the proxy, which would accept what the program waits for: "
      "take its selector or endpoints away, or do not pass its sockets"}},
    {"sockets of another namespace",
     sockets + "[pod.other]\nnamespace = \"b\"\ncommand = [\"x\"]\npassSockets = [\"web\"]\n",
     {"f:9:16: pod \"other\": service \"web\" is of namespace \"default\": sockets are passed within the pod's own "
      "namespace, \"b\""}},
    {"a link to handed sockets out of a network of the pod's own",
     sockets + "[pod.other]\ncommand = [\"x\"]\nnetwork = \"isolated\"\nlinks = [\"web\"]\n",
     {"f:9:10: pod \"other\": service \"web\" hands its sockets over, and the proxy does not carry it into a network "
      "of the pod's own: pass its sockets, or use network = \"host\""}},
    {"sockets passed twice, and to one that ends first",
     sockets + "[pod.other]\ncommand = [\"x\"]\npassSockets = [\"web\", \"web\"]\n[pod.other.initContainers.a]\n"
               "command = [\"x\"]\npassSockets = [\"web\"]\n",
     {"f:8:23: pod \"other\": spec.containers[0].passSockets[1]: Duplicate value: \"web\"",
      "f:11:1: pod \"other\": spec.initContainers[0].passSockets: Forbidden: may not be set for init containers "
      "without "
      "restartPolicy=Always"}},
    {"no list",
     "[pod.web]\ncommand = [\"x\"]\nlinks = \"db\"\n",
     {"f:3:9: links: expected a list of strings, found a string"}},
    {"env from the pod",
     "[pod.web]\ncommand = [\"x\"]\n[pod.web.env]\nA = \"1\"\nB = { valueFrom = { fieldRef = { fieldPath = "
     "\"status.podIP\" } } "
     "}\n",
     {}},
    {"env from nowhere",
     "[pod.web]\ncommand = [\"x\"]\n[pod.web.env]\nB = { valueFrom = { secretKeyRef = { key = \"k\" } } }\n",
     {"f:4:21: \"secretKeyRef\" is known but not served by reeve yet"}},
    {"a header is a name and a value",
     "[pod.web]\ncommand = [\"x\"]\nreadinessProbe = { httpGet = { port = 1, httpHeaders = [{ name = \"A\", valueFrom "
     "= {} }] } "
     "}\n",
     {"f:3:71: unknown key \"valueFrom\" in http header \"A\""}},
    {"a port without a number",
     "[pod.web]\ncommand = [\"x\"]\nports = [{ name = \"http\" }]\n",
     {"f:3:10: pod \"web\": spec.containers[0].ports[0].containerPort: Required value"}},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(config_network)

BOOST_AUTO_TEST_CASE(links_and_references_are_checked) { REEVE_CHECK_MISTAKES(link_cases, Format::toml); }

BOOST_AUTO_TEST_CASE(a_manifest_refers_to_the_pod_as_in_kubernetes) {
  const std::string head =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    command: [x]\n"
      "    env:\n    - name: A\n      valueFrom: ";
  const std::vector<MistakeCase> cases{
      {"a field", head + "{fieldRef: {fieldPath: \"metadata.labels['app']\"}}\n", {}},
      {"nothing",
       head + "{}\n",
       {"f:10:7: pod \"p\": spec.containers[0].env[0].valueFrom: Invalid value: \"\": must specify one of: `fieldRef`, "
        "`resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"}},
      {"a secret",
       head + "{secretKeyRef: {name: s, key: k}}\n",
       {"f:10:19: \"secretKeyRef\" is known but not served by reeve yet"}},
  };
  REEVE_CHECK_MISTAKES(cases, Format::yaml);
}

// What a running reeve has, a file that is applied to it need not hold.
BOOST_AUTO_TEST_CASE(links_to_services_of_a_running_reeve_are_its_own_business) {
  const Source source{"f", "[pod.web]\ncommand = [\"x\"]\nlinks = [\"db\"]\n", Format::toml};
  BOOST_TEST(first_message(parse({&source, 1}, ImagesKnown::elsewhere)) == "");
}

BOOST_AUTO_TEST_CASE(links_of_a_deployment_are_its_pods) {
  const auto loaded = parse_one(
      db + "[deployment.web]\ncommand = [\"x\"]\nlinks = [\"db\"]\nports = [{ name = \"http\", containerPort = 0 }]\n",
      Format::toml);
  BOOST_REQUIRE_EQUAL(first_message(loaded), "");
  const auto& spec = std::get<DeploymentObject>(loaded->objects.at(1).object).spec.pod_template.spec;
  BOOST_TEST(spec.links == std::vector<std::string>{"db"}, boost::test_tools::per_element());
  BOOST_TEST(spec.containers.at(0).ports.at(0).container_port == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::config
