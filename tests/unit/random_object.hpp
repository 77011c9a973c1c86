#pragma once
// Objects for tests of what must hold for any.

#include <reeve/core/random.hpp>
#include <reeve/core/spec.hpp>

#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

namespace reeve::config {

// Random objects: any field set or not.
class RandomObject {
 public:
  explicit RandomObject(std::uint64_t seed) : random_(seed) {}

  Object make() {
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
        if (maybe()) deployment.spec.pod_template.metadata.annotations = labels();
        deployment.spec.auto_rollback = maybe();
        deployment.spec.liveness_budget = maybe();
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
    if (maybe()) probe.notify = NotifyAction{};
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
    if (maybe()) each.ports.push_back({maybe() ? "http" : "", number(100) + (maybe() ? 1 : 0), Protocol::tcp});
    each.liveness_probe = probe();
    each.readiness_probe = probe();
    each.startup_probe = probe();
    each.pass_sockets = words();
    if (maybe()) each.restart_policy = static_cast<RestartPolicy>(random_.below(3));
    return each;
  }

  void fill(PodSpec& spec) {
    for (std::uint64_t i = random_.below(3); i > 0; --i) spec.init_containers.push_back(container());
    for (std::uint64_t i = random_.below(3); i > 0; --i) spec.containers.push_back(container());
    spec.restart_policy = static_cast<RestartPolicy>(random_.below(3));
    spec.termination_grace_period = duration();
    if (maybe()) spec.active_deadline = duration();
    if (maybe()) spec.drain = duration();
    if (maybe()) spec.network = static_cast<Network>(random_.below(3));
    spec.links = words();
    spec.depends_on = words();
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
    spec.endpoints = words();
    spec.on_unready = static_cast<OnUnready>(random_.below(3));
    spec.when_unready = static_cast<WhenUnready>(random_.below(3));
    if (maybe()) spec.hold = duration();
    spec.session_affinity = static_cast<SessionAffinity>(random_.below(2));
    if (maybe()) spec.session_affinity_config = SessionAffinityConfig{{duration()}};
    spec.publish_not_ready_addresses = maybe();
    spec.balancing = static_cast<Balancing>(random_.below(3));
  }

  Random random_;
};

}  // namespace reeve::config
