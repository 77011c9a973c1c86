// Deleting one object, or all that are chosen; what writing would give.
#include <reeve/api/unserved.hpp>
#include "api/answer.hpp"

#include <reeve/config/convert.hpp>
#include <reeve/config/node.hpp>
#include <reeve/config/write.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace reeve::api {
namespace json = boost::json;

bool is_dry(const Request& request) { return request.parameter("dryRun") == "All"; }

namespace {

// DeleteOptions, from the body or the query.
struct Deletion {
  std::optional<Duration> grace;
  std::string uid;      // that the object must have
  std::string version;  // as well
  bool is_dry = false;
};

const json::value* find_member(const json::value* value, std::string_view key) {
  const auto* const object = value == nullptr ? nullptr : value->if_object();
  return object == nullptr ? nullptr : object->if_contains(key);
}

std::string text_in(const json::value* value, std::string_view key) {
  const json::value* const found = find_member(value, key);
  const auto* const text = found == nullptr ? nullptr : found->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

tl::expected<Deletion, Status> deletion_of(const Request& request) {
  Deletion deletion;
  deletion.is_dry = is_dry(request);
  auto grace = request.number("gracePeriodSeconds");
  std::string policy = request.parameter("propagationPolicy");
  json::value body;
  if (!request.body.empty()) {
    if (auto refused = check_media_type(request)) return tl::unexpected(*std::move(refused));
    auto parsed = parsed_object(request.body);
    if (!parsed) return tl::unexpected(parsed.error());
    body = *std::move(parsed);
  }
  const json::value* const given = find_member(&body, "gracePeriodSeconds");
  if (!grace && given != nullptr && given->is_int64()) grace = given->as_int64();
  if (grace) deletion.grace = seconds(std::clamp<std::int64_t>(*grace, -1, 1'000'000'000));
  if (policy.empty()) policy = text_in(&body, "propagationPolicy");
  const json::value* const orphans = find_member(&body, "orphanDependents");
  const bool leaves_pods = policy == "Orphan" || (orphans != nullptr && orphans->is_bool() && orphans->as_bool());
  if (leaves_pods) {
    return tl::unexpected(bad_request("propagationPolicy \"Orphan\" is not served: pods leave with their owner"));
  }
  const json::value* const preconditions = find_member(&body, "preconditions");
  deletion.uid = text_in(preconditions, "uid");
  deletion.version = text_in(preconditions, "resourceVersion");
  const json::value* const dry = find_member(&body, "dryRun");
  if (dry != nullptr && dry->is_array() && !dry->as_array().empty()) deletion.is_dry = true;
  return deletion;
}

// Reads what a renderer wrote, which is as deep as what a client may send, and the status around it.
json::value parsed_own(const std::string& text) {
  json::parse_options options;
  options.max_depth = 2 * static_cast<std::size_t>(config::depth_max);
  json::error_code error;
  return json::parse(text, error, {}, options);
}

std::string uid_in(const Snapshot& snapshot) {
  const json::value object = parsed_own('{' + snapshot.text);
  return text_in(find_member(&object, "metadata"), "uid");
}

}  // namespace

Reply Answerer::remove(const Request& request, const Route& route) {
  const auto found = renderer_.find(route.kind->kind, route.name_space, route.name, Depth::row);
  if (!found) return reply_with(not_found(*route.kind, route.name));
  const auto deletion = deletion_of(request);
  if (!deletion) return reply_with(deletion.error());
  const std::string uid = uid_in(*found);
  if (!deletion->uid.empty() && deletion->uid != uid) {
    return reply_with(
        conflict(*route.kind, route.name,
                 "Precondition failed: UID in precondition: " + deletion->uid + ", UID in object meta: " + uid));
  }
  if (!deletion->version.empty() && deletion->version != std::to_string(found->version)) {
    return reply_with(conflict(*route.kind, route.name,
                               "Precondition failed: ResourceVersion in precondition: " + deletion->version +
                                   ", ResourceVersion in object meta: " + std::to_string(found->version)));
  }
  if (deletion->is_dry) return reply_with(success(*route.kind, route.name, uid));
  host_.post(ObjectDeleted{{*route.kind->writable, route.name_space, route.name}, deletion->grace});
  const Form form = form_of(request.accept, request.parameter("includeObject"), route.api_version);
  Reply reply;
  reply.once_kept = true;
  reply.after_settled = [this, route, form, uid] {
    const auto left = renderer_.find(route.kind->kind, route.name_space, route.name, form.depth());
    if (!left) return reply_with(success(*route.kind, route.name, uid));
    return reply_with(formed(*left, form, now()) + '\n');
  };
  return reply;
}

Reply Answerer::remove_all(const Request& request, const Route& route) {
  const auto choice = choice_of(request, route);
  if (!choice) return reply_with(choice.error());
  const auto deletion = deletion_of(request);
  if (!deletion) return reply_with(deletion.error());
  for (const Snapshot& each : renderer_.all(route.kind->kind, route.name_space, Depth::row)) {
    if (!choice->matches(each) || deletion->is_dry) continue;
    host_.post(ObjectDeleted{{*route.kind->writable, each.name_space, each.name}, deletion->grace});
  }
  Reply reply;
  reply.once_kept = true;
  reply.after_settled = [route] { return reply_with(success(*route.kind, {})); };
  return reply;
}

namespace {

// What reeve chose for the running object and would not choose anew.
void keep_chosen(json::object& spec, const json::object& running) {
  for (const char* key : {"clusterIP", "nodeName"}) {
    if (const json::value* const chosen = running.if_contains(key)) spec.emplace(key, *chosen);
  }
  const json::value* const before = running.if_contains("ports");
  json::value* const now = spec.if_contains("ports");
  if (before == nullptr || now == nullptr || !before->is_array() || !now->is_array()) return;
  for (json::value& each : now->as_array()) {
    for (const json::value& other : before->as_array()) {
      const json::value* const port = find_member(&each, "port");
      const json::value* const its = find_member(&other, "port");
      if (port == nullptr || its == nullptr || *port != *its) continue;
      for (const char* key : {"targetPort", "nodePort"}) {
        if (const json::value* const chosen = find_member(&other, key)) each.as_object().emplace(key, *chosen);
      }
    }
  }
}

}  // namespace

// The running object as it would be, so that a difference of the two shows what would change and nothing else.
Reply Answerer::dry_run(const Route& route, const Object& object, int code, const Form& form) const {
  json::object manifest = config::to_json(object, config::Defaults::included);
  put_unserved_back(manifest);
  manifest["apiVersion"] = route.api_version;
  const auto found = renderer_.find(route.kind->kind, route.name_space, route.name, Depth::whole);
  if (!found) {
    if (!form.is_exact) config::round_seconds(manifest);
    return reply_with(json::serialize(manifest) + '\n', code);
  }
  json::value parsed = parsed_own(found->object(route.api_version));
  if (!parsed.is_object()) return reply_with(of_http(500, "cannot read what reeve itself wrote"));
  json::object& shown = parsed.as_object();
  json::object& metadata = shown["metadata"].as_object();
  for (const char* key : {"labels", "annotations"}) {
    json::object& given = manifest["metadata"].as_object();
    given.contains(key) ? void(metadata[key] = given[key]) : void(metadata.erase(key));
  }
  json::object& spec = manifest["spec"].as_object();
  keep_chosen(spec, shown["spec"].as_object());
  json::value* const generation = metadata.if_contains("generation");
  const bool is_changed = json::value(spec) != shown["spec"];
  if (generation != nullptr && is_changed) *generation = generation->to_number<std::int64_t>() + 1;
  shown["spec"] = std::move(spec);
  if (!form.is_exact) config::round_seconds(shown);
  return reply_with(json::serialize(shown) + '\n', code);
}

}  // namespace reeve::api
