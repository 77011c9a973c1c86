// Creating, changing and deleting.
#include <reeve/api/unserved.hpp>
#include "api/answer.hpp"
#include "api/patch.hpp"
#include "api/render.hpp"

#include <reeve/config/object.hpp>
#include <reeve/config/write.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <random>

namespace reeve::api {
namespace json = boost::json;
namespace {

std::string text_of(const std::vector<config::Fault>& faults) {
  std::string text;
  for (const auto& each : faults) {
    if (!text.empty()) text += "; ";
    if (each.position.line != 0) {
      text += std::to_string(each.position.line) + ':' + std::to_string(each.position.column) + ": ";
    }
    text += each.text;
  }
  return text;
}

std::string cannot_be_handled(const KindInfo& kind, const std::string& why) {
  return std::string(kind.name) + " in version \"" + std::string(version_of(kind)) + "\" cannot be handled as a " +
         std::string(kind.name) + ": " + why;
}

}  // namespace

std::string metadata_text(const json::value& body, std::string_view key) {
  const auto* object = body.if_object();
  const auto* metadata = object != nullptr ? object->if_contains("metadata") : nullptr;
  const auto* members = metadata != nullptr ? metadata->if_object() : nullptr;
  const auto* member = members != nullptr ? members->if_contains(key) : nullptr;
  const auto* text = member != nullptr ? member->if_string() : nullptr;
  return text != nullptr ? std::string(text->data(), text->size()) : std::string();
}

namespace {

// What the path says goes without saying in the body.
void complete(json::value& body, const Route& route) {
  auto* object = body.if_object();
  if (object == nullptr) return;
  object->emplace("apiVersion", route.api_version);
  object->emplace("kind", route.kind->name);
  auto* metadata = (*object)["metadata"].if_object();
  if (metadata == nullptr) metadata = &(*object)["metadata"].emplace_object();
  metadata->emplace("namespace", route.name_space);
  if (!route.name.empty()) metadata->emplace("name", route.name);
  metadata->erase("ownerReferences");  // reeve's own to write
  object->erase("status");
}

tl::expected<json::value, Status> parsed_any(std::string_view text) {
  json::parse_options options;
  options.max_depth = static_cast<std::size_t>(config::depth_max);
  json::error_code error;
  json::value value = json::parse(text, error, {}, options);
  if (error) return tl::unexpected(bad_request("the body is not JSON: " + error.message()));
  return value;
}

}  // namespace

tl::expected<json::value, Status> parsed_object(std::string_view text) {
  auto value = parsed_any(text);
  if (value && !value->is_object()) return tl::unexpected(bad_request("the body is not a JSON object"));
  return value;
}

namespace {

// As Kubernetes ends generated names.
std::string random_suffix() {
  constexpr std::string_view letters = "bcdfghjklmnpqrstvwxz2456789";
  std::random_device random;
  std::string suffix;
  for (int i = 0; i < 5; ++i) suffix += letters[random() % letters.size()];
  return suffix;
}

enum class PatchType { merge, strategic, operations };

std::optional<PatchType> patch_type(std::string_view content_type) {
  if (content_type.starts_with("application/merge-patch+json")) return PatchType::merge;
  if (content_type.starts_with("application/strategic-merge-patch+json")) return PatchType::strategic;
  if (content_type.starts_with("application/json-patch+json")) return PatchType::operations;
  return std::nullopt;
}

Result<void> apply_patch(json::value& target, const json::value& patch, PatchType type) {
  if (type == PatchType::strategic) return strategic_merge_patch(target, patch);
  if (type == PatchType::operations) return json_patch(target, patch);
  if (!patch.is_object()) return fail("the patch is not an object");
  merge_patch(target, patch);
  return {};
}

}  // namespace

std::optional<Object> Answerer::current(const Route& route) const {
  const Supervisor& supervisor = host_.supervisor();
  if (route.kind->kind == ApiKind::pods) {
    const Pod* pod = supervisor.find_pod(route.name_space, route.name);
    if (pod == nullptr) return std::nullopt;
    return PodObject{pod->metadata(), *pod->spec()};
  }
  const ObjectRef name{*route.kind->writable, route.name_space, route.name};
  if (route.kind->kind == ApiKind::deployments) {
    const auto found = supervisor.deployments().find(name);
    if (found == supervisor.deployments().end()) return std::nullopt;
    DeploymentObject object = found->second->object();
    object.metadata = shown_metadata(*found->second);
    return object;
  }
  const auto found = supervisor.services().find(name);
  if (found == supervisor.services().end()) return std::nullopt;
  return found->second->object();
}

std::optional<Status> Answerer::check(const Object& object, const Route& route) const {
  const ObjectMeta& metadata = metadata_of(object);
  if (metadata.name_space != route.name_space) {
    return bad_request("the namespace of the provided object does not match the namespace sent on the request");
  }
  if (!route.name.empty() && metadata.name != route.name) {
    return bad_request("the name of the object (" + metadata.name + ") does not match the name on the URL (" +
                       route.name + ")");
  }
  if (const auto errors = validate(object); !errors.empty()) return invalid(*route.kind, metadata.name, errors);
  if (const auto running = current({route.kind, route.api_version, metadata.name_space, metadata.name, {}})) {
    if (const auto errors = validate_update(object, *running); !errors.empty()) {
      return invalid(*route.kind, metadata.name, errors);
    }
  }
  if (const auto errors = host_.supervisor().check_dependencies(object); !errors.empty()) {
    return invalid(*route.kind, metadata.name, errors);
  }
  if (const auto errors = host_.supervisor().check_sockets(object); !errors.empty()) {
    return invalid(*route.kind, metadata.name, errors);
  }
  if (const auto why = host_.refuses(object)) {
    return invalid(*route.kind, metadata.name, {{"spec", "Forbidden", {}, *why}});
  }
  return check_owned(object, route);
}

// What a replica set made stays as that wants it, and its own.
std::optional<Status> Answerer::check_owned(const Object& object, const Route& route) const {
  const auto* given = std::get_if<PodObject>(&object);
  if (given == nullptr) return std::nullopt;
  const std::string& name = given->metadata.name;
  const Pod* pod = host_.supervisor().find_pod(given->metadata.name_space, name);
  if (pod == nullptr || !pod->owner()) return std::nullopt;
  const std::string owner = "the pod belongs to replica set " + pod->owner()->name;
  if (given->spec != *pod->spec()) return invalid(*route.kind, name, {{"spec", "Forbidden", {}, owner}});
  const ReplicaSet* set = host_.supervisor().find_replica_set(pod->owner()->name_space, pod->owner()->name);
  if (set == nullptr || selects(set->selector(), given->metadata.labels)) return std::nullopt;
  return invalid(*route.kind, name, {{"metadata.labels", "Forbidden", {}, owner + ", which selects it by its labels"}});
}

// The object as it is once the supervisor has answered.
Reply Answerer::object_later(const Route& route, int code, Form form, std::vector<std::string> warnings) {
  Reply reply;
  reply.once_kept = true;
  reply.after_settled = [this, route, code, form, warnings = std::move(warnings)] {
    const auto found = renderer_.find(route.kind->kind, route.name_space, route.name, form.depth());
    if (!found) return reply_with(success(*route.kind, route.name));
    Reply answer = reply_with(formed(*found, form, now()) + '\n', code);
    answer.warnings = warnings;
    return answer;
  };
  return reply;
}

Reply Answerer::write(const Request& request, const Route& route, json::object manifest, int code) {
  Unserved unserved = take_unserved(manifest, *route.kind->writable);
  if (!unserved.refused.empty()) {
    return reply_with(invalid(*route.kind, metadata_text(manifest, "name"), unserved.refused));
  }
  auto object = config::read_object(json::serialize(manifest));
  if (!object) return reply_with(bad_request(cannot_be_handled(*route.kind, text_of(object.error()))));
  if (ref_of(*object).kind != *route.kind->writable) {
    return reply_with(bad_request("the object provided is unrecognized: expected a " + std::string(route.kind->name)));
  }
  if (auto problem = check(*object, route)) return reply_with(*problem);
  Route meant = route;
  meant.name = metadata_of(*object).name;
  // Who was told once is not told again with every change of something else.
  const auto running = current(meant);
  if (running && kept_of(*running) == kept_of(*object)) unserved.warnings.clear();
  const Form form = form_of(request.accept, request.parameter("includeObject"), route.api_version);
  if (is_dry(request)) {
    Reply reply = dry_run(meant, *object, code, form);
    reply.warnings = std::move(unserved.warnings);
    return reply;
  }
  if (host_.supervisor().is_shutting_down()) return reply_with(of_http(503, "reeve is shutting down"));
  host_.post(ObjectApplied{*std::move(object), unserved.warnings});
  return object_later(meant, code, form, std::move(unserved.warnings));
}

// Clients that prefer protobuf come again with JSON.
std::optional<Status> check_media_type(const Request& request) {
  const std::string_view type = request.content_type;
  if (type.empty() || type.find("json") != type.npos || type.find("x-www-form-urlencoded") != type.npos) {
    return std::nullopt;
  }
  return of_http(415,
                 "the body of the request was in an unknown format - accepted media types include: "
                 "application/json");
}

Reply Answerer::create(const Request& request, const Route& route) {
  if (const auto refused = check_media_type(request)) return reply_with(*refused);
  auto body = parsed_object(request.body);
  if (!body) return reply_with(body.error());
  complete(*body, route);
  Route meant = route;
  meant.name = metadata_text(*body, "name");
  if (const std::string base = metadata_text(*body, "generateName"); meant.name.empty() && !base.empty()) {
    do {
      meant.name = base + random_suffix();
    } while (current(meant));
    body->as_object()["metadata"].as_object()["name"] = meant.name;
  }
  if (!meant.name.empty() && current(meant)) return reply_with(already_exists(*route.kind, meant.name));
  return write(request, route, std::move(body->as_object()), 201);
}

Reply Answerer::replace(const Request& request, const Route& route) {
  if (const auto refused = check_media_type(request)) return reply_with(*refused);
  auto body = parsed_object(request.body);
  if (!body) return reply_with(body.error());
  const auto found = renderer_.find(route.kind->kind, route.name_space, route.name, Depth::row);
  if (!found) return reply_with(not_found(*route.kind, route.name));
  const std::string version = metadata_text(*body, "resourceVersion");
  if (!version.empty() && version != std::to_string(found->version)) {
    return reply_with(conflict(*route.kind, route.name));
  }
  complete(*body, route);
  return write(request, route, std::move(body->as_object()), 200);
}

Reply Answerer::patch(const Request& request, const Route& route) {
  const auto object = current(route);
  if (!object) return reply_with(not_found(*route.kind, route.name));
  const auto type = patch_type(request.content_type);
  if (!type) {
    return reply_with(of_http(415,
                              "the body of the request was in an unknown format - accepted media types include: "
                              "application/json-patch+json, application/merge-patch+json, "
                              "application/strategic-merge-patch+json"));
  }
  const auto patch = parsed_any(request.body);
  if (!patch) return reply_with(patch.error());
  const auto found = renderer_.find(route.kind->kind, route.name_space, route.name, Depth::row);
  const std::string version = metadata_text(*patch, "resourceVersion");
  if (!version.empty() && version != std::to_string(found->version)) {
    return reply_with(conflict(*route.kind, route.name));
  }
  json::object manifest = config::to_json(*object, config::Defaults::included);
  put_unserved_back(manifest);
  json::value target = std::move(manifest);
  if (const auto patched = apply_patch(target, *patch, *type); !patched) {
    return reply_with(bad_request(patched.error().what));
  }
  if (!target.is_object()) return reply_with(bad_request("the patch leaves no object"));
  complete(target, route);
  return write(request, route, std::move(target.as_object()), 200);
}

}  // namespace reeve::api
