// The scale subresource: how many pods there are to be, and how many there are.
#include "api/answer.hpp"

#include <reeve/core/validate.hpp>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace reeve::api {
namespace json = boost::json;
namespace {

struct Scaled {
  std::int64_t wanted = 0;
  std::int64_t existing = 0;
  const Labels* selector = nullptr;
};

std::optional<Scaled> scaled(const Supervisor& supervisor, const Route& route) {
  if (route.kind->kind == ApiKind::replica_sets) {
    const ReplicaSet* const found = supervisor.find_replica_set(route.name_space, route.name);
    if (found == nullptr) return std::nullopt;
    return Scaled{found->size(), found->counts().replicas, &found->selector()};
  }
  const auto found = supervisor.deployments().find({Kind::deployment, route.name_space, route.name});
  if (found == supervisor.deployments().end()) return std::nullopt;
  const DeploymentSpec& spec = found->second->object().spec;
  return Scaled{spec.replicas, found->second->counts().replicas, &spec.selector.match_labels};
}

json::object scale_json(const Scaled& scaled, const Snapshot& of) {
  std::string labels;
  for (const auto& [key, value] : *scaled.selector) labels += (labels.empty() ? "" : ",") + key + '=' + value;
  return {
      {"kind", "Scale"},
      {"apiVersion", "autoscaling/v1"},
      {"metadata",
       json::object{{"name", of.name}, {"namespace", of.name_space}, {"resourceVersion", std::to_string(of.version)}}},
      {"spec", json::object{{"replicas", scaled.wanted}}},
      {"status", json::object{{"replicas", scaled.existing}, {"selector", labels}}}};
}

}  // namespace

Reply Answerer::get_scale(const Route& route) const {
  const auto found = scaled(host_.supervisor(), route);
  const auto snapshot = renderer_.find(route.kind->kind, route.name_space, route.name, Depth::row);
  if (!found || !snapshot) return reply_with(not_found(*route.kind, route.name));
  return reply_with(json::serialize(scale_json(*found, *snapshot)) + '\n');
}

Reply Answerer::put_scale(const Request& request, const Route& route) {
  auto object = current(route);
  if (!object) return reply_with(not_found(*route.kind, route.name));
  const auto body = parsed_object(request.body);
  if (!body) return reply_with(body.error());
  const auto snapshot = renderer_.find(route.kind->kind, route.name_space, route.name, Depth::row);
  const std::string version = metadata_text(*body, "resourceVersion");
  if (!version.empty() && version != std::to_string(snapshot->version)) {
    return reply_with(conflict(*route.kind, route.name));
  }
  const auto* spec = body->as_object().if_contains("spec");
  const auto* replicas = spec != nullptr && spec->is_object() ? spec->as_object().if_contains("replicas") : nullptr;
  if (replicas == nullptr || !replicas->is_int64() || replicas->as_int64() < 0 || replicas->as_int64() > 100'000) {
    return reply_with(bad_request("spec.replicas: expected a number from 0 to 100000"));
  }
  auto& deployment = std::get<DeploymentObject>(*object);
  deployment.spec.replicas = static_cast<std::int32_t>(replicas->as_int64());
  if (auto problem = check(deployment, route)) return reply_with(*problem);
  if (request.parameter("dryRun") == "All") {
    Scaled changed = *scaled(host_.supervisor(), route);
    changed.wanted = deployment.spec.replicas;
    return reply_with(json::serialize(scale_json(changed, *snapshot)) + '\n');
  }
  if (host_.supervisor().is_shutting_down()) return reply_with(of_http(503, "reeve is shutting down"));
  host_.post(ObjectApplied{std::move(deployment)});
  Reply reply;
  reply.once_kept = true;
  reply.after_settled = [this, route] { return get_scale(route); };
  return reply;
}

}  // namespace reeve::api
