// reeve describe: everything about an object, and what happened to it.
#include "cli/describe.hpp"
#include "cli/json.hpp"
#include "cli/session.hpp"

#include <reeve/cli/cli.hpp>

#include <array>
#include <cstdio>

namespace reeve::cli {
namespace json = boost::json;
namespace {

struct Writer {
  std::string_view kind;
  std::string (*describe)(const Described&);
};
constexpr std::array<Writer, 5> writers{{{"Pod", describe_pod},
                                         {"Deployment", describe_deployment},
                                         {"ReplicaSet", describe_replicaset},
                                         {"Service", describe_service},
                                         {"Node", describe_node}}};

const Writer* writer_of(const Resource& resource) {
  for (const Writer& each : writers) {
    if (each.kind == resource.kind) return &each;
  }
  return nullptr;
}

// What is known of something that need not be: nothing if it cannot be had.
json::value maybe(const Session& session, const std::string& path) {
  auto found = session.get(path);
  return found ? *std::move(found) : json::value();
}

json::array items(const json::value& list) { return list_at(list, "items"); }

Result<std::string> describe(const Session& session, const Resource& resource, const std::string& name) {
  const Writer* const writer = writer_of(resource);
  if (writer == nullptr) return fail("no description has been implemented for " + std::string(resource.kind));
  Described what;
  REEVE_TRY(what.object, session.get(resource, name));
  what.now = now();
  const std::string space = "/api/v1/namespaces/" + session.name_space();
  const std::string fields = "involvedObject.name=" + name + ",involvedObject.kind=" + std::string(resource.kind);
  what.events = items(maybe(session, space + "/events" + query_of({{"fieldSelector", fields}})));
  if (resource.kind == "Pod") {
    const std::string pods = "/apis/reeve.dev/v1/namespaces/" + session.name_space() + "/pods/";
    what.probes = maybe(session, pods + name + "/probes");
  } else if (resource.kind == "Deployment") {
    what.replicasets = items(maybe(session, "/apis/apps/v1/namespaces/" + session.name_space() + "/replicasets"));
  } else if (resource.kind == "ReplicaSet") {
    what.pods = items(maybe(session, space + "/pods"));
  } else if (resource.kind == "Service") {
    what.endpoints = maybe(session, space + "/endpoints/" + name);
    const std::string own = "/apis/reeve.dev/v1/namespaces/" + session.name_space();
    what.connections = maybe(session, own + "/services/" + name + "/connections");
  }
  return writer->describe(what);
}

Result<std::vector<std::string>> names_of(const Session& session, const Target& target, const std::string& selector) {
  if (!target.names.empty()) return target.names;
  const std::string query = query_of({{"labelSelector", selector}});
  REEVE_TRY(const json::value list, session.get(target.resource->list_path(session.name_space()) + query));
  std::vector<std::string> names;
  for (const json::value& each : list_at(list, "items")) names.push_back(text_at(each, "metadata.name"));
  return names;
}

}  // namespace

int describe_command(const Command& command, std::span<const std::string> arguments) {
  Session session;
  std::string selector;
  const Arguments read =
      read_arguments(command, arguments,
                     session.options({text("-l", "--selector", "LABELS", "only objects with such labels", selector)}));
  if (read.exit_code) return *read.exit_code;
  if (read.words.empty()) return misused(command, "say what: pod NAME, deployment NAME, ...");
  const auto targets = read_targets(read.words);
  if (!targets) return refused(targets.error());
  int code = exit_done;
  bool is_first = true;
  for (const Target& target : *targets) {
    const auto names = names_of(session, target, selector);
    if (!names) return refused(names.error());
    for (const std::string& name : *names) {
      const auto text = describe(session, *target.resource, name);
      if (!text) {
        code = refused(text.error());
        continue;
      }
      if (!is_first) std::fputs("\n\n", stdout);
      is_first = false;
      std::fputs(text->c_str(), stdout);
    }
  }
  return code;
}

}  // namespace reeve::cli
