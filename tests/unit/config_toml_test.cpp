// TOML's short form: what it means, and how each mistake in it is told.
#include "config_helpers.hpp"

#include <reeve/core/validate.hpp>

#include <boost/test/unit_test.hpp>

namespace reeve::config {
namespace {

std::vector<MistakeCase> key_cases() {
  return {
      {"unknown key",
       "[pod.web]\ncommand = [\"x\"]\nlivenesProbe = {}\n",
       {"f:3:1: unknown key \"livenesProbe\" in pod \"web\", did you mean \"livenessProbe\"?"}},
      {"unknown key in a container",
       "[pod.web.containers.main]\ncommand = [\"x\"]\nlivenesProbe = {}\n",
       {"f:3:1: unknown key \"livenesProbe\" in container \"main\", did you mean \"livenessProbe\"?"}},
      {"unknown key in a probe",
       "[pod.web]\ncommand = [\"x\"]\n[pod.web.livenessProbe]\nexec = { command = [\"x\"] }\nperiod = 1\n",
       {"f:5:1: unknown key \"period\" in livenessProbe of container \"web\""}},
      {"unknown table",
       "[pods.web]\ncommand = [\"x\"]\n",
       {"f:1:2: unknown key \"pods\" in this file, did you mean \"pod\"?"}},
      {"key of a deployment",
       "[pod.web]\ncommand = [\"x\"]\nreplicas = 3\n",
       {"f:3:1: \"replicas\" is a key of deployments, and this is pod \"web\""}},
      {"not served yet",
       "[pod.web]\ncommand = [\"x\"]\nresources = {}\nvolumes = []\n",
       {"f:3:1: \"resources\" is known but not served by reeve yet",
        "f:4:1: \"volumes\" is known but not served by reeve yet"}},
      {"a value not served yet",
       "[service.web]\nport = 80\ntype = \"ExternalName\"\nselector = { app = \"web\" }\n",
       {"f:3:8: type: \"ExternalName\" is not served by reeve yet; supported values: \"ClusterIP\", \"NodePort\", "
        "\"LoadBalancer\""}},
      {"Kubernetes' levels",
       "[pod.web]\ncommand = [\"x\"]\nspec = {}\n",
       {"f:3:1: \"spec\" is not written in TOML: its keys stand right in the table of pod \"web\""}},
      {"no name",
       "[pod]\ncommand = [\"x\"]\n",
       {"f:2:1: \"command\" is not a table: write [pod.NAME] and put it there"}},
      {"a list of pods", "[[pod]]\n", {"f:1:3: pod: expected tables with names: write [pod.NAME]"}},
      {"container's key beside containers",
       "[pod.web]\nenv = { A = \"1\" }\nrestartPolicy = \"Never\"\n[pod.web.containers.main]\ncommand = [\"x\"]\n",
       {"f:2:1: \"env\" belongs to one container: since this object lists its containers, write it in "
        "[pod.web.containers.main]"}},
      {"key below env",
       "[pod.web]\ncommand = [\"x\"]\n[pod.web.env]\nA = \"1\"\nrestartPolicy = \"Never\"\n",
       {"f:5:1: \"restartPolicy\" is the name of a field, and this is the table [pod.web.env]: move it above line 3 "
        "(or "
        "write env = { restartPolicy = … } if it is meant)"}},
      {"key below labels",
       "[deployment.web]\ncommand = [\"x\"]\n[deployment.web.labels]\napp = \"1\"\nargs = \"x\"\n",
       {"f:5:1: \"args\" is the name of a field, and this is the table [deployment.web.labels]: move it above line 3 "
        "(or write labels = { args = … } if it is meant)"}},
      {"an inline env may have any name", "[pod.web]\ncommand = [\"x\"]\nenv = { args = \"1\" }\n", {}},
      {"name of a named table",
       "[pod.web.containers.main]\nname = \"x\"\ncommand = [\"x\"]\n",
       {"f:2:8: the name of this table is its name already: remove the key \"name\""}},
      {"list and table clash",
       "[[pod.a.initContainers]]\nname = \"x\"\n[pod.a.initContainers.y]\n[pod.a.initContainers]\n",
       {"f:4:1: table header: cannot redefine existing array 'pod.a.initContainers' as table (a name is given once; a "
        "list is "
        "written "
        "either as [[x]] or as [x.NAME], never both)"}},
  };
}

const std::vector<MistakeCase> value_cases{

    {"wrong types",
     "[deployment.web]\nreplicas = \"3\"\ncommand = \"x\"\nargs = [1]\nenv = 1\nimage = true\nlabels = []\n"
     "ports = {}\n",
     {"f:2:12: replicas: expected an integer, found a string",
      "f:3:11: command: expected a list of strings, found a string",
      "f:4:9: args[0]: expected a string, found an integer: write \"1\"",
      "f:5:7: env: expected a list, found an integer",
      "f:6:9: image: expected a string, found a boolean: write \"true\"",
      "f:7:10: labels: expected a table, found a list"}},
    {"a date",
     "[pod.web]\ncommand = [\"x\"]\nimage = 2020-01-01\n",
     {"f:3:9: image: expected a string, found a date or time"}},
    {"a fraction",
     "[deployment.web]\ncommand = [\"x\"]\nreplicas = 1.5\n",
     {"f:3:12: replicas: expected an integer, found a fraction"}},
    {"too big for its type",
     "[deployment.web]\ncommand = [\"x\"]\nreplicas = 99999999999\n",
     {"f:3:12: replicas: 99999999999 is out of range: no more than 2147483647"}},
    {"too big for seconds",
     "[pod.web]\ncommand = [\"x\"]\nterminationGracePeriodSeconds = 9000000000000\n",
     {"f:3:33: terminationGracePeriodSeconds: 9000000000000 seconds is out of range"}},
    {"not a number",
     "[pod.web]\ncommand = [\"x\"]\nrestartBackoff = { factor = nan, maxSeconds = inf }\n",
     {"f:3:29: factor: nan is out of range", "f:3:47: maxSeconds: inf seconds is out of range"}},
    {"too big for TOML",
     "[deployment.web]\nreplicas = 99999999999999999999\n",
     {"f:2:32: decimal integer: '99999999999999999999' is not representable in 64 bits"}},
    {"unknown enumerator",
     "[pod.web]\ncommand = [\"x\"]\nrestartPolicy = \"OnFailre\"\n",
     {"f:3:17: restartPolicy: Unsupported value: \"OnFailre\": supported values: \"Always\", \"OnFailure\", "
      "\"Never\", "
      "did you mean \"OnFailure\"?"}},
    {"out-of-range threshold",
     "[pod.web]\ncommand = [\"x\"]\n[pod.web.livenessProbe]\ntcpSocket.port = 80\nsuccessThreshold = 2\n",
     {"f:5:20: pod \"web\": spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1"}},
    {"a missing key is placed at its table",
     "[pod.web]\ncommand = [\"x\"]\n[pod.web.livenessProbe]\nperiodSeconds = 1\n",
     {"f:3:10: pod \"web\": spec.containers[0].livenessProbe: Required value: must specify a handler type"}},
    {"no command", "[pod.web]\n", {"f:1:1: container \"web\" has nothing to run: write its command"}},
    {"image of no meaning",
     "[pod.web]\nimage = \"you/web:1\"\ncommand = [\"x\"]\n",
     {"f:2:9: nothing says what the image \"you/web:1\" means here: add the line \"you/web:1\" = "
      "\"/path/of/its/root\" to "
      "[images], or \"*\" = \"/\" to let every image mean this machine's own root"}},
    {"image without entrypoint",
     "[images]\nweb = \"/srv/web\"\n[pod.web]\nimage = \"web\"\n",
     {"f:3:1: container \"web\" has nothing to run: write its command, or an entrypoint for \"web\" in [images]"}},
    {"image root",
     "[images]\nweb = \"srv/web\"\napi = 1\ndb = { rot = \"/\" }\n[pod.a]\ncommand = [\"x\"]\n",
     {"f:2:7: image \"web\": root \"srv/web\" must be an absolute path",
      "f:3:7: image \"api\": expected a root directory or a table, found an integer",
      "f:4:8: unknown key \"rot\" in image \"db\", did you mean \"root\"?"}},
    {"supervisor",
     "[supervisor]\nlogBytes = 1\nlogFormat = \"x\"\n[pod.a]\ncommand = [\"x\"]\n",
     {"f:2:12: supervisor: logBytes: Invalid value: 1: must be between 4096 and 1073741824, inclusive",
      "f:3:13: logFormat: Unsupported value: \"x\": supported values: \"text\", \"json\""}},
    {"what was misread is not said twice",
     "[pod.web]\ncommand = 1\n",
     {"f:2:11: command: expected a list of strings, found an integer"}},
};

std::vector<MistakeCase> object_cases() {
  const std::string web = "[deployment.web]\ncommand = [\"x\"]\n";
  return {
      {"service without target",
       "[service.web]\nport = 80\n",
       {"f:1:1: service \"web\": spec.selector: Required value: a service serves the pods that its "
        "selector selects, or the addresses in `endpoints`; with neither, a container has to name it in passSockets"}},
      {"service of nobody",
       web + "[service.web]\nport = 80\ndeployment = \"wbe\"\n",
       {"f:5:14: there is no deployment \"wbe\", did you mean \"web\"?"}},
      {"target and selector",
       web + "[service.web]\nport = 80\ndeployment = \"web\"\nselector = { app = \"web\" }\n",
       {"f:5:1: \"deployment\" and \"selector\" cancel each other: each says whom the service serves"}},
      {"port and ports",
       web + "[service.web]\nport = 80\nports = [{ port = 81 }]\ndeployment = \"web\"\n",
       {"f:4:1: \"port\" and \"ports\" cancel each other: a service with several ports names each in \"ports\""}},
      {"one address twice",
       web + "[service.a]\nport = 80\ndeployment = \"web\"\nlisten = [\"0.0.0.0:80\"]\n[service.b]\nport = 80\n"
             "deployment = \"web\"\nlisten = [\"[::]:80\", \"0.0.0.0:80\"]\n",
       {"f:10:22: service \"b\": \"0.0.0.0:80\" is taken by service \"a\" at f:6"}},
      {"one node port twice",
       web + "[service.a]\ntype = \"NodePort\"\nport = 80\nnodePort = 30080\ndeployment = \"web\"\n[service.b]\n"
             "type = \"NodePort\"\nport = 80\nnodePort = 30080\ndeployment = \"web\"\n",
       {"f:11:12: service \"b\": \"0.0.0.0:30080\" is taken by service \"a\" at f:6"}},
      {"copies on one port of the host",
       "[deployment.web]\nreplicas = 2\nnetwork = \"host\"\ncommand = [\"x\"]\nports = [{ containerPort = 80 }]\n",
       {"f:3:11: deployment \"web\": spec.template.spec.network: Invalid value: \"host\": this deployment may have 3 "
        "pods "
        "at a time, and only one can listen on containerPort 80 of container \"web\" in the host's network: leave "
        "network out or write network = \"isolated\", or write containerPort = 0 and let the program listen on the "
        "port "
        "that it finds in PORT or PORT_<NAME>"}},
      {"a strategy that cannot move",
       web + "strategy.rollingUpdate = { maxSurge = \"0%\", maxUnavailable = 0 }\n",
       {"f:3:62: deployment \"web\": spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when "
        "`maxSurge` is 0"}},
      {"a surge of another type",
       web + "[deployment.web.strategy]\ntype = \"Rolling\"\nrollingUpdate = { maxSurge = 1.5, maxUnavalable = 1 }\n",
       {"f:4:8: type: Unsupported value: \"Rolling\": supported values: \"RollingUpdate\", \"Recreate\"",
        "f:5:30: maxSurge: expected a number or a string, found a fraction",
        "f:5:35: unknown key \"maxUnavalable\" in rollingUpdate of strategy of deployment \"web\", did you mean "
        "\"maxUnavailable\"?"}},
      {"selectors that overlap",
       "[deployment.a]\ncommand = [\"x\"]\nlabels = { app = \"x\", tier = \"y\" }\n[deployment.b]\ncommand = [\"x\"]\n"
       "labels = { app = \"x\" }\n[deployment.c]\ncommand = [\"x\"]\nlabels = { app = \"x\" }\nnamespace = \"other\"\n",
       {"f:4:1: deployment \"b\": its selector also matches the pods of deployment \"a\" at f:1: give each deployment "
        "a "
        "label that the other does not have"}},
      {"every mistake, in the order of the file",
       "[pod.b]\ncommand = [\"x\"]\nimage = 1\n[service.s]\nport = 0\npod = \"b\"\n[pod.a]\nfoo = 1\ncommand = "
       "[\"x\"]\n",
       {"f:3:9: image: expected a string, found an integer: write \"1\"",
        "f:5:8: service \"s\": spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
        "f:8:1: unknown key \"foo\" in pod \"a\""}},
  };
}

PodSpec only_pod(const Loaded& loaded) {
  BOOST_REQUIRE(loaded.has_value());
  BOOST_REQUIRE_EQUAL(loaded->objects.size(), 1);
  return std::get<PodObject>(loaded->objects[0].object).spec;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config_toml)

BOOST_AUTO_TEST_CASE(mistakes_about_keys){
    REEVE_CHECK_MISTAKES(key_cases(), Format::toml)} BOOST_AUTO_TEST_CASE(mistakes_about_values){
    REEVE_CHECK_MISTAKES(value_cases, Format::toml)} BOOST_AUTO_TEST_CASE(mistakes_about_objects){
    REEVE_CHECK_MISTAKES(object_cases(), Format::toml)}

BOOST_AUTO_TEST_CASE(a_pod_with_one_container_is_written_flat) {
  const Loaded loaded = parse_one(
      "[pod.web]\ncommand = [\"x\"]\nrestartPolicy = \"Never\"\nterminationGracePeriodSeconds = 0.25\n"
      "env = { B = \"2\", A = \"1\" }\nrestartBackoff.initialSeconds = 1\n",
      Format::toml);
  const PodSpec spec = only_pod(loaded);
  BOOST_REQUIRE_EQUAL(spec.containers.size(), 1);
  BOOST_CHECK_EQUAL(spec.containers[0].name, "web");
  BOOST_CHECK(!spec.containers[0].restart_policy);
  BOOST_CHECK(spec.restart_policy == RestartPolicy::never);
  BOOST_CHECK(spec.termination_grace_period == milliseconds(250));
  BOOST_CHECK(spec.restart_backoff.initial == seconds(1));
  const std::vector<EnvVar> env{{"B", "2", {}}, {"A", "1", {}}};
  BOOST_CHECK(spec.containers[0].env == env);
  BOOST_CHECK((metadata_of(loaded->objects[0].object).labels == Labels{{"app", "web"}}));
}

BOOST_AUTO_TEST_CASE(named_containers_keep_the_order_of_the_file) {
  const Loaded loaded = parse_one(
      "[pod.web.containers.zeta]\ncommand = [\"x\"]\n[pod.web.containers.alpha]\ncommand = [\"y\"]\n"
      "[[pod.web.initContainers]]\nname = \"second\"\ncommand = [\"x\"]\n[[pod.web.initContainers]]\nname = \"first\"\n"
      "command = [\"x\"]\n",
      Format::toml);
  const PodSpec spec = only_pod(loaded);
  BOOST_REQUIRE_EQUAL(spec.containers.size(), 2);
  BOOST_CHECK_EQUAL(spec.containers[0].name, "zeta");
  BOOST_CHECK_EQUAL(spec.containers[1].name, "alpha");
  BOOST_REQUIRE_EQUAL(spec.init_containers.size(), 2);
  BOOST_CHECK_EQUAL(spec.init_containers[0].name, "second");
}

BOOST_AUTO_TEST_CASE(a_deployment_says_how_it_is_updated_in_its_own_table) {
  const Loaded loaded = parse_one(
      "[deployment.web]\ncommand = [\"x\"]\nstrategy.rollingUpdate = { maxSurge = \"50%\", maxUnavailable = 0 }\n"
      "minReadySeconds = 0.5\nprogressDeadlineSeconds = 60\nrevisionHistoryLimit = 2\npaused = true\n"
      "[deployment.api]\ncommand = [\"x\"]\nstrategy.type = \"Recreate\"\n",
      Format::toml);
  BOOST_REQUIRE(loaded.has_value());
  const DeploymentSpec& web = std::get<DeploymentObject>(loaded->objects[0].object).spec;
  BOOST_CHECK(web.strategy.type == StrategyType::rolling_update);
  BOOST_CHECK((web.strategy.rolling_update == RollingUpdate{"50%", 0}));
  BOOST_CHECK(web.min_ready == milliseconds(500));
  BOOST_CHECK(web.progress_deadline == seconds(60));
  BOOST_CHECK_EQUAL(web.revision_history_limit, 2);
  BOOST_CHECK(web.paused);
  const DeploymentSpec& api = std::get<DeploymentObject>(loaded->objects[1].object).spec;
  BOOST_CHECK((api.strategy == DeploymentStrategy{StrategyType::recreate, std::nullopt}));
}

BOOST_AUTO_TEST_CASE(labels_reach_object_selector_and_template) {
  const Loaded loaded = parse_one(
      "[deployment.web]\ncommand = [\"x\"]\nlabels = { tier = \"front\" }\nannotations = { note = \"n\" }\n"
      "[service.web]\nport = 80\ndeployment = \"web\"\n",
      Format::toml);
  BOOST_REQUIRE(loaded.has_value());
  const auto& web = std::get<DeploymentObject>(loaded->objects[0].object);
  const Labels labels{{"tier", "front"}};
  BOOST_CHECK(web.metadata.labels == labels);
  BOOST_CHECK(web.spec.selector.match_labels == labels);
  BOOST_CHECK(web.spec.pod_template.metadata.labels == labels);
  BOOST_CHECK_EQUAL(web.spec.pod_template.metadata.annotations.at("note"), "n");
  BOOST_CHECK(std::get<ServiceObject>(loaded->objects[1].object).spec.selector == labels);
}

BOOST_AUTO_TEST_CASE(a_service_finds_its_deployment_in_another_file) {
  const std::vector<Source> sources{
      {"s.toml", "[service.web]\nport = 80\ndeployment = \"web\"\n", Format::toml},
      {"d.yaml",
       "apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    metadata:\n"
       "      labels: {run: web}\n    spec:\n      containers:\n      - {name: a, command: [x]}\n",
       Format::yaml}};
  const Loaded loaded = parse(sources);
  BOOST_REQUIRE(loaded.has_value());
  BOOST_CHECK((std::get<ServiceObject>(loaded->objects[0].object).spec.selector == Labels{{"run", "web"}}));
  BOOST_CHECK((metadata_of(loaded->objects[1].object).labels == Labels{{"run", "web"}}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::config
