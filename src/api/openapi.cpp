#include "api/openapi.hpp"

#include "api/kinds.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace reeve::api {
namespace json = boost::json;
namespace {

struct Patchable {
  const ApiVersion& version;
  const KindInfo& kind;

  std::string path() const {
    const std::string root = version.group.empty() ? "/api/" : "/apis/";
    return root + std::string(version.text) + "/namespaces/{namespace}/" + std::string(kind.plural) + "/{name}";
  }
};

std::vector<Patchable> patchables() {
  std::vector<Patchable> list;
  for (const ApiVersion& version : api_versions()) {
    for (const ApiKind each : version.kinds) {
      if (info(each).writable) list.push_back({version, info(each)});
    }
  }
  return list;
}

json::object as_json() {
  json::object paths;
  for (const Patchable& each : patchables()) {
    const json::object dry_run{{"name", "dryRun"}, {"in", "query"}, {"type", "string"}};
    const json::object kind{{"group", each.version.group}, {"kind", each.kind.name}, {"version", each.version.version}};
    paths[each.path()] = json::object{
        {"patch", json::object{{"parameters", json::array{dry_run}}, {"x-kubernetes-group-version-kind", kind}}}};
  }
  return {{"swagger", "2.0"},
          {"info", json::object{{"title", "reeve"}, {"version", REEVE_VERSION}}},
          {"paths", std::move(paths)}};
}

void add_varint(std::string& out, std::size_t value) {
  for (; value > 127; value >>= 7) out += static_cast<char>(value | 128);
  out += static_cast<char>(value);
}

// A field of a message that is a string or a message itself.
std::string field(unsigned number, std::string_view content) {
  std::string out;
  add_varint(out, number << 3 | 2);
  add_varint(out, content.size());
  return out.append(content);
}

// The numbers are OpenAPIv2.proto's.
std::string path_item(const Patchable& each) {
  const std::string query = field(2, "query") + field(4, "dryRun") + field(6, "string");
  const std::string parameter = field(1, field(2, field(3, query)));
  std::string yaml = "group: \"" + std::string(each.version.group) + "\"\nkind: " + std::string(each.kind.name);
  yaml += "\nversion: " + std::string(each.version.version) + '\n';
  const std::string extension = field(1, "x-kubernetes-group-version-kind") + field(2, field(2, yaml));
  const std::string operation = field(8, parameter) + field(13, extension);
  return field(1, each.path()) + field(2, field(8, operation));
}

std::string as_protobuf() {
  std::string paths;
  for (const Patchable& each : patchables()) paths += field(2, path_item(each));
  return field(1, "2.0") + field(2, field(1, "reeve") + field(2, REEVE_VERSION)) + field(8, paths);
}

}  // namespace

Reply openapi(std::string_view accept) {
  if (accept.find("protobuf") == std::string_view::npos) return reply_with(json::serialize(as_json()) + '\n');
  Reply reply = reply_with(as_protobuf());
  reply.content_type = "application/octet-stream";
  return reply;
}

}  // namespace reeve::api
