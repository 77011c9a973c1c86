// The cases of TestValidateProbe, TestValidateInitContainers, TestValidateDeployment and TestValidateService that reeve
// serves, by their messages.
#include <reeve/core/validate.hpp>

#include <boost/test/unit_test.hpp>

#include <functional>
#include <string>
#include <vector>

namespace reeve {
namespace {

using Messages = std::vector<std::string>;

ProbeSpec exec_probe() {
  ProbeSpec probe;
  probe.exec = ExecAction{{"true"}};
  return probe;
}

PodObject good_pod() {
  PodObject pod;
  pod.metadata.name = "web";
  ContainerSpec& container = pod.spec.containers.emplace_back();
  container.name = "main";
  container.command = {"/usr/bin/web"};
  return pod;
}

DeploymentObject good_deployment() {
  DeploymentObject deployment;
  deployment.metadata.name = "web";
  deployment.spec.selector.match_labels = {{"app", "web"}};
  deployment.spec.pod_template.metadata.labels = {{"app", "web"}, {"tier", "front"}};
  deployment.spec.pod_template.spec = good_pod().spec;
  return deployment;
}

ServiceObject good_service() {
  ServiceObject service;
  service.metadata.name = "web";
  service.spec.selector = {{"app", "web"}};
  service.spec.ports.emplace_back().port = 80;
  return service;
}

Messages messages_of(Object object) {
  apply_defaults(object);
  Messages messages;
  for (const FieldError& error : validate(object)) messages.push_back(error.message());
  return messages;
}

template <class T>
struct Case {
  std::string name;
  std::function<void(T&)> change;
  Messages messages;
};

template <class T>
void check_all(const T& good, const std::vector<Case<T>>& cases) {
  for (const Case<T>& each : cases) {
    BOOST_TEST_CONTEXT(each.name) {
      T object = good;
      each.change(object);
      const Messages found = messages_of(object);
      BOOST_CHECK_EQUAL_COLLECTIONS(found.begin(), found.end(), each.messages.begin(), each.messages.end());
    }
  }
}

// A change to a liveness probe that is fine otherwise.
std::function<void(PodObject&)> liveness(std::function<void(ProbeSpec&)> change) {
  return [change](PodObject& pod) {
    pod.spec.containers[0].liveness_probe = exec_probe();
    change(*pod.spec.containers[0].liveness_probe);
  };
}
std::function<void(PodObject&)> readiness(std::function<void(ProbeSpec&)> change) {
  return [change](PodObject& pod) {
    pod.spec.containers[0].readiness_probe = exec_probe();
    change(*pod.spec.containers[0].readiness_probe);
  };
}

const std::string live = "spec.containers[0].livenessProbe";
const std::string ready = "spec.containers[0].readinessProbe";

}  // namespace

BOOST_AUTO_TEST_SUITE(core_validate)

BOOST_AUTO_TEST_CASE(what_is_right_has_no_errors) {
  BOOST_TEST(messages_of(good_pod()).empty());
  BOOST_TEST(messages_of(good_deployment()).empty());
  BOOST_TEST(messages_of(good_service()).empty());
}

BOOST_AUTO_TEST_CASE(probes_are_checked_as_kubernetes_does) {
  check_all<PodObject>(
      good_pod(),
      {
          {"no handler",
           liveness([](ProbeSpec& p) { p.exec.reset(); }),
           {live + ": Required value: must specify a handler type"}},
          {"two handlers",
           liveness([](ProbeSpec& p) {
             p.tcp_socket = TcpSocketAction{80, ""};
           }),
           {live + ".tcpSocket: Forbidden: may not specify more than 1 handler type"}},
          {"empty exec",
           liveness([](ProbeSpec& p) { p.exec->command.clear(); }),
           {live + ".exec.command: Required value"}},
          {"zero is the default",
           liveness([](ProbeSpec& p) {
             p.timeout = p.period = Duration{0};
             p.success_threshold = p.failure_threshold = 0;
           }),
           {}},
          {"negative numbers",
           liveness([](ProbeSpec& p) {
             p.initial_delay = seconds(-1);
             p.timeout = milliseconds(-250);
             p.period = seconds(-3);
             p.failure_threshold = -4;
           }),
           {live + ".initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0",
            live + ".timeoutSeconds: Invalid value: -0.25: must be greater than or equal to 0",
            live + ".periodSeconds: Invalid value: -3: must be greater than or equal to 0",
            live + ".failureThreshold: Invalid value: -4: must be greater than or equal to 0"}},
          {"a negative success threshold is wrong twice",
           liveness([](ProbeSpec& p) {
             p.success_threshold = -1;
             p.failure_threshold = -1;
           }),
           {live + ".successThreshold: Invalid value: -1: must be greater than or equal to 0",
            live + ".failureThreshold: Invalid value: -1: must be greater than or equal to 0",
            live + ".successThreshold: Invalid value: -1: must be 1"}},
          {"liveness succeeds at once",
           liveness([](ProbeSpec& p) { p.success_threshold = 2; }),
           {live + ".successThreshold: Invalid value: 2: must be 1"}},
          {"readiness may take several", readiness([](ProbeSpec& p) { p.success_threshold = 2; }), {}},
          {"grace of zero",
           liveness([](ProbeSpec& p) { p.termination_grace_period = Duration{0}; }),
           {live + ".terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0"}},
          {"grace of a fraction", liveness([](ProbeSpec& p) { p.termination_grace_period = milliseconds(250); }), {}},
          {"grace of readiness",
           readiness([](ProbeSpec& p) { p.termination_grace_period = seconds(1); }),
           {ready + ".terminationGracePeriodSeconds: Invalid value: 1: must not be set for readinessProbes"}},
          {"port 0",
           liveness([](ProbeSpec& p) {
             p.exec.reset();
             p.http_get.emplace();
           }),
           {live + ".httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive"}},
          {"port name",
           liveness([](ProbeSpec& p) {
             p.exec.reset();
             p.tcp_socket = TcpSocketAction{"-12--", ""};
           }),
           {live + ".tcpSocket.port: Invalid value: \"-12--\": must contain at least one letter (a-z)",
            live + ".tcpSocket.port: Invalid value: \"-12--\": must not contain consecutive hyphens",
            live + ".tcpSocket.port: Invalid value: \"-12--\": must not begin or end with a hyphen"}},
          {"header name",
           liveness([](ProbeSpec& p) {
             p.exec.reset();
             p.http_get = HttpGetAction{"/", 80, "", ProbeScheme::http, {{"X_Probe", "1"}}};
           }),
           {live + ".httpGet.httpHeaders[0].name: Invalid value: \"X_Probe\": a valid HTTP header must consist of "
                   "alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is "
                   "'[-A-Za-z0-9]+')"}},
      });
}

BOOST_AUTO_TEST_CASE(pods_are_checked_as_kubernetes_does) {
  const std::string label_rule =
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
      "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
      "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
  check_all<PodObject>(
      good_pod(),
      {
          {"no containers", [](PodObject& p) { p.spec.containers.clear(); }, {"spec.containers: Required value"}},
          {"no name",
           [](PodObject& p) { p.metadata.name.clear(); },
           {"metadata.name: Required value: name or generateName is required"}},
          {"container name",
           [](PodObject& p) { p.spec.containers[0].name = "Main"; },
           {"spec.containers[0].name: Invalid value: \"Main\": " + label_rule}},
          {"container name with dots",
           [](PodObject& p) { p.spec.containers[0].name = "a.b"; },
           {"spec.containers[0].name: Invalid value: \"a.b\": must not contain dots"}},
          {"same name twice",
           [](PodObject& p) { p.spec.init_containers = p.spec.containers; },
           {"spec.containers[0].name: Duplicate value: \"main\""}},
          {"deadline",
           [](PodObject& p) { p.spec.active_deadline = Duration{0}; },
           {"spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive"}},
          {"a negative grace is no error", [](PodObject& p) { p.spec.termination_grace_period = seconds(-1); }, {}},
          {"ports",
           [](PodObject& p) {
             p.spec.containers[0].ports = {
                 {"http", 80, Protocol::tcp}, {"http", 70000, Protocol::tcp}, {"", 0, Protocol::tcp}};
           },
           {"spec.containers[0].ports[1].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
            "spec.containers[0].ports[2].containerPort: Required value",
            "spec.containers[0].ports[1].name: Duplicate value: \"http\""}},
          {"env",
           [](PodObject& p) {
             p.spec.containers[0].env = {{"A=B", ""}};
           },
           {"spec.containers[0].env[0].name: Invalid value: \"A=B\": a valid environment variable name must consist "
            "only of printable ASCII characters other than '='"}},
          {"label value",
           [](PodObject& p) {
             p.metadata.labels = {{"a/b/c", "x"}, {"ok", "no blank"}};
           },
           {"metadata.labels: Invalid value: \"a/b/c\": a qualified name must consist of alphanumeric characters, '-', "
            "'_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or "
            "'123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS "
            "subdomain prefix and '/' (e.g. 'example.com/MyName')",
            "metadata.labels: Invalid value: \"no blank\": a valid label must be an empty string or consist of "
            "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. "
            "'MyValue',  or 'my_value',  or '12345', regex used for validation is "
            "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"}},
      });
}

BOOST_AUTO_TEST_CASE(probes_of_an_init_container_are_refused_whole) {
  const auto init = [](std::optional<RestartPolicy> policy) {
    return [policy](PodObject& pod) {
      ContainerSpec& container = pod.spec.init_containers.emplace_back();
      container.name = "init";
      container.restart_policy = policy;
      container.liveness_probe.emplace();  // no handler, and nobody looks
      container.startup_probe = exec_probe();
      container.startup_probe->success_threshold = 3;
    };
  };
  const std::string text = ": Forbidden: may not be set for init containers without restartPolicy=Always";
  const std::string path = "spec.initContainers[0].";
  check_all<PodObject>(good_pod(),
                       {
                           {"plain", init(std::nullopt), {path + "livenessProbe" + text, path + "startupProbe" + text}},
                           {"sidecar",
                            init(RestartPolicy::always),
                            {path + "livenessProbe: Required value: must specify a handler type",
                             path + "startupProbe.successThreshold: Invalid value: 3: must be 1"}},
                       });
}

BOOST_AUTO_TEST_CASE(deployments_are_checked_as_kubernetes_does) {
  using D = DeploymentObject;
  check_all<D>(
      good_deployment(),
      {
          {"negative replicas",
           [](D& d) { d.spec.replicas = -1; },
           {"spec.replicas: Invalid value: -1: must be greater than or equal to 0"}},
          {"restart policy",
           [](D& d) { d.spec.pod_template.spec.restart_policy = RestartPolicy::on_failure; },
           {"spec.template.spec.restartPolicy: Unsupported value: \"OnFailure\": supported values: \"Always\""}},
          {"deadline",
           [](D& d) { d.spec.pod_template.spec.active_deadline = seconds(5); },
           {"spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not "
            "Supported"}},
          {"empty selector",
           [](D& d) { d.spec.selector.match_labels.clear(); },
           {"spec.selector: Invalid value: {}: empty selector is invalid for deployment"}},
          {"foreign selector",
           [](D& d) {
             d.spec.selector.match_labels = {{"app", "api"}};
           },
           {"spec.template.metadata.labels: Invalid value: {\"app\":\"web\",\"tier\":\"front\"}: `selector` does not "
            "match template `labels`"}},
          {"one port, many copies",
           [](D& d) {
             d.spec.replicas = 3;
             d.spec.pod_template.spec.containers[0].ports = {{"", 3000, Protocol::tcp}};
           },
           {"spec.replicas: Invalid value: 3: containerPort 3000 of container \"main\" can be listened on once in the "
            "host's network: write replicas = 1 (isolated networks, one port number for each replica, are not served "
            "yet)"}},
          {"many copies without a port", [](D& d) { d.spec.replicas = 3; }, {}},
      });
}

BOOST_AUTO_TEST_CASE(services_are_checked_as_kubernetes_does) {
  using S = ServiceObject;
  const std::string listen_rule =
      "must be an address and a port, \"0.0.0.0:80\" or \"[::]:80\", or \"unix:\" and an absolute path";
  const std::string cluster_rule = "must be empty or an address inside 127.77.0.0/16 that reeve does not use itself";
  check_all<S>(
      good_service(),
      {
          {"no selector",
           [](S& s) { s.spec.selector.clear(); },
           {"spec.selector: Required value: services without a selector are not served yet"}},
          {"no ports", [](S& s) { s.spec.ports.clear(); }, {"spec.ports: Required value"}},
          {"port 0",
           [](S& s) { s.spec.ports[0].port = 0; },
           {"spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"}},
          {"several ports",
           [](S& s) { s.spec.ports.push_back(s.spec.ports[0]); },
           {"spec.ports[0].name: Required value", "spec.ports[1].name: Required value",
            "spec.ports[1].port: Duplicate value: 80"}},
          {"same name",
           [](S& s) {
             s.spec.ports[0].name = "http";
             s.spec.ports.push_back({"http", Protocol::tcp, 81, {}, {}});
           },
           {"spec.ports[1].name: Duplicate value: \"http\""}},
          {"node port without need",
           [](S& s) { s.spec.ports[0].node_port = 30080; },
           {"spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"}},
          {"node port out of range",
           [](S& s) {
             s.spec.type = ServiceType::node_port;
             s.spec.ports[0].node_port = 80;
           },
           {"spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid "
            "ports is 30000-32767"}},
          {"affinity settings without affinity",
           [](S& s) { s.spec.session_affinity_config.emplace(); },
           {"spec.sessionAffinityConfig: Forbidden: must not be set when session affinity is None"}},
          {"affinity timeout",
           [](S& s) {
             s.spec.session_affinity = SessionAffinity::client_ip;
             s.spec.session_affinity_config.emplace().client_ip.timeout = seconds(86401);
           },
           {"spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less "
            "than 86400"}},
          {"target port",
           [](S& s) { s.spec.ports[0].target_port = "much-too-long-a-name"; },
           {"spec.ports[0].targetPort: Invalid value: \"much-too-long-a-name\": must be no more than 15 bytes"}},
          {"cluster address",
           [](S& s) { s.spec.cluster_ip = "10.0.0.1"; },
           {"spec.clusterIP: Invalid value: \"10.0.0.1\": " + cluster_rule}},
          {"reeve's own address",
           [](S& s) { s.spec.cluster_ip = "127.77.255.254"; },
           {"spec.clusterIP: Invalid value: \"127.77.255.254\": " + cluster_rule}},
          {"headless",
           [](S& s) { s.spec.cluster_ip = "None"; },
           {"spec.clusterIP: Invalid value: \"None\": services without an address of their own are not served yet"}},
          {"good listeners",
           [](S& s) {
             s.spec.listen = {"0.0.0.0:80",         "[::]:80",
                              "[::1]:80",           "[fe80::1:2]:443",
                              "[::ffff:1.2.3.4]:1", "[1:2:3:4:5:6:7:8]:65535",
                              "unix:/run/web.sock"};
           },
           {}},
          {"one listener twice",
           [](S& s) {
             s.spec.listen = {"0.0.0.0:80", "0.0.0.0:80"};
           },
           {"spec.listen[1]: Duplicate value: \"0.0.0.0:80\""}},
          {"listener of several ports",
           [](S& s) {
             s.spec.ports[0].name = "a";
             s.spec.ports.push_back({"b", Protocol::tcp, 81, {}, {}});
             s.spec.listen = {"0.0.0.0:80"};
           },
           {"spec.listen: Forbidden: may only be used by a service with one port"}},
          {"name that starts with a digit",
           [](S& s) { s.metadata.name = "1web"; },
           {"metadata.name: Invalid value: \"1web\": a DNS-1035 label must consist of lower case alphanumeric "
            "characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. "
            "'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"}},
      });
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

BOOST_AUTO_TEST_CASE(defaults_fill_what_was_left_out) {
  PodObject pod = good_pod();
  pod.metadata.name_space.clear();
  ContainerSpec& container = pod.spec.containers[0];
  container.image = "registry:5000/busybox";
  container.liveness_probe = exec_probe();
  container.liveness_probe->period = container.liveness_probe->timeout = Duration{0};
  container.liveness_probe->failure_threshold = 0;
  Object object = pod;
  apply_defaults(object);
  const auto& defaulted = std::get<PodObject>(object);
  BOOST_CHECK_EQUAL(defaulted.metadata.name_space, "default");
  BOOST_CHECK(defaulted.spec.containers[0].image_pull_policy == ImagePullPolicy::always);
  BOOST_CHECK(defaulted.spec.containers[0].liveness_probe == exec_probe());
  container.image = "busybox:1.36";
  object = pod;
  apply_defaults(object);
  BOOST_CHECK(std::get<PodObject>(object).spec.containers[0].image_pull_policy == ImagePullPolicy::if_not_present);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve
