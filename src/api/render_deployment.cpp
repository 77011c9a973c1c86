// Deployments, and the replica set that each casts as a shadow.
#include "api/render.hpp"

#include <reeve/config/write.hpp>

#include <algorithm>

namespace reeve::api {
namespace json = boost::json;
namespace {

constexpr const char* hash_label = "pod-template-hash";

struct Counts {
  std::int64_t desired = 0;
  std::int64_t current = 0;
  std::int64_t ready = 0;
};

Counts counts_of(const Deployment& deployment, const Supervisor& supervisor) {
  Counts counts;
  counts.desired = deployment.object().spec.replicas;
  for (const Pod* each : supervisor.pods()) {
    if (!deployment.active_pods().contains(each->id())) continue;
    counts.current += 1;
    counts.ready += each->is_ready() ? 1 : 0;
  }
  return counts;
}

std::string joined(const PodSpec& spec, std::string ContainerSpec::*member) {
  std::string text;
  for (const ContainerSpec& each : spec.containers) text += (text.empty() ? "" : ",") + each.*member;
  return text;
}

std::string hash_of(const Deployment& deployment) {
  const std::string name = deployment.replica_set().name;
  return name.substr(name.rfind('-') + 1);
}

json::array conditions(const Counts& counts, WallTime since, const std::string& replica_set) {
  const bool available = counts.ready >= counts.desired;
  const auto entry = [&](std::string_view type, bool status, std::string_view reason, const std::string& message) {
    json::object condition = condition_json(type, status, since, reason, message);
    condition.erase("lastProbeTime");
    condition["lastUpdateTime"] = rfc3339(since);
    return condition;
  };
  const std::string set = "ReplicaSet \"" + replica_set + "\" ";
  return {entry("Available", available, available ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
                available ? "Deployment has minimum availability." : "Deployment does not have minimum availability."),
          entry("Progressing", true, available ? "NewReplicaSetAvailable" : "ReplicaSetUpdated",
                set + (available ? "has successfully progressed." : "is progressing."))};
}

}  // namespace

Snapshot Renderer::deployment(const Deployment& deployment, std::uint64_t version, Depth depth) const {
  const DeploymentObject& object = deployment.object();
  Snapshot snapshot = begin_snapshot(ApiKind::deployments, object.metadata, version);
  const WallTime created = host_.wall_time(deployment.created());
  const Counts counts = counts_of(deployment, host_.supervisor());
  const PodSpec& spec = object.spec.pod_template.spec;
  snapshot.cells = {object.metadata.name,
                    std::to_string(counts.ready) + '/' + std::to_string(counts.desired),
                    counts.current,
                    counts.ready,
                    AgeCell{created, {}, {}},
                    joined(spec, &ContainerSpec::name),
                    joined(spec, &ContainerSpec::image),
                    labels_text(object.spec.selector.match_labels)};
  json::object rest;
  if (depth == Depth::whole) {
    rest["spec"] = config::to_json(object.spec, config::Defaults::included);
    json::object status{{"observedGeneration", 1},
                        {"replicas", counts.current},
                        {"updatedReplicas", counts.current},
                        {"readyReplicas", counts.ready},
                        {"availableReplicas", counts.ready},
                        {"conditions", conditions(counts, created, deployment.replica_set().name)}};
    if (counts.desired > counts.ready) status["unavailableReplicas"] = counts.desired - counts.ready;
    rest["status"] = std::move(status);
  }
  MetadataParts parts{stable_uid("Deployment", ref_of(object), created), version, created};
  parts.generation = 1;
  write_text(snapshot, metadata_json(object.metadata, std::move(parts)), rest);
  return snapshot;
}

Snapshot Renderer::replica_set(const Deployment& deployment, std::uint64_t version, Depth depth) const {
  const DeploymentObject& object = deployment.object();
  const ObjectRef name = deployment.replica_set();
  const std::string hash = hash_of(deployment);
  ObjectMeta metadata;
  metadata.name = name.name;
  metadata.name_space = name.name_space;
  metadata.labels = object.spec.pod_template.metadata.labels;
  metadata.labels[hash_label] = hash;
  Snapshot snapshot = begin_snapshot(ApiKind::replica_sets, metadata, version);
  const WallTime created = host_.wall_time(deployment.created());
  const Counts counts = counts_of(deployment, host_.supervisor());
  Labels selector = object.spec.selector.match_labels;
  selector[hash_label] = hash;
  const PodSpec& spec = object.spec.pod_template.spec;
  snapshot.cells = {metadata.name,
                    counts.desired,
                    counts.current,
                    counts.ready,
                    AgeCell{created, {}, {}},
                    joined(spec, &ContainerSpec::name),
                    joined(spec, &ContainerSpec::image),
                    labels_text(selector)};
  json::object rest;
  if (depth == Depth::whole) {
    DeploymentSpec shadow = object.spec;
    shadow.selector.match_labels = selector;
    shadow.pod_template.metadata.labels[hash_label] = hash;
    rest["spec"] = config::to_json(shadow, config::Defaults::included);
    rest["status"] = json::object{{"replicas", counts.current},
                                  {"fullyLabeledReplicas", counts.current},
                                  {"readyReplicas", counts.ready},
                                  {"availableReplicas", counts.ready},
                                  {"observedGeneration", 1}};
  }
  MetadataParts parts{stable_uid("ReplicaSet", name, created), version, created};
  parts.generation = 1;
  parts.owners.push_back(
      owner_json("apps/v1", "Deployment", object.metadata.name, stable_uid("Deployment", ref_of(object), created)));
  write_text(snapshot, metadata_json(metadata, std::move(parts)), rest);
  return snapshot;
}

}  // namespace reeve::api
