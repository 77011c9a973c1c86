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

void become_told(ProbeSpec& probe) {
  probe.exec.reset();
  probe.notify = NotifyAction{};
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
    {"told", liveness(become_told), {}},
    {"told, with a length of silence and a grace",
     liveness([](ProbeSpec& p) {
       become_told(p);
       p.period = seconds(1);
       p.failure_threshold = 7;
       p.termination_grace_period = seconds(5);
     }),
     {}},
    {"told and asked",
     liveness([](ProbeSpec& p) { p.notify = NotifyAction{}; }),
     {live + ".notify: Forbidden: may not specify more than 1 handler type"}},
    {"told, with what goes with being asked",
     liveness([](ProbeSpec& p) {
       become_told(p);
       p.initial_delay = p.timeout = seconds(5);
       p.success_threshold = 2;
     }),
     {live + ".initialDelaySeconds: Forbidden: may not be used with `notify`: nothing is asked that could come too "
             "early; a startupProbe with `notify` gives a start its time",
      live + ".timeoutSeconds: Forbidden: may not be used with `notify`: nothing is run that could take too long",
      live + ".successThreshold: Forbidden: may not be used with `notify`: what the program says counts"}},
    {"a readiness that is told has no time",
     readiness([](ProbeSpec& p) {
       become_told(p);
       p.period = seconds(5);
       p.failure_threshold = 1;
     }),
     {ready +
          ".periodSeconds: Forbidden: may not be used with `notify`: readiness changes the instant the program says "
          "so",
      ready + ".failureThreshold: Forbidden: may not be used with `notify`: what the program says counts"}},
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
             p.spec.containers[0].ports = {{"http", 80, Protocol::tcp},
                                           {"http", 70000, Protocol::tcp},
                                           {},
                                           {"", -1, Protocol::tcp},
                                           {"", 0, Protocol::tcp}};
           },
           {"spec.containers[0].ports[1].containerPort: Invalid value: 70000: must be between 0 and 65535, inclusive",
            "spec.containers[0].ports[2].containerPort: Required value",
            "spec.containers[0].ports[3].containerPort: Invalid value: -1: must be between 0 and 65535, inclusive",
            "spec.containers[0].ports[1].name: Duplicate value: \"http\""}},
          {"env",
           [](PodObject& p) {
             p.spec.containers[0].env = {{"A=B", "", {}}};
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
          {"many copies without a port", [](D& d) { d.spec.replicas = 3; }, {}},
          {"negative numbers",
           [](D& d) {
             d.spec.min_ready = seconds(-1);
             d.spec.revision_history_limit = -1;
           },
           {"spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0",
            "spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0"}},
          {"a deadline that minReadySeconds never meets",
           [](D& d) { d.spec.min_ready = seconds(600); },
           {"spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds"}},
          {"no deadline", [](D& d) { d.spec.progress_deadline = seconds(unlimited); }, {}},
      });
}

BOOST_AUTO_TEST_CASE(strategies_are_checked_as_kubernetes_does) {
  using D = DeploymentObject;
  const auto rolling = [](IntOrString unavailable, IntOrString surge) {
    return [=](D& d) { d.spec.strategy.rolling_update = {surge, unavailable}; };
  };
  const std::string path = "spec.strategy.rollingUpdate.";
  const std::string percent =
      ": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used "
      "for validation is '[0-9]+%')";
  const std::string both = ": may not be 0 when `maxSurge` is 0";
  check_all<D>(
      good_deployment(),
      {
          {"numbers", rolling(0, 1), {}},
          {"percentages", rolling("100%", "250%"), {}},
          {"a number as text", rolling("25", "25%"), {path + "maxUnavailable: Invalid value: \"25\"" + percent}},
          {"a fraction", rolling(1, "2.5%"), {path + "maxSurge: Invalid value: \"2.5%\"" + percent}},
          {"negative",
           rolling(-1, 1),
           {path + "maxUnavailable: Invalid value: -1: must be greater than or equal to 0"}},
          {"too much",
           rolling("101%", 0),
           {path + "maxUnavailable: Invalid value: \"101%\": must not be greater than 100%"}},
          {"both zero", rolling(0, 0), {path + "maxUnavailable: Invalid value: 0" + both}},
          {"both zero percent", rolling("0%", 0), {path + "maxUnavailable: Invalid value: \"0%\"" + both}},
          {"recreate", [](D& d) { d.spec.strategy.type = StrategyType::recreate; }, {}},
          {"recreate with limits",
           [](D& d) {
             d.spec.strategy = {StrategyType::recreate, RollingUpdate{}};
           },
           {"spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"}},
      });
}

