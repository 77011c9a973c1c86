// What is written reads back equal, whatever the object.
#include <reeve/config/object.hpp>
#include <reeve/config/write.hpp>
#include <reeve/core/random.hpp>
#include <reeve/core/validate.hpp>

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>

namespace reeve::config {
namespace {

// Random objects: any field set or not.
class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}

  Object object() {
    switch (random_.below(3)) {
      case 0: {
        PodObject pod{metadata(), {}};
        fill(pod.spec);
        return pod;
      }
      case 1: {
        DeploymentObject deployment{metadata(), {}};
        deployment.spec.replicas = number(5);
        deployment.spec.selector.match_labels = labels();
        deployment.spec.pod_template.metadata.labels = labels();
        fill(deployment.spec.pod_template.spec);
        fill_update(deployment.spec);
        return deployment;
      }
      default: {
        ServiceObject service{metadata(), {}};
        fill(service.spec);
        return service;
      }
    }
  }

 private:
  bool maybe() { return random_.below(2) == 0; }
  std::int32_t number(std::uint64_t bound) { return static_cast<std::int32_t>(random_.below(bound)); }
  std::string text() {
    constexpr const char* texts[] = {"a", "web", "x y", "\"quoted\"", "tab\there", "ünïcode", "$(HOME)", "0", "true"};
    return texts[random_.below(std::size(texts))];
  }
  Duration duration() { return maybe() ? seconds(number(100)) : milliseconds(number(100'000)); }
  Labels labels() {
    Labels all;
    for (std::uint64_t i = random_.below(3); i > 0; --i) all[text()] = text();
    return all;
  }
  std::vector<std::string> words() {
    std::vector<std::string> all;
    for (std::uint64_t i = random_.below(3); i > 0; --i) all.push_back(text());
    return all;
  }
  std::vector<NameValue> pairs() {
    std::vector<NameValue> all;
    for (std::uint64_t i = random_.below(3); i > 0; --i) all.push_back({text(), text()});
    return all;
  }
  std::vector<EnvVar> variables() {
    std::vector<EnvVar> all;
    for (NameValue& each : pairs()) all.push_back({std::move(each.name), std::move(each.value), {}});
    if (maybe()) all.push_back({text(), "", EnvVarSource{ObjectFieldSelector{"v1", text()}}});
    return all;
  }
  PortRef port() { return maybe() ? PortRef(number(65535) + 1) : PortRef(text()); }
  ObjectMeta metadata() { return {text(), maybe() ? "default" : "other", labels(), labels()}; }

  Boxed<ProbeSpec> probe() {
    if (maybe()) return {};
    ProbeSpec probe;
    if (maybe()) probe.exec = ExecAction{words()};
    if (maybe()) probe.http_get = HttpGetAction{"/" + text(), port(), text(), ProbeScheme::http, pairs()};
    if (maybe()) probe.tcp_socket = TcpSocketAction{port(), {}};
    probe.initial_delay = duration();
    probe.timeout = duration();
    probe.period = duration();
    probe.success_threshold = number(4);
    probe.failure_threshold = number(4);
    if (maybe()) probe.termination_grace_period = duration();
    return probe;
  }

  ContainerSpec container() {
    ContainerSpec each;
    each.name = text();
    if (maybe()) each.image = "image:" + std::to_string(number(3));
    each.image_pull_policy = static_cast<ImagePullPolicy>(random_.below(4));
    each.command = words();
    each.args = words();
    each.working_dir = maybe() ? "/srv" : "";
    each.env = variables();
    if (maybe()) each.ports.push_back({maybe() ? "http" : "", number(100) + 1, Protocol::tcp});
    each.liveness_probe = probe();
    each.readiness_probe = probe();
    each.startup_probe = probe();
    if (maybe()) each.restart_policy = static_cast<RestartPolicy>(random_.below(3));
    return each;
  }

  void fill(PodSpec& spec) {
    for (std::uint64_t i = random_.below(3); i > 0; --i) spec.init_containers.push_back(container());
    for (std::uint64_t i = random_.below(3); i > 0; --i) spec.containers.push_back(container());
    spec.restart_policy = static_cast<RestartPolicy>(random_.below(3));
    spec.termination_grace_period = duration();
    if (maybe()) spec.active_deadline = duration();
    if (maybe()) spec.isolation = static_cast<Isolation>(random_.below(2));
    if (maybe()) spec.restart_backoff = {duration(), 1.5, duration(), duration()};
  }

  void fill_update(DeploymentSpec& spec) {
    if (maybe()) spec.strategy.type = StrategyType::recreate;
    if (maybe()) spec.strategy.rolling_update = {maybe() ? IntOrString(number(9)) : IntOrString("40%"), number(9)};
    spec.min_ready = duration();
    spec.progress_deadline = duration();
    spec.revision_history_limit = number(20);
    spec.paused = maybe();
  }

  void fill(ServiceSpec& spec) {
    spec.type = static_cast<ServiceType>(random_.below(3));
    spec.selector = labels();
    for (std::uint64_t i = random_.below(3); i > 0; --i) {
      ServicePort each{maybe() ? "http" : "", Protocol::tcp, number(65535) + 1, {}, {}};
      if (maybe()) each.target_port = port();
      if (maybe()) each.node_port = 30000 + number(2000);
      spec.ports.push_back(each);
    }
    if (maybe()) spec.cluster_ip = "127.77.1.1";
    spec.listen = words();
    spec.session_affinity = static_cast<SessionAffinity>(random_.below(2));
    if (maybe()) spec.session_affinity_config = SessionAffinityConfig{{duration()}};
    spec.publish_not_ready_addresses = maybe();
    spec.balancing = static_cast<Balancing>(random_.below(3));
  }

  Random random_;
};

BOOST_AUTO_TEST_SUITE(config_write)

BOOST_AUTO_TEST_CASE(what_is_written_reads_back_equal) {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    Object object = Maker(seed).object();
    apply_defaults(object);
    for (const Defaults defaults : {Defaults::omitted, Defaults::included}) {
      const std::string text = boost::json::serialize(to_json(object, defaults));
      const auto read = read_object(text);
      BOOST_REQUIRE_MESSAGE(read, "REEVE_SEED=" << seed << ' ' << text << ": " << read.error()[0].text);
      BOOST_REQUIRE_MESSAGE(*read == object, "REEVE_SEED=" << seed << ' ' << text);
    }
  }
}

BOOST_AUTO_TEST_CASE(defaults_are_left_out_or_written) {
  PodObject pod;
  pod.metadata.name = "web";
  ContainerSpec container;
  container.name = "main";
  container.command = {"/bin/true"};
  pod.spec.containers.push_back(container);
  BOOST_TEST(boost::json::serialize(to_json(Object(pod), Defaults::omitted)) ==
             R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},)"
             R"("spec":{"containers":[{"name":"main","command":["/bin/true"]}]}})");
  const std::string all = boost::json::serialize(to_json(pod.spec, Defaults::included));
  BOOST_TEST(all.find(R"("restartPolicy":"Always","terminationGracePeriodSeconds":30)") != std::string::npos, all);
}

BOOST_AUTO_TEST_CASE(mistakes_of_a_request_have_their_places) {
  const auto read = read_object(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"kontainers":[]}})");
  BOOST_REQUIRE(!read);
  BOOST_TEST(read.error()[0].position.column == 65);
  BOOST_TEST(read.error()[0].text.find("did you mean \"containers\"") != std::string::npos);
  BOOST_TEST(!read_object("{"));
  BOOST_TEST(!read_object("[]"));
  BOOST_TEST(!read_object(R"({"apiVersion":"v1","kind":"List","items":[]})"));
}

BOOST_AUTO_TEST_CASE(a_template_has_no_namespace_of_its_own) {
  PodTemplate pod_template;
  pod_template.metadata.labels["app"] = "web";
  BOOST_TEST(boost::json::serialize(to_json(pod_template, Defaults::included).at("metadata")) ==
             R"({"labels":{"app":"web"}})");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace reeve::config
