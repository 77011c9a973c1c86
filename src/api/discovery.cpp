// What a client asks first: which groups, versions and resources there are; whether reeve is well.
#include "api/answer.hpp"
#include "api/openapi.hpp"

#include <sys/utsname.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <array>

namespace reeve::api {
namespace json = boost::json;
namespace {

constexpr std::string_view own_group = "reeve.dev";
constexpr std::string_view own_version = "reeve.dev/v1";

json::object resource(std::string_view name, std::string_view singular, bool is_namespaced, std::string_view kind,
                      std::initializer_list<std::string_view> verbs) {
  json::array list;
  for (const std::string_view each : verbs) list.push_back(json::string(each));
  return {{"name", name},
          {"singularName", singular},
          {"namespaced", is_namespaced},
          {"kind", kind},
          {"verbs", std::move(list)}};
}

json::object resource_of(const KindInfo& kind, const ApiVersion& version) {
  json::object entry =
      kind.writable ? resource(kind.plural, kind.singular, kind.is_namespaced, kind.name,
                               {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"})
                    : resource(kind.plural, kind.singular, kind.is_namespaced, kind.name, {"get", "list", "watch"});
  entry["shortNames"] = json::array{kind.short_name};
  const bool is_of_all = kind.kind == ApiKind::pods || kind.kind == ApiKind::services ||
                         kind.kind == ApiKind::deployments || kind.kind == ApiKind::replica_sets;
  // By an older version they would be listed twice.
  if (is_of_all && !version.is_legacy) entry["categories"] = json::array{"all"};
  return entry;
}

json::object scale_of(std::string_view plural, std::initializer_list<std::string_view> verbs) {
  json::object scale = resource(std::string(plural) + "/scale", "", true, "Scale", verbs);
  scale["group"] = "autoscaling";
  scale["version"] = "v1";
  return scale;
}

void add_subresources(const KindInfo& kind, json::array& list) {
  if (kind.kind == ApiKind::pods) {
    list.push_back(resource("pods/exec", "", true, "PodExecOptions", {"create"}));
    list.push_back(resource("pods/log", "", true, "Pod", {"get"}));
    list.push_back(resource("pods/portforward", "", true, "PodPortForwardOptions", {"create"}));
  }
  if (kind.kind == ApiKind::deployments) list.push_back(scale_of(kind.plural, {"get", "patch", "update"}));
  if (kind.kind == ApiKind::replica_sets) list.push_back(scale_of(kind.plural, {"get"}));
  if (kind.writable || kind.kind == ApiKind::replica_sets) {
    list.push_back(resource(std::string(kind.plural) + "/status", "", kind.is_namespaced, kind.name, {"get"}));
  }
}

json::object resource_list(std::string_view version, json::array list) {
  return {{"kind", "APIResourceList"}, {"apiVersion", "v1"}, {"groupVersion", version}, {"resources", std::move(list)}};
}

json::object resource_list(const ApiVersion& version) {
  json::array list;
  for (const ApiKind each : version.kinds) {
    list.push_back(resource_of(info(each), version));
    add_subresources(info(each), list);
  }
  return resource_list(version.text, std::move(list));
}

json::object version_of_group(std::string_view text, std::string_view version) {
  return {{"groupVersion", text}, {"version", version}};
}

json::object group_of(std::string_view name, json::array versions) {
  json::value preferred = versions.front();
  return {{"kind", "APIGroup"},
          {"apiVersion", "v1"},
          {"name", name},
          {"versions", std::move(versions)},
          {"preferredVersion", std::move(preferred)}};
}

// Nothing: no such group.
std::optional<json::object> group_named(std::string_view name) {
  json::array versions;
  for (const ApiVersion& each : api_versions()) {
    if (each.group == name && !name.empty()) versions.push_back(version_of_group(each.text, each.version));
  }
  if (name == own_group) versions.push_back(version_of_group(own_version, "v1"));
  if (versions.empty()) return std::nullopt;
  return group_of(name, std::move(versions));
}

json::object version_info() {
  utsname machine{};
  ::uname(&machine);
  const bool is_amd64 = std::string_view(machine.machine) == "x86_64";
  return {{"major", "1"},
          {"minor", "20"},
          {"gitVersion", std::string("v1.20.0+reeve-") + REEVE_VERSION},
          {"gitCommit", ""},
          {"gitTreeState", "clean"},
          {"buildDate", "1970-01-01T00:00:00Z"},
          {"goVersion", "none"},
          {"compiler", "c++"},
          {"platform", std::string("linux/") + (is_amd64 ? "amd64" : machine.machine)}};
}

Reply as_json(const json::object& object) { return reply_with(json::serialize(object) + '\n'); }

// In the order in which clients prefer them.
constexpr std::array<std::string_view, 3> groups{"apps", "extensions", own_group};

json::object paths() {
  json::array list{"/api", "/api/v1", "/apis"};
  for (const std::string_view each : groups) list.push_back(json::string("/apis/" + std::string(each)));
  for (const ApiVersion& each : api_versions()) {
    if (!each.group.empty()) list.push_back(json::string("/apis/" + std::string(each.text)));
  }
  for (const char* each : {"/apis/reeve.dev/v1", "/healthz", "/livez", "/openapi/v2", "/readyz", "/version"}) {
    list.push_back(each);
  }
  return {{"paths", std::move(list)}};
}

json::object group_list() {
  json::array list;
  for (const std::string_view each : groups) list.push_back(*group_named(each));
  return {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(list)}};
}

std::optional<json::object> document(const std::vector<std::string>& path) {
  if (path.empty()) return paths();
  const std::string& first = path.front();
  if (path.size() == 1 && first == "version") return version_info();
  if (path.size() == 1 && first == "api") {
    return json::object{{"kind", "APIVersions"}, {"apiVersion", "v1"}, {"versions", json::array{"v1"}}};
  }
  if (path.size() == 1 && first == "apis") return group_list();
  if (path.size() == 2 && first == "apis") return group_named(path[1]);
  const bool is_core = path.size() == 2 && first == "api";
  const bool is_grouped = path.size() == 3 && first == "apis";
  if (is_grouped && path[1] + '/' + path[2] == own_version) return resource_list(own_version, {});
  if (!is_core && !is_grouped) return std::nullopt;
  const ApiVersion* version = is_core ? find_api_version("", path[1]) : find_api_version(path[1], path[2]);
  if (version == nullptr || version->group.empty() != is_core) return std::nullopt;
  return resource_list(*version);
}

}  // namespace

std::optional<Reply> answer_discovery(const Request& request) {
  const auto& path = request.segments;
  const bool is_schema = path.size() == 2 && path[0] == "openapi" && path[1] == "v2";
  const bool is_health = path.size() == 1 && (path[0] == "healthz" || path[0] == "livez" || path[0] == "readyz");
  auto found = is_health || is_schema ? std::optional(json::object()) : document(path);
  if (!found) return std::nullopt;
  if (request.method != "GET") {
    Reply refused = reply_with(method_not_allowed());
    refused.allow = "GET";
    return refused;
  }
  if (is_schema) return openapi(request.accept);
  if (!is_health) return as_json(*found);
  Reply reply = reply_with("ok");
  reply.content_type = "text/plain; charset=utf-8";
  return reply;
}

}  // namespace reeve::api
