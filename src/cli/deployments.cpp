#include "cli/deployments.hpp"

#include "cli/json.hpp"

#include <reeve/cli/cli.hpp>
#include <reeve/core/replica_set.hpp>

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdio>

namespace reeve::cli {
namespace json = boost::json;
namespace {

constexpr int attempts_max = 20;
constexpr int conflict = 409;

const Resource& deployments() { return *resource_of_kind("Deployment"); }

// As a shell would take it.
std::string quoted_word(const std::string& word) {
  const bool is_plain = !word.empty() && word.find_first_of(" \t\n'\"\\$`*?;&|<>()#~") == std::string::npos;
  return is_plain ? word : "'" + word + "'";
}

}  // namespace

Result<std::vector<std::string>> read_deployments(const std::vector<std::string>& words) {
  if (words.empty()) return fail("required resource not specified");
  const bool is_bare = words.front().find('/') == std::string::npos && !find_resource(words.front());
  if (is_bare) return words;
  REEVE_TRY(const std::vector<Target> targets, read_targets(words));
  std::vector<std::string> names;
  for (const Target& each : targets) {
    if (each.resource != &deployments()) {
      return fail("only deployments can be updated, not " + std::string(each.resource->plural));
    }
    if (each.names.empty()) return fail("name a deployment: deployment/NAME");
    names.insert(names.end(), each.names.begin(), each.names.end());
  }
  return names;
}

Result<std::vector<std::string>> read_or_all_deployments(const Session& session,
                                                         const std::vector<std::string>& words) {
  const bool is_kind_alone = words.size() == 1 && find_resource(words.front()).value_or(nullptr) == &deployments();
  if (!is_kind_alone) return read_deployments(words);
  REEVE_TRY(const json::value list, session.get(deployments().list_path(session.name_space())));
  std::vector<std::string> names;
  for (const json::value& each : list_at(list, "items")) names.push_back(text_at(each, "metadata.name"));
  return names;
}

std::string deployment_title(std::string_view name) { return deployments().title(name); }

Result<json::value> get_deployment(const Session& session, const std::string& name) {
  return session.get(deployments(), name);
}

Result<json::array> get_replica_sets(const Session& session) {
  REEVE_TRY(const json::value list, session.get(resource_of_kind("ReplicaSet")->list_path(session.name_space())));
  return list_at(list, "items");
}

Result<bool> update(const Session& session, const std::string& name, const Mutation& mutation) {
  const std::string path = deployments().path(session.name_space(), name);
  for (int attempt = 1;; ++attempt) {
    REEVE_TRY(json::value current, get_deployment(session, name));
    REEVE_TRY(const bool is_changed, mutation(current.as_object()));
    if (!is_changed) return false;
    REEVE_TRY(const api::Answer answer,
              session.client().ask({.method = "PUT", .path = path, .body = json::serialize(current)}));
    if (answer.succeeded()) return true;
    if (answer.status != conflict || attempt == attempts_max) return fail(api::status_line(answer.body));
  }
}

int for_each_deployment(const std::vector<std::string>& words, const Deed& deed) {
  const auto names = read_deployments(words);
  if (!names) return refused(names.error());
  int code = exit_done;
  for (const std::string& name : *names) {
    const auto outcome = deed(name);
    if (!outcome) {
      code = refused(outcome.error());
    } else {
      std::printf("%s %s\n", deployment_title(name).c_str(), outcome->c_str());
      std::fflush(stdout);
    }
  }
  return code;
}

json::object& member_object(json::object& object, std::initializer_list<std::string_view> path) {
  json::object* at = &object;
  for (const std::string_view key : path) {
    json::value& next = (*at)[key];
    at = next.is_object() ? &next.as_object() : &next.emplace_object();
  }
  return *at;
}

ChangeCause::ChangeCause(const Command& command, std::span<const std::string> arguments)
    : line_("reeve " + std::string(command.name)) {
  for (const std::string& each : arguments) line_ += ' ' + quoted_word(each);
}

std::vector<Option> ChangeCause::with_options(std::vector<Option> more) {
  more.push_back({"", "--change-cause", "TEXT", "why, as rollout history shows it", [this](std::string given) {
                    text_ = std::move(given);
                    given_ = true;
                  }});
  more.push_back(flag("", "--record", "this command line is why", records_));
  return more;
}

std::optional<std::string> ChangeCause::text() const {
  if (given_) return text_;
  if (records_) return line_;
  return std::nullopt;
}

bool ChangeCause::write_to(json::object& deployment) const {
  const auto why = text();
  if (!why) return false;
  json::value& cause = member_object(deployment, {"metadata", "annotations"})[annotation::change_cause];
  const json::value wanted(*why);
  if (cause == wanted) return false;
  cause = wanted;
  return true;
}

}  // namespace reeve::cli
