#include "objects.hpp"

namespace reeve::sim {
namespace {

constexpr const char* apps[] = {"red", "green", "blue"};
constexpr RestartPolicy policies[] = {RestartPolicy::always, RestartPolicy::on_failure, RestartPolicy::never};

ProbeSpec random_probe(Chance& chance, const Options& options, bool is_readiness) {
  static const Duration periods[] = {seconds(10), seconds(20), seconds(30), milliseconds(12'500)};
  static const Duration fast[] = {seconds(1), seconds(3), milliseconds(500), milliseconds(700)};
  static const Duration timeouts[] = {seconds(1), seconds(5), milliseconds(250), seconds(25)};
  static const Duration delays[] = {seconds(0), seconds(0), seconds(5), seconds(15), milliseconds(7'500)};
  ProbeSpec probe;
  probe.exec = ExecAction{{"check"}};
  probe.period = options.fast_probes && chance.percent(5) ? chance.one_of(fast) : chance.one_of(periods);
  probe.timeout = chance.one_of(timeouts);
  probe.initial_delay = chance.one_of(delays);
  probe.failure_threshold = std::int32_t(1 + chance.below(3));
  if (is_readiness) probe.success_threshold = std::int32_t(1 + chance.below(3));
  if (!is_readiness && options.odd_graces && chance.percent(30)) probe.termination_grace_period = seconds(7);
  return probe;
}

ContainerSpec random_container(Chance& chance, const Options& options, std::string name) {
  ContainerSpec container;
  container.name = std::move(name);
  container.command = {"/bin/app"};
  container.ports.push_back({"http", std::int32_t(3000 + chance.below(3)), Protocol::tcp});
  if (chance.percent(20)) container.ports.push_back({"admin", 0, Protocol::tcp});
  if (chance.percent(50)) container.liveness_probe = random_probe(chance, options, false);
  if (chance.percent(60)) container.readiness_probe = random_probe(chance, options, true);
  if (options.hooks && chance.percent(40)) {
    LifecycleHandler hook;
    hook.exec = ExecAction{{"hook"}};
    container.lifecycle.emplace();
    if (chance.percent(50)) container.lifecycle->post_start = hook;
    if (chance.percent(60)) container.lifecycle->pre_stop = hook;
  }
  if (chance.percent(25)) container.startup_probe = random_probe(chance, options, false);
  if (options.told && container.readiness_probe && chance.percent(40)) {
    *container.readiness_probe = {};
    container.readiness_probe->notify = NotifyAction{};
  }
  return container;
}

PodSpec random_pod_spec(Chance& chance, const Options& options) {
  static const Duration graces[] = {seconds(0), seconds(1), seconds(2), seconds(5), seconds(-3), seconds(60)};
  PodSpec spec;
  if (options.inits && chance.percent(40)) {
    ContainerSpec init;
    init.name = "setup";
    init.command = {"/bin/setup"};
    spec.init_containers.push_back(init);
  }
  for (int i = 0; options.sidecars && i < 2; ++i) {
    if (!chance.percent(30)) continue;
    ContainerSpec sidecar = random_container(chance, options, "sidecar" + std::to_string(i));
    sidecar.restart_policy = RestartPolicy::always;
    spec.init_containers.push_back(std::move(sidecar));
  }
  static const std::optional<Network> networks[] = {std::nullopt, Network::host, Network::isolated, Network::nat};
  spec.network = chance.one_of(networks);
  if (options.hooks && spec.network == Network::nat) spec.network = Network::isolated;  // whose sandboxes stay
  const std::uint64_t containers = 1 + chance.below(2);
  for (std::uint64_t i = 0; i < containers; ++i) {
    spec.containers.push_back(random_container(chance, options, "main" + std::to_string(i)));
  }
  static const char* const linked[] = {"s0", "s1", "s9"};
  for (const char* each : linked) {
    if (chance.percent(15)) spec.links.emplace_back(each);
  }
  if (options.odd_graces && chance.percent(50)) spec.termination_grace_period = chance.one_of(graces);
  static const Duration drains[] = {seconds(0), milliseconds(1'500), seconds(25), seconds(300)};
  if (options.odd_drains && chance.percent(50)) spec.drain = chance.one_of(drains);
  if (options.odd_backoff && chance.percent(30)) {
    static const Duration initials[] = {milliseconds(500), seconds(3)};
    spec.restart_backoff = {chance.one_of(initials), 3, seconds(100), seconds(150)};
  }
  return spec;
}

}  // namespace

std::string random_name(Chance& chance, char kind) { return kind + std::to_string(chance.below(kind == 'p' ? 4 : 2)); }

PodObject random_pod(Chance& chance, const Options& options) {
  PodObject pod;
  pod.metadata.name = random_name(chance, 'p');
  if (chance.percent(20)) pod.metadata.name_space = "other";
  pod.metadata.labels["app"] = chance.one_of(apps);
  pod.spec = random_pod_spec(chance, options);
  pod.spec.restart_policy = chance.one_of(policies);
  if (chance.percent(50)) pod.spec.restart_policy = RestartPolicy::always;
  // On those before it only, so that there is no circle.
  const std::string order[] = {"d0", "d1", "p0", "p1", "p2", "p3"};
  for (const std::string& each : order) {
    if (each == pod.metadata.name || !options.dependencies || pod.metadata.name_space != "default") break;
    if (chance.percent(20)) pod.spec.depends_on.push_back(each);
  }
  if (options.deadlines && chance.percent(30)) {
    pod.spec.active_deadline = seconds(std::int64_t(20 + chance.below(2000)));
  }
  return pod;
}

DeploymentObject random_deployment(Chance& chance, const Options& options) {
  DeploymentObject deployment;
  deployment.metadata.name = random_name(chance, 'd');
  deployment.spec.replicas = std::int32_t(chance.below(4));
  deployment.spec.pod_template.spec = random_pod_spec(chance, options);
  deployment.spec.pod_template.metadata.labels["app"] = chance.one_of(apps);
  deployment.spec.selector.match_labels = deployment.spec.pod_template.metadata.labels;
  return deployment;
}

ServiceObject random_service(Chance& chance) {
  ServiceObject service;
  service.metadata.name = random_name(chance, 's');
  static const char* const fixed[] = {"192.0.2.1:443", "[2001:db8::1]:80", "unix:/run/x.sock"};
  static const char* const addresses[] = {"", "", "", "127.77.1.1", "127.77.1.2"};
  service.spec.cluster_ip = chance.one_of(addresses);
  if (chance.percent(15)) {
    for (const char* each : fixed) {
      if (service.spec.endpoints.empty() || chance.percent(50)) service.spec.endpoints.emplace_back(each);
    }
    service.spec.ports.push_back({"web", Protocol::tcp, 80, std::nullopt, std::nullopt});
    return service;
  }
  service.spec.selector["app"] = chance.one_of(apps);
  if (chance.percent(30)) service.spec.type = ServiceType::node_port;
  service.spec.publish_not_ready_addresses = chance.percent(20);
  if (chance.percent(30)) service.spec.on_unready = chance.percent(50) ? OnUnready::drain : OnUnready::reset;
  service.spec.ports.push_back({"web", Protocol::tcp, 80, PortRef("http"), std::nullopt});
  if (chance.percent(30)) service.spec.ports.push_back({"more", Protocol::tcp, 81, PortRef(9000), std::nullopt});
  if (chance.percent(20)) service.spec.ports.push_back({"admin", Protocol::tcp, 83, PortRef("admin"), std::nullopt});
  if (chance.percent(10)) service.spec.ports.push_back({"lost", Protocol::tcp, 82, PortRef("gone"), std::nullopt});
  return service;
}

}  // namespace reeve::sim
