// reeve status and reeve why.
#include "cli/facts.hpp"
#include "cli/json.hpp"
#include "cli/overview.hpp"

#include <reeve/cli/cli.hpp>
#include <reeve/core/text.hpp>

#include <cstdio>

namespace reeve::cli {
namespace json = boost::json;
namespace {

constexpr int exit_not_ready = 3;

struct Named {
  std::string_view kind;  // empty: any
  std::string name;
};

bool is_meant(const json::value& object, const Named& wanted, std::string_view kind) {
  return (wanted.kind.empty() || wanted.kind == kind) && text_at(object, "metadata.name") == wanted.name;
}

std::vector<Cause> why(const Facts& facts, const Named& wanted) {
  std::vector<Cause> found;
  for (const json::value& each : facts.deployments) {
    if (is_meant(each, wanted, "Deployment")) found.push_back(why_deployment(facts, each));
  }
  for (const json::value& each : facts.services) {
    if (is_meant(each, wanted, "Service")) found.push_back(why_service(facts, each));
  }
  for (const json::value& each : facts.pods) {
    if (is_meant(each, wanted, "Pod")) found.push_back(why_pod(facts, each));
  }
  return found;
}

}  // namespace

int status_command(const Command& command, std::span<const std::string> arguments) {
  Session session;
  bool everywhere = false;
  const Arguments read = read_arguments(
      command, arguments, session.options({flag("-A", "--all-namespaces", "of all namespaces", everywhere)}));
  if (read.exit_code) return *read.exit_code;
  if (!read.words.empty()) return misused(command, "unexpected argument: reeve why NAME tells about one object");
  const auto facts = collect_facts(session, everywhere);
  if (!facts) return refused(facts.error());
  std::fputs(overview(*facts, colours()).c_str(), stdout);
  return all_is_well(*facts) ? exit_done : exit_not_ready;
}

int why_command(const Command& command, std::span<const std::string> arguments) {
  Session session;
  const Arguments read = read_arguments(command, arguments, session.options({}));
  if (read.exit_code) return *read.exit_code;
  if (read.words.empty() || read.words.size() > 2) return misused(command, "name one object: NAME or TYPE/NAME");
  std::string word = read.words.size() == 2 ? read.words[0] + "/" + read.words[1] : read.words[0];
  Named wanted{"", word};
  if (const std::size_t slash = word.find('/'); slash != std::string::npos) {
    const auto resource = find_resource(word.substr(0, slash));
    if (!resource) return refused(resource.error());
    wanted = {(*resource)->kind, word.substr(slash + 1)};
  }
  const auto facts = collect_facts(session, false);
  if (!facts) return refused(facts.error());
  const std::vector<Cause> found = why(*facts, wanted);
  if (found.empty()) return failed("there is no pod, deployment or service " + quoted(wanted.name));
  for (const Cause& each : found) std::fputs(render(each).c_str(), stdout);
  return exit_done;
}

}  // namespace reeve::cli
