#include <reeve/core/deployment.hpp>
#include <reeve/core/hash.hpp>

#include <algorithm>
#include <tuple>
#include <vector>

namespace reeve {

namespace {

constexpr const char* hash_label = "pod-template-hash";

// Which pod goes first: pending before running, unready before ready, then ready more recently, more restarts, newer
// (pkg/controller/controller_utils.go ActivePodsWithRanks).
bool goes_first(const Pod* a, const Pod* b) {
  const auto rank = [](const Pod* pod) {
    const bool ready = pod->is_ready();
    return std::tuple(pod->phase() != Phase::pending, ready,
                      ready ? -pod->ready_since().time_since_epoch() : Duration{0}, -pod->restart_count(),
                      -pod->created().time_since_epoch());
  };
  return rank(a) < rank(b);
}

}  // namespace

Deployment::Deployment(DeploymentObject object, Instant created)
    : object_(std::move(object)),
      created_(created),
      hash_(template_hash(object_.spec.pod_template)),
      spec_(std::make_shared<const PodSpec>(object_.spec.pod_template.spec)) {
  replica_set_ = object_.metadata.name + "-" + hash_;
}

ObjectRef Deployment::replica_set() const { return {Kind::replica_set, object_.metadata.name_space, replica_set_}; }

void Deployment::reconcile(Step& step, Pods& pods) {
  const auto wanted = static_cast<std::size_t>(object_.spec.replicas);
  if (active_.size() < wanted) scale_up(step, pods, wanted - active_.size());
  if (active_.size() > wanted) scale_down(step, pods, active_.size() - wanted);
}

void Deployment::scale_up(Step& step, Pods& pods, std::size_t missing) {
  report_scaling(step, "up", active_.size(), active_.size() + missing);
  for (; missing > 0; --missing) {
    ObjectMeta metadata = object_.spec.pod_template.metadata;
    metadata.name_space = object_.metadata.name_space;
    metadata.name = pods.fresh_name(metadata.name_space, replica_set_ + "-");
    metadata.labels[hash_label] = hash_;
    report_pod(step, "SuccessfulCreate", "Created pod: " + metadata.name);
    active_.insert(pods.create(step, std::move(metadata), spec_, replica_set()));
  }
}

void Deployment::scale_down(Step& step, Pods& pods, std::size_t surplus) {
  report_scaling(step, "down", active_.size(), active_.size() - surplus);
  std::vector<const Pod*> all;
  for (const PodId id : active_) all.push_back(pods.find(id));
  std::ranges::sort(all, goes_first);
  all.resize(surplus);
  for (const Pod* pod : all) {
    report_pod(step, "SuccessfulDelete", "Deleted pod: " + pod->metadata().name);
    const PodId id = pod->id();
    active_.erase(id);
    pods.remove(step, id);
  }
}

void Deployment::remove_all(Step& step, Pods& pods) {
  const std::set<PodId> all = std::exchange(active_, {});
  for (const PodId id : all) pods.remove(step, id);
}

void Deployment::report_scaling(Step& step, std::string_view direction, std::size_t from, std::size_t to) const {
  step.report({.object = {Kind::deployment, object_.metadata.name_space, object_.metadata.name},
               .field_path = {},
               .type = EventType::normal,
               .reason = "ScalingReplicaSet",
               .message = "Scaled " + std::string(direction) + " replica set " + replica_set_ + " from " +
                          std::to_string(from) + " to " + std::to_string(to),
               .source = source::deployment_controller});
}

void Deployment::report_pod(Step& step, std::string_view reason, const std::string& message) const {
  step.report({.object = replica_set(),
               .field_path = {},
               .type = EventType::normal,
               .reason = reason,
               .message = message,
               .source = source::replicaset_controller});
}

}  // namespace reeve
