#include "cli/resources.hpp"

#include <reeve/api/client.hpp>
#include <reeve/core/text.hpp>

#include <algorithm>
#include <array>

namespace reeve::cli {
namespace {

constexpr std::array<Resource, 8> resources{{
    {"pods", "pod", "Pod", "po", "/api/v1", "", true},
    {"services", "service", "Service", "svc", "/api/v1", "", true},
    {"endpoints", "endpoints", "Endpoints", "ep", "/api/v1", "", true},
    {"events", "event", "Event", "ev", "/api/v1", "", true},
    {"deployments", "deployment", "Deployment", "deploy", "/apis/apps/v1", ".apps", true},
    {"replicasets", "replicaset", "ReplicaSet", "rs", "/apis/apps/v1", ".apps", true},
    {"nodes", "node", "Node", "no", "/api/v1", "", false},
    {"namespaces", "namespace", "Namespace", "ns", "/api/v1", "", false},
}};

std::string lower(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return small;
}

Result<std::vector<Target>> slashed(const std::vector<std::string>& words) {
  std::vector<Target> targets;
  for (const std::string& each : words) {
    const std::size_t slash = each.find('/');
    if (slash == std::string::npos || slash + 1 == each.size()) {
      return fail(
          "there is no need to specify a resource type as a separate argument when passing arguments in "
          "resource/name form (e.g. 'reeve get resource/<resource_name>' instead of 'reeve get resource "
          "resource/<resource_name>'");
    }
    REEVE_TRY(const Resource* const resource, find_resource(std::string_view(each).substr(0, slash)));
    targets.push_back({resource, {each.substr(slash + 1)}});
  }
  return targets;
}

}  // namespace

std::string Resource::title(std::string_view name) const {
  return std::string(singular) + std::string(group) + "/" + std::string(name);
}

std::string Resource::list_path(std::string_view name_space) const {
  std::string path(root);
  if (has_namespace && !name_space.empty()) path += "/namespaces/" + api::path_escaped(name_space);
  return path + "/" + std::string(plural);
}

std::string Resource::path(std::string_view name_space, std::string_view name) const {
  return list_path(name_space) + "/" + api::path_escaped(name);
}

Result<const Resource*> find_resource(std::string_view word) {
  const std::string name = lower(word);
  for (const Resource& each : resources) {
    const bool is_grouped = !each.group.empty() && name.ends_with(each.group);
    const std::string_view bare = std::string_view(name).substr(0, name.size() - (is_grouped ? each.group.size() : 0));
    if (bare == each.plural || bare == each.singular || name == each.short_name) return &each;
  }
  return fail("the server doesn't have a resource type " + quoted(word));
}

const Resource* resource_of_kind(std::string_view kind) {
  const auto found = std::ranges::find(resources, kind, &Resource::kind);
  return found == resources.end() ? nullptr : &*found;
}

Result<std::vector<Target>> read_targets(const std::vector<std::string>& words) {
  if (words.empty()) return fail("say what: pods, services, deployments, ...");
  if (words.front().find('/') != std::string::npos) return slashed(words);
  const std::vector<std::string> names(words.begin() + 1, words.end());
  for (const std::string& each : names) {
    if (each.find('/') != std::string::npos) return slashed(words);
  }
  std::vector<Target> targets;
  std::string_view rest = words.front();
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    if (word == "all") {
      for (const std::string_view each : {"pods", "services", "deployments", "replicasets"}) {
        targets.push_back({*find_resource(each), names});
      }
      continue;
    }
    REEVE_TRY(const Resource* const resource, find_resource(word));
    targets.push_back({resource, names});
  }
  return targets;
}

}  // namespace reeve::cli
