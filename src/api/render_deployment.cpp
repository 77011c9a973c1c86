// Deployments and their replica sets.
#include <reeve/api/unserved.hpp>
#include "api/render.hpp"

#include <reeve/config/write.hpp>

namespace reeve::api {
namespace json = boost::json;
namespace {

std::string joined(const PodSpec& spec, std::string ContainerSpec::*member) {
  std::string text;
  for (const ContainerSpec& each : spec.containers) text += (text.empty() ? "" : ",") + each.*member;
  return text;
}

json::array conditions_json(const Deployment& deployment, const runtime::Host& host) {
  json::array all;
  for (const DeploymentCondition& each : deployment.conditions()) {
    all.push_back(json::object{{"type", condition_name(each.type)},
                               {"status", status_name(each.status)},
                               {"lastUpdateTime", rfc3339(host.wall_time(each.last_update))},
                               {"lastTransitionTime", rfc3339(host.wall_time(each.last_transition))},
                               {"reason", each.reason},
                               {"message", each.message}});
  }
  return all;
}

json::object status_json(const Deployment& deployment, const runtime::Host& host) {
  const rollout::Counts& counts = deployment.counts();
  json::object status{{"observedGeneration", deployment.observed_generation()},
                      {"replicas", counts.replicas},
                      {"updatedReplicas", counts.updated},
                      {"readyReplicas", counts.ready},
                      {"availableReplicas", counts.available},
                      {"terminatingReplicas", counts.terminating},
                      {"conditions", conditions_json(deployment, host)}};
  if (counts.unavailable > 0) status["unavailableReplicas"] = counts.unavailable;
  if (deployment.collision_count() > 0) status["collisionCount"] = deployment.collision_count();
  return status;
}

ObjectMeta metadata_of(const ReplicaSet& set) {
  return {set.name().name, set.name().name_space, set.labels(), set.annotations()};
}

json::object spec_json(const ReplicaSet& set) {
  PodTemplate pod_template = set.pod_template();
  pod_template.metadata.labels = set.labels();
  json::object spec{{"replicas", set.size()},
                    {"selector", json::object{{"matchLabels", json::object()}}},
                    {"template", config::to_json(pod_template, config::Defaults::included)}};
  json::object& labels = spec["selector"].as_object()["matchLabels"].as_object();
  for (const auto& [key, value] : set.selector()) labels[key] = value;
  if (set.min_ready() > Duration{0}) spec["minReadySeconds"] = whole_seconds(set.min_ready());
  return spec;
}

}  // namespace

ObjectMeta shown_metadata(const Deployment& deployment) {
  ObjectMeta metadata = deployment.object().metadata;
  if (deployment.revision() > 0) metadata.annotations[annotation::revision] = std::to_string(deployment.revision());
  return metadata;
}

Snapshot Renderer::deployment(const Deployment& deployment, std::uint64_t version, Depth depth) const {
  const DeploymentObject& object = deployment.object();
  ObjectMeta metadata = shown_metadata(deployment);
  Snapshot snapshot = begin_snapshot(ApiKind::deployments, metadata, version);
  const WallTime created = host_.wall_time(deployment.created());
  const rollout::Counts& counts = deployment.counts();
  const PodSpec& spec = object.spec.pod_template.spec;
  snapshot.cells = {metadata.name,
                    std::to_string(counts.ready) + '/' + std::to_string(object.spec.replicas),
                    counts.updated,
                    counts.available,
                    AgeCell{created, {}, {}},
                    joined(spec, &ContainerSpec::name),
                    joined(spec, &ContainerSpec::image),
                    labels_text(object.spec.selector.match_labels)};
  json::object rest;
  if (depth == Depth::whole) {
    rest["spec"] = config::to_json(object.spec, config::Defaults::included);
    rest["status"] = status_json(deployment, host_);
  }
  put_unserved_back(metadata.annotations, rest);
  MetadataParts parts{stable_uid("Deployment", deployment.name(), created), version, created};
  parts.generation = deployment.generation();
  write_text(snapshot, metadata_json(metadata, std::move(parts)), rest);
  return snapshot;
}

Snapshot Renderer::replica_set(const ReplicaSet& set, std::uint64_t version, Depth depth) const {
  ObjectMeta metadata = metadata_of(set);
  Snapshot snapshot = begin_snapshot(ApiKind::replica_sets, metadata, version);
  const WallTime created = host_.wall_time(set.created());
  const ReplicaSet::Counts& counts = set.counts();
  const PodSpec& spec = set.pod_template().spec;
  snapshot.cells = {metadata.name,
                    set.size(),
                    counts.replicas,
                    counts.ready,
                    AgeCell{created, {}, {}},
                    joined(spec, &ContainerSpec::name),
                    joined(spec, &ContainerSpec::image),
                    labels_text(set.selector())};
  json::object rest;
  if (depth == Depth::whole) {
    rest["spec"] = spec_json(set);
    rest["status"] = json::object{{"replicas", counts.replicas},
                                  {"fullyLabeledReplicas", counts.replicas},
                                  {"readyReplicas", counts.ready},
                                  {"availableReplicas", counts.available},
                                  {"terminatingReplicas", counts.terminating},
                                  {"observedGeneration", set.generation()}};
  }
  put_unserved_back(metadata.annotations, rest);
  MetadataParts parts{stable_uid("ReplicaSet", set.name(), created), version, created};
  parts.generation = set.generation();
  const WallTime since = host_.wall_time(set.deployment_created());
  parts.owners.push_back(
      owner_json("apps/v1", "Deployment", set.deployment().name, stable_uid("Deployment", set.deployment(), since)));
  write_text(snapshot, metadata_json(metadata, std::move(parts)), rest);
  return snapshot;
}

}  // namespace reeve::api
