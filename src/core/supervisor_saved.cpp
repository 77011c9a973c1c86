// What outlives reeve, and how it comes back.
#include <reeve/core/supervisor.hpp>

namespace reeve {

// Those that leave are wanted no longer; of those that are being replaced it is the new one that is.
std::vector<SavedPod> Supervisor::save_pods() const {
  if (shutting_down_) return pods_at_shutdown_;
  std::vector<SavedPod> saved;
  for (const auto& [id, entry] : entries_) {
    const Pod& pod = *entry.pod;
    if (pod.owner() || pod.is_terminating()) continue;
    saved.push_back({{pod.metadata(), *pod.spec()}, has_own_network(*pod.spec()) ? pod.pod_ip() : std::string()});
  }
  for (const auto& [name, object] : successors_) saved.push_back({object, {}});
  return saved;
}

SavedState Supervisor::save() const {
  SavedState saved;
  saved.pods = save_pods();
  for (const auto& [name, each] : deployments_) saved.deployments.push_back(each->save());
  for (const auto& [name, each] : services_) {
    saved.services.push_back({each->object(), each->given().cluster_ip, each->given().node_ports, each->created()});
  }
  return saved;
}

Effects Supervisor::restore(Instant now, SavedState saved) {
  Effects effects;
  effects_indexed_ = 0;
  Step step{now, effects, events_, ids_, *this};
  // Services first, so that a pod is seen by all that select it from its first instant, and what it may depend on.
  for (SavedService& each : saved.services) restore(step, each);
  for (const SavedDeployment& each : saved.deployments) restore(step, each);
  for (SavedPod& each : saved.pods) restore(step, each);
  finish(step);
  return effects;
}

void Supervisor::restore(Step& step, SavedService& saved) {
  const ObjectMeta& metadata = saved.object.metadata;
  if (saved.object.spec.cluster_ip.empty()) {
    saved.cluster_ip = service_ips_.hold(address_name(metadata.name_space, metadata.name), saved.cluster_ip);
  } else {
    service_ips_.occupy(saved.cluster_ip);
  }
  for (const std::int32_t port : saved.node_ports) {
    if (port != 0) node_ports_.insert(port);
  }
  put(step, std::move(saved.object), {std::move(saved.cluster_ip), std::move(saved.node_ports)}, saved.created);
}

void Supervisor::restore(Step& step, SavedPod& saved) {
  auto spec = std::make_shared<const PodSpec>(std::move(saved.object.spec));
  create_pod(step, std::move(saved.object.metadata), std::move(spec), nullptr, saved.address);
}

void Supervisor::restore(Step& step, const SavedDeployment& saved) {
  const ObjectRef name = ref_of(saved.object);
  auto& deployment = deployments_[name];
  deployment = std::make_unique<Deployment>(saved);
  note(Resource::deployments, name, ChangeType::added);
  for (const auto& each : deployment->replica_sets()) added(*each);
  warn_of_overlap(step, *deployment);
  unsettled_.insert(name);
}

// --- Whether it could be kept. ---

void Supervisor::answer(Step& step, StateNotKept& input) {
  step.report({.object = {Kind::node, "default", node_name_},
               .field_path = {},
               .type = EventType::warning,
               .reason = "StateNotKept",
               .message = std::move(input.message),
               .source = source::reeve});
}

void Supervisor::answer(Step& step, StateKeptAgain&) {
  step.report({.object = {Kind::node, "default", node_name_},
               .field_path = {},
               .type = EventType::normal,
               .reason = "StateKept",
               .message = "Everything is kept again",
               .source = source::reeve});
}

}  // namespace reeve