BOOST_AUTO_TEST_CASE(copies_that_need_one_port_may_not_share_the_host) {
  using D = DeploymentObject;
  const auto with_port = [](std::optional<Network> network, std::optional<Isolation> isolation) {
    return [=](D& d) {
      PodSpec& pod = d.spec.pod_template.spec;
      pod.containers[0].ports = {{"", 3000, Protocol::tcp}};
      pod.network = network;
      pod.isolation = isolation;
    };
  };
  const auto alone = [&](D& d) {
    with_port(Network::host, std::nullopt)(d);
    d.spec.strategy.rolling_update = {0, 1};
  };
  const auto probed = [](D& d) {
    d.spec.strategy.type = StrategyType::recreate;
    d.spec.replicas = 3;
    d.spec.pod_template.spec.network = Network::host;
    d.spec.pod_template.spec.containers[0].readiness_probe.emplace().tcp_socket = TcpSocketAction{9000, ""};
  };
  const auto elsewhere = [&](D& d) {
    probed(d);
    d.spec.pod_template.spec.containers[0].readiness_probe->tcp_socket->host = "10.0.0.1";
  };
  const std::string may = "this deployment may have ";
  const std::string one = " pods at a time, and only one can listen on ";
  const std::string host = " of container \"main\" in the host's network: ";
  const std::string any =
      "or write containerPort = 0 and let the program listen on the port that it finds in PORT or PORT_<NAME>";
  const std::string network = "spec.template.spec.network: Invalid value: \"host\": " + may;
  check_all<D>(
      good_deployment(),
      {
          {"left open", with_port(std::nullopt, std::nullopt), {}},
          {"isolated", with_port(Network::isolated, std::nullopt), {}},
          {"one copy at any time", alone, {}},
          {"host",
           with_port(Network::host, std::nullopt),
           {network + "2" + one + "containerPort 3000" + host + "leave network out or write network = \"isolated\", " +
            any}},
          {"a probed port",
           probed,
           {network + "3" + one + "port 9000 of the readinessProbe" + host +
            "leave network out or write network = \"isolated\", " + any}},
          {"a probe of somebody else", elsewhere, {}},
          {"no isolation",
           with_port(std::nullopt, Isolation::none),
           {"spec.template.spec.isolation: Invalid value: \"none\": " + may + "2" + one + "containerPort 3000" + host +
            "leave isolation out, which gives each an isolated network, " + any}},
      });
}

BOOST_AUTO_TEST_CASE(a_selector_stays) {
  DeploymentObject changed = good_deployment();
  BOOST_TEST(validate_update(changed, good_deployment()).empty());
  changed.spec.pod_template.metadata.labels["app"] = "api";
  changed.spec.selector.match_labels["app"] = "api";
  const auto errors = validate_update(changed, good_deployment());
  BOOST_REQUIRE(errors.size() == 1u);
  BOOST_TEST(errors[0].message() ==
             "spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"api\"}}: field is immutable");
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
  object = good_deployment();
  apply_defaults(object);
  BOOST_CHECK(std::get<DeploymentObject>(object).spec.strategy.rolling_update == RollingUpdate{});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve
