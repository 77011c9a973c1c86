#include "cli/facts.hpp"

#include "cli/json.hpp"

#include <sstream>

namespace reeve::cli {
namespace json = boost::json;
namespace {

constexpr std::size_t troubled_max = 20;  // of more pods no history is asked for
constexpr const char* last_lines = "10";

json::array items_of(const Session& session, const std::string& path) {
  const auto list = session.get(path);
  return list ? list_at(*list, "items") : json::array();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

void ask_about(const Session& session, const json::value& pod, Facts& facts) {
  const std::string name = text_at(pod, "metadata.name");
  const std::string space = "/namespaces/" + text_at(pod, "metadata.namespace") + "/pods/" + name;
  if (auto probes = session.get("/apis/reeve.dev/v1" + space + "/probes")) facts.probes[name] = *std::move(probes);
  for (const json::value& each : list_at(pod, "status.containerStatuses")) {
    if (flag_at(each, "ready")) continue;
    const std::string container = text_at(each, "name");
    const std::string query = query_of({{"container", container}, {"tailLines", last_lines}});
    const auto log = session.client().send({.path = "/api/v1" + space + "/log" + query, .accept = "*/*"});
    if (log && log->succeeded()) facts.logs[name + "/" + container] = lines_of(log->body);
  }
}

}  // namespace

Result<Facts> collect_facts(const Session& session, bool everywhere) {
  const std::string space = everywhere ? "" : "/namespaces/" + session.name_space();
  Facts facts;
  REEVE_TRY(const json::value pods, session.get("/api/v1" + space + "/pods"));
  facts.pods = list_at(pods, "items");
  facts.reeve = session.get("/apis/reeve.dev/v1/status").value_or(json::value());
  facts.deployments = items_of(session, "/apis/apps/v1" + space + "/deployments");
  facts.replicasets = items_of(session, "/apis/apps/v1" + space + "/replicasets");
  facts.services = items_of(session, "/api/v1" + space + "/services");
  facts.endpoints = items_of(session, "/api/v1" + space + "/endpoints");
  facts.events = items_of(session, "/api/v1" + space + "/events");
  facts.metrics = items_of(session, "/apis/reeve.dev/v1" + space + "/metrics/pods");
  std::size_t troubled = 0;
  for (const json::value& each : facts.pods) {
    if (!is_fine(each) && ++troubled <= troubled_max) ask_about(session, each, facts);
  }
  facts.now = now();
  return facts;
}

}  // namespace reeve::cli
