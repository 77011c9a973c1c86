#pragma once
// The kinds a command can name, and where the API keeps them.

#include <reeve/core/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace reeve::cli {

struct Resource {
  std::string_view plural;      // "deployments"
  std::string_view singular;    // "deployment"
  std::string_view kind;        // "Deployment"
  std::string_view short_name;  // "deploy"
  std::string_view root;        // "/apis/apps/v1"
  std::string_view group;       // ".apps", or empty
  bool has_namespace = true;

  // "deployment.apps/web", as kubectl calls an object.
  std::string title(std::string_view name) const;
  // "deployments.apps".
  std::string group_plural() const { return std::string(plural) + std::string(group); }
  // The list; of all namespaces where none is given.
  std::string list_path(std::string_view name_space) const;
  std::string path(std::string_view name_space, std::string_view name) const;
};

// By plural, singular or short name, also with its group: "deployments.apps".
Result<const Resource*> find_resource(std::string_view word);
const Resource* resource_of_kind(std::string_view kind);

// What a command's arguments name: "TYPE[,TYPE] [NAME...]" or "TYPE/NAME ...".
struct Target {
  const Resource* resource = nullptr;
  std::vector<std::string> names;  // none: all of them
};
Result<std::vector<Target>> read_targets(const std::vector<std::string>& words);

}  // namespace reeve::cli
