// Creating, changing and deleting.
#include "api/answer.hpp"
#include "api/patch.hpp"
#include "api/render.hpp"

#include <reeve/config/object.hpp>
#include <reeve/config/write.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

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
  object->emplace("apiVersion", version_of(*route.kind));
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
  const Pod* pod = host_.supervisor().find_pod(metadata.name_space, metadata.name);
  if (std::holds_alternative<PodObject>(object) && pod != nullptr && pod->owner()) {
    return invalid(*route.kind, metadata.name,
                   {{"spec", "Forbidden", {}, "the pod belongs to replica set " + pod->owner()->name}});
  }
  return std::nullopt;
}

// The object as it is once the supervisor has answered.
Reply Answerer::object_later(const Route& route, int code, Form form) {
  Reply reply;
  reply.once_kept = true;
  reply.after_settled = [this, route, code, form] {
    const auto found = renderer_.find(route.kind->kind, route.name_space, route.name, form.depth());
    if (!found) return reply_with(success(*route.kind, route.name));
    return reply_with(formed(*found, form, now()) + '\n', code);
  };
  return reply;
}

Reply Answerer::write(const Request& request, const Route& route, std::string_view text, int code) {
  auto object = config::read_object(text);
  if (!object) return reply_with(bad_request(cannot_be_handled(*route.kind, text_of(object.error()))));
  if (ref_of(*object).kind != *route.kind->writable) {
    return reply_with(bad_request("the object provided is unrecognized: expected a " + std::string(route.kind->name)));
  }
  if (auto problem = check(*object, route)) return reply_with(*problem);
  Route meant = route;
  meant.name = metadata_of(*object).name;
  const bool is_dry = request.parameter("dryRun") == "All";
  if (is_dry) return reply_with(json::serialize(config::to_json(*object, config::Defaults::included)) + '\n', code);
  if (host_.supervisor().is_shutting_down()) return reply_with(of_http(503, "reeve is shutting down"));
  host_.post(ObjectApplied{*std::move(object)});
  return object_later(meant, code, form_of(request.accept, request.parameter("includeObject"), route.api_version));
}

Reply Answerer::create(const Request& request, const Route& route) {
  auto body = parsed_object(request.body);
  if (!body) return reply_with(body.error());
  complete(*body, route);
  Route meant = route;
  meant.name = metadata_text(*body, "name");
  if (!meant.name.empty() && current(meant)) return reply_with(already_exists(*route.kind, meant.name));
  return write(request, route, json::serialize(*body), 201);
}

Reply Answerer::replace(const Request& request, const Route& route) {
  auto body = parsed_object(request.body);
  if (!body) return reply_with(body.error());
  const auto found = renderer_.find(route.kind->kind, route.name_space, route.name, Depth::row);
  if (!found) return reply_with(not_found(*route.kind, route.name));
  const std::string version = metadata_text(*body, "resourceVersion");
  if (!version.empty() && version != std::to_string(found->version)) {
    return reply_with(conflict(*route.kind, route.name));
  }
  complete(*body, route);
  return write(request, route, json::serialize(*body), 200);
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
  json::value target = config::to_json(*object, config::Defaults::included);
  if (const auto patched = apply_patch(target, *patch, *type); !patched) {
    return reply_with(bad_request(patched.error().what));
  }
  if (!target.is_object()) return reply_with(bad_request("the patch leaves no object"));
  complete(target, route);
  return write(request, route, json::serialize(target), 200);
}

Reply Answerer::remove(const Request& request, const Route& route) {
  if (!current(route)) return reply_with(not_found(*route.kind, route.name));
  auto grace = request.number("gracePeriodSeconds");
  if (!request.body.empty()) {
    const auto body = parsed_object(request.body);
    if (!body) return reply_with(body.error());
    const auto* given = body->as_object().if_contains("gracePeriodSeconds");
    if (!grace && given != nullptr && given->is_int64()) grace = given->as_int64();
  }
  if (request.parameter("dryRun") == "All") return reply_with(success(*route.kind, route.name));
  std::optional<Duration> wait;
  if (grace) wait = seconds(std::clamp<std::int64_t>(*grace, -1, 1'000'000'000));
  host_.post(ObjectDeleted{{*route.kind->writable, route.name_space, route.name}, wait});
  Reply reply =
      object_later(route, 200, form_of(request.accept, request.parameter("includeObject"), route.api_version));
  return reply;
}

}  // namespace reeve::api
