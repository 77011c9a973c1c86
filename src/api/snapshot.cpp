#include "api/snapshot.hpp"

#include "api/render.hpp"

#include <reeve/config/convert.hpp>
#include <reeve/core/hash.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <cstdio>

namespace reeve::api {
namespace json = boost::json;
namespace {

// What stands before an object's own text.
std::string head(ApiKind kind, std::string_view api_version) {
  std::string text = "{\"kind\":\"";
  text += info(kind).name;
  text += "\",\"apiVersion\":\"";
  text += api_version.empty() ? version_of(info(kind)) : api_version;
  return text + "\",";
}

}  // namespace

std::string cell_text(const Cell& cell, WallTime now) {
  if (const auto* number = std::get_if<std::int64_t>(&cell)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  const auto& age = std::get<AgeCell>(cell);
  return age.before + human_duration(std::max<Duration>(now - age.since, Duration{0})) + age.after;
}

std::string Snapshot::object(std::string_view api_version, bool is_exact) const {
  return head(kind, api_version) + text_for(is_exact);
}

std::string Snapshot::partial() const {
  return "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\"," + text.substr(0, metadata_size) + '}';
}

std::string event_name(const Event& event, WallTime first) {
  char suffix[20];
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(first.time_since_epoch()).count();
  std::snprintf(suffix, sizeof suffix, ".%llx",
                static_cast<unsigned long long>(nanoseconds) + static_cast<unsigned long long>(event.id));
  return event.object.name + suffix;
}

std::string stable_uid(std::string_view kind, const ObjectRef& object, WallTime created) {
  const std::string key = std::string(kind) + '/' + object.name_space + '/' + object.name + '/' +
                          std::to_string(created.time_since_epoch().count());
  std::uint32_t parts[4];
  std::uint32_t hash = 2166136261u;
  for (std::uint32_t& each : parts) each = hash = fnv1a(key, hash ^ 0x9e3779b9u);
  char text[40];
  std::snprintf(text, sizeof text, "%08x-%04x-4%03x-%04x-%04x%08x", parts[0], parts[1] >> 16, parts[1] & 0xfff,
                0x8000 | (parts[2] >> 18), parts[2] & 0xffff, parts[3]);
  return text;
}

json::object metadata_json(const ObjectMeta& metadata, MetadataParts parts) {
  json::object object;
  object["name"] = metadata.name;
  if (!metadata.name_space.empty()) object["namespace"] = metadata.name_space;
  object["uid"] = parts.uid;
  object["resourceVersion"] = std::to_string(parts.version);
  if (parts.generation) object["generation"] = *parts.generation;
  object["creationTimestamp"] = rfc3339(parts.created);
  if (parts.deletion) object["deletionTimestamp"] = rfc3339(*parts.deletion);
  if (parts.deletion_grace) object["deletionGracePeriodSeconds"] = *parts.deletion_grace;
  const auto put = [&](std::string_view key, const Labels& labels) {
    if (labels.empty()) return;
    json::object& map = object[key].emplace_object();
    for (const auto& [name, value] : labels) map[name] = value;
  };
  put("labels", metadata.labels);
  put("annotations", metadata.annotations);
  if (!parts.owners.empty()) object["ownerReferences"] = std::move(parts.owners);
  return object;
}

namespace {

bool has_fraction(const json::value& value) {
  if (const auto* object = value.if_object()) {
    return std::ranges::any_of(*object, [](const auto& each) { return has_fraction(each.value()); });
  }
  if (const auto* list = value.if_array()) return std::ranges::any_of(*list, has_fraction);
  return value.is_double();
}

std::string members_text(const json::object& rest) {
  std::string text;
  for (const auto& [key, value] : rest) {
    text += ",\"";
    text += key;
    text += "\":" + json::serialize(value);
  }
  return text + '}';
}

// Nothing, where all seconds are whole.
std::string rounded_text(const json::object& metadata, const json::object& rest) {
  const json::value* const spec = rest.if_contains("spec");
  if (spec == nullptr || !has_fraction(*spec)) return {};
  json::object manifest = rest;
  manifest["metadata"] = metadata;
  if (!config::round_seconds(manifest)) return {};
  const std::string head = "\"metadata\":" + json::serialize(manifest["metadata"]);
  manifest.erase("metadata");
  return head + members_text(manifest);
}

}  // namespace

void write_text(Snapshot& snapshot, const json::object& metadata, const json::object& rest) {
  snapshot.text = "\"metadata\":" + json::serialize(metadata);
  snapshot.metadata_size = snapshot.text.size();
  snapshot.text += members_text(rest);
  snapshot.rounded = rounded_text(metadata, rest);
}

Snapshot begin_snapshot(ApiKind kind, const ObjectMeta& metadata, std::uint64_t version) {
  Snapshot snapshot;
  snapshot.kind = kind;
  snapshot.name_space = metadata.name_space;
  snapshot.name = metadata.name;
  snapshot.version = version;
  snapshot.labels = metadata.labels;
  snapshot.fields = {{"metadata.name", metadata.name}, {"metadata.namespace", metadata.name_space}};
  return snapshot;
}

std::string labels_text(const Labels& labels) {
  std::string text;
  for (const auto& [key, value] : labels) text += (text.empty() ? "" : ",") + key + '=' + value;
  return text.empty() ? "<none>" : text;
}

json::object owner_json(std::string_view api_version, std::string_view kind, const std::string& name,
                        const std::string& uid) {
  return {{"apiVersion", api_version}, {"kind", kind}, {"name", name}, {"uid", uid}, {"controller", true},
          {"blockOwnerDeletion", true}};
}

json::object condition_json(std::string_view type, bool status, WallTime since, std::string_view reason,
                            std::string_view message) {
  json::object condition{{"type", type}, {"status", status ? "True" : "False"}, {"lastProbeTime", nullptr}};
  condition["lastTransitionTime"] = rfc3339(since);
  if (!reason.empty()) condition["reason"] = reason;
  if (!message.empty()) condition["message"] = message;
  return condition;
}

}  // namespace reeve::api
