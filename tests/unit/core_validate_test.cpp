// The cases of TestValidateProbe, TestValidateInitContainers, TestValidateDeployment and TestValidateService that reeve
// serves, by their messages.
#include "core_validate_helpers.hpp"

namespace reeve {
namespace {

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

const std::vector<Case<PodObject>> probe_cases{
    {"no handler",
     liveness([](ProbeSpec& p) { p.exec.reset(); }),
     {live + ": Required value: must specify a handler type"}},
    {"two handlers",
     liveness([](ProbeSpec& p) {
       p.tcp_socket = TcpSocketAction{80, ""};
     }),
     {live + ".tcpSocket: Forbidden: may not specify more than 1 handler type"}},
    {"empty exec", liveness([](ProbeSpec& p) { p.exec->command.clear(); }), {live + ".exec.command: Required value"}},
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
};

}  // namespace

BOOST_AUTO_TEST_SUITE(core_validate)

BOOST_AUTO_TEST_CASE(what_is_right_has_no_errors) {
  BOOST_TEST(messages_of(good_pod()).empty());
  BOOST_TEST(messages_of(good_deployment()).empty());
  BOOST_TEST(messages_of(good_service()).empty());
}

BOOST_AUTO_TEST_CASE(probes_are_checked_as_kubernetes_does) { check_all(good_pod(), probe_cases); }

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
