// reeve restart and reeve top: what only reeve's own API has.
#include "cli/json.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"

#include <reeve/cli/cli.hpp>

#include <algorithm>
#include <cstdio>

namespace reeve::cli {
namespace json = boost::json;
namespace {

int restart(const Session& session, const Resource& resource, const std::string& name) {
  if (resource.kind != "Pod" && resource.kind != "Deployment") {
    return failed("only pods and deployments can be restarted");
  }
  const std::string path = "/apis/reeve.dev/v1/namespaces/" + api::path_escaped(session.name_space()) + "/" +
                           std::string(resource.plural) + "/" + api::path_escaped(name) + "/restart";
  const auto answer = api::expect_success(session.client().ask({.method = "POST", .path = path}));
  if (!answer) return refused(answer.error());
  std::printf("%s restarted\n", resource.title(name).c_str());
  return exit_done;
}

// "12m", "1500m" or "2" of a core, in thousandths.
std::int64_t millicores(const std::string& text) {
  if (text.ends_with('m')) return parse_integer(text.substr(0, text.size() - 1)).value_or(0);
  if (text.ends_with('n')) return parse_integer(text.substr(0, text.size() - 1)).value_or(0) / 1'000'000;
  return parse_integer(text).value_or(0) * 1000;
}

std::string mebibytes(std::int64_t bytes) { return std::to_string(bytes / (1024 * 1024)) + "Mi"; }

std::vector<Row> usage_rows(const json::value& pod, bool by_container) {
  std::vector<Row> rows;
  std::int64_t cpu = 0, memory = 0;
  const std::string name = text_at(pod, "metadata.name");
  for (const json::value& each : list_at(pod, "containers")) {
    const std::int64_t its_cpu = millicores(text_at(each, "usage.cpu")), its_memory = number_at(each, "memoryBytes");
    cpu += its_cpu;
    memory += its_memory;
    if (!by_container) continue;
    rows.push_back({name, text_at(each, "name"), std::to_string(its_cpu) + "m", mebibytes(its_memory)});
  }
  if (!by_container) rows.push_back({name, std::to_string(cpu) + "m", mebibytes(memory)});
  return rows;
}

}  // namespace

int restart_command(const Command& command, std::span<const std::string> arguments) {
  Session session;
  const Arguments read = read_arguments(command, arguments, session.options({}));
  if (read.exit_code) return *read.exit_code;
  if (read.words.empty()) return misused(command, "name a pod, or deployment/NAME");
  std::vector<std::string> words = read.words;
  if (!find_resource(words.front()) || words.size() == 1) {
    for (std::string& each : words) {
      if (each.find('/') == std::string::npos) each.insert(0, "pod/");
    }
  }
  const auto targets = read_targets(words);
  if (!targets) return refused(targets.error());
  int code = exit_done;
  for (const Target& target : *targets) {
    for (const std::string& name : target.names) code = std::max(code, restart(session, *target.resource, name));
  }
  return code;
}

int top_command(const Command& command, std::span<const std::string> arguments) {
  Session session;
  std::string selector;
  bool by_container = false, no_headers = false;
  const Arguments read =
      read_arguments(command, arguments,
                     session.options({text("-l", "--selector", "LABELS", "only pods with such labels", selector),
                                      flag("", "--containers", "a row for each container", by_container),
                                      flag("", "--no-headers", "rows only", no_headers)}));
  if (read.exit_code) return *read.exit_code;
  const auto resource = read.words.empty() ? Result<const Resource*>(nullptr) : find_resource(read.words.front());
  if (!resource) return refused(resource.error());
  if (*resource == nullptr || (*resource)->kind != "Pod") return misused(command, "write: reeve top pods [NAME]");
  const std::string base = "/apis/reeve.dev/v1/namespaces/" + session.name_space() + "/metrics/pods";
  std::vector<Row> rows;
  const std::vector<std::string> names(read.words.begin() + 1, read.words.end());
  for (const std::string& each : names) {
    const auto pod = session.get(base + "/" + api::path_escaped(each));
    if (!pod) return refused(pod.error());
    for (Row& row : usage_rows(*pod, by_container)) rows.push_back(std::move(row));
  }
  if (names.empty()) {
    const auto list = session.get(base + query_of({{"labelSelector", selector}}));
    if (!list) return refused(list.error());
    for (const json::value& pod : list_at(*list, "items")) {
      for (Row& row : usage_rows(pod, by_container)) rows.push_back(std::move(row));
    }
  }
  Row header =
      by_container ? Row{"POD", "NAME", "CPU(cores)", "MEMORY(bytes)"} : Row{"NAME", "CPU(cores)", "MEMORY(bytes)"};
  std::fputs(TableWriter(no_headers ? Row{} : header).print(rows).c_str(), stdout);
  if (rows.empty()) std::fprintf(stderr, "No resources found in %s namespace.\n", session.name_space().c_str());
  return exit_done;
}

}  // namespace reeve::cli
