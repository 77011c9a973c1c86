#include <reeve/core/validate.hpp>

#include <type_traits>

namespace reeve {
namespace {

// An explicit 0 is the same as leaving the field out (pkg/apis/core/v1/defaults.go, SetDefaults_Probe).
void default_probe(Boxed<ProbeSpec>& probe) {
  if (!probe) return;
  const ProbeSpec defaults;
  if (probe->timeout == Duration{0}) probe->timeout = defaults.timeout;
  if (probe->period == Duration{0}) probe->period = defaults.period;
  if (probe->success_threshold == 0) probe->success_threshold = defaults.success_threshold;
  if (probe->failure_threshold == 0) probe->failure_threshold = defaults.failure_threshold;
  if (probe->http_get && probe->http_get->path.empty()) probe->http_get->path = HttpGetAction{}.path;
}

// Always for the tag "latest" or none, else IfNotPresent (SetDefaults_Container, parsers.ParseImageName).
ImagePullPolicy pull_policy_of(const std::string& image) {
  if (image.empty()) return ImagePullPolicy::unset;
  if (image.find('@') != std::string::npos) return ImagePullPolicy::if_not_present;
  const std::string last = image.substr(image.rfind('/') + 1);
  const std::size_t colon = last.find(':');
  const bool latest = colon == std::string::npos || last.substr(colon) == ":latest";
  return latest ? ImagePullPolicy::always : ImagePullPolicy::if_not_present;
}

void default_containers(std::vector<ContainerSpec>& containers) {
  for (ContainerSpec& container : containers) {
    if (container.image_pull_policy == ImagePullPolicy::unset) {
      container.image_pull_policy = pull_policy_of(container.image);
    }
    for (EnvVar& each : container.env) {
      if (!each.value_from || !each.value_from->field_ref) continue;
      std::string& version = each.value_from->field_ref->api_version;
      if (version.empty()) version = ObjectFieldSelector{}.api_version;
    }
    default_probe(container.liveness_probe);
    default_probe(container.readiness_probe);
    default_probe(container.startup_probe);
    if (!container.lifecycle) continue;
    for (auto* hook : {&container.lifecycle->post_start, &container.lifecycle->pre_stop}) {
      const bool is_bare = *hook && (*hook)->http_get && (*hook)->http_get->path.empty();
      if (is_bare) (*hook)->http_get->path = HttpGetAction{}.path;
    }
  }
}

void default_pod(PodSpec& pod) {
  default_containers(pod.init_containers);
  default_containers(pod.containers);
}

void default_deployment(DeploymentSpec& deployment) {
  default_pod(deployment.pod_template.spec);
  DeploymentStrategy& strategy = deployment.strategy;
  if (strategy.type == StrategyType::rolling_update && !strategy.rolling_update) strategy.rolling_update.emplace();
}

void default_namespace(ObjectMeta& metadata) {
  if (metadata.name_space.empty()) metadata.name_space = ObjectMeta{}.name_space;
}

void default_service(ServiceSpec& service) {
  if (service.session_affinity == SessionAffinity::client_ip && !service.session_affinity_config) {
    service.session_affinity_config.emplace();
  }
}

}  // namespace

void apply_defaults(Object& object) {
  std::visit(
      [](auto& each) {
        using Each = std::decay_t<decltype(each)>;
        default_namespace(each.metadata);
        if constexpr (std::is_same_v<Each, PodObject>) default_pod(each.spec);
        if constexpr (std::is_same_v<Each, DeploymentObject>) default_deployment(each.spec);
        if constexpr (std::is_same_v<Each, ServiceObject>) default_service(each.spec);
      },
      object);
}

}  // namespace reeve
