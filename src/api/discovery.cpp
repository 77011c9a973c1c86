// What a client asks first: which groups, versions and resources there are; whether reeve is well.
#include "api/answer.hpp"

#include <sys/utsname.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace reeve::api {
namespace json = boost::json;
namespace {

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

json::object resource_of(const KindInfo& kind) {
  json::object entry =
      kind.writable ? resource(kind.plural, kind.singular, kind.is_namespaced, kind.name,
                               {"create", "delete", "get", "list", "patch", "update", "watch"})
      : static_cast<std::size_t>(kind.kind) < watched_kinds
          ? resource(kind.plural, kind.singular, kind.is_namespaced, kind.name, {"get", "list", "watch"})
          : resource(kind.plural, kind.singular, kind.is_namespaced, kind.name, {"get", "list"});
  entry["shortNames"] = json::array{kind.short_name};
  if (kind.kind == ApiKind::pods || kind.kind == ApiKind::services || kind.kind == ApiKind::deployments ||
      kind.kind == ApiKind::replica_sets) {
    entry["categories"] = json::array{"all"};
  }
  return entry;
}

json::object scale_of(std::string_view plural, std::initializer_list<std::string_view> verbs) {
  json::object scale = resource(std::string(plural) + "/scale", "", true, "Scale", verbs);
  scale["group"] = "autoscaling";
  scale["version"] = "v1";
  return scale;
}

json::object resource_list(std::string_view group) {
  json::array list;
  for (const KindInfo& each : kinds()) {
    if (each.group == group) list.push_back(resource_of(each));
  }
  if (group.empty()) {
    list.push_back(resource("pods/exec", "", true, "PodExecOptions", {"create"}));
    list.push_back(resource("pods/log", "", true, "Pod", {"get"}));
    list.push_back(resource("pods/portforward", "", true, "PodPortForwardOptions", {"create"}));
  }
  if (group == "apps") {
    list.push_back(scale_of("deployments", {"get", "patch", "update"}));
    list.push_back(scale_of("replicasets", {"get"}));
  }
  const std::string version = group.empty() ? "v1" : std::string(group) + "/v1";
  return {{"kind", "APIResourceList"}, {"apiVersion", "v1"}, {"groupVersion", version}, {"resources", std::move(list)}};
}

json::object group_of(std::string_view name) {
  const json::object version{{"groupVersion", std::string(name) + "/v1"}, {"version", "v1"}};
  return {{"kind", "APIGroup"},
          {"apiVersion", "v1"},
          {"name", name},
          {"versions", json::array{version}},
          {"preferredVersion", version}};
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

std::optional<json::object> document(const std::vector<std::string>& path) {
  std::string joined;
  for (const std::string& each : path) joined += '/' + each;
  if (joined.empty()) {
    return json::object{
        {"paths", json::array{"/api", "/api/v1", "/apis", "/apis/apps", "/apis/apps/v1", "/apis/reeve.dev",
                              "/apis/reeve.dev/v1", "/healthz", "/livez", "/readyz", "/version"}}};
  }
  if (joined == "/version") return version_info();
  if (joined == "/api") return json::object{{"kind", "APIVersions"}, {"versions", json::array{"v1"}}};
  if (joined == "/api/v1") return resource_list("");
  if (joined == "/apis/apps/v1") return resource_list("apps");
  if (joined == "/apis/apps") return group_of("apps");
  if (joined == "/apis/reeve.dev") return group_of("reeve.dev");
  if (joined == "/apis") {
    return json::object{{"kind", "APIGroupList"},
                        {"apiVersion", "v1"},
                        {"groups", json::array{group_of("apps"), group_of("reeve.dev")}}};
  }
  if (joined == "/apis/reeve.dev/v1") {
    return json::object{{"kind", "APIResourceList"},
                        {"apiVersion", "v1"},
                        {"groupVersion", "reeve.dev/v1"},
                        {"resources", json::array()}};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Reply> answer_discovery(const Request& request) {
  const auto& path = request.segments;
  const bool is_health = path.size() == 1 && (path[0] == "healthz" || path[0] == "livez" || path[0] == "readyz");
  auto found = is_health ? std::optional(json::object()) : document(path);
  if (!found) return std::nullopt;
  if (request.method != "GET") {
    Reply refused = reply_with(method_not_allowed());
    refused.allow = "GET";
    return refused;
  }
  if (!is_health) return as_json(*found);
  Reply reply = reply_with("ok");
  reply.content_type = "text/plain; charset=utf-8";
  return reply;
}

}  // namespace reeve::api
