#include "cli/pods.hpp"

#include "cli/json.hpp"

#include <reeve/core/text.hpp>

#include <algorithm>
#include <cstdio>

namespace reeve::cli {
namespace json = boost::json;

std::vector<std::string> container_names(const json::value& pod, std::string_view mark_init) {
  std::vector<std::string> names;
  for (const json::value& each : list_at(pod, "spec.containers")) names.push_back(text_at(each, "name"));
  for (const json::value& each : list_at(pod, "spec.initContainers")) {
    names.push_back(text_at(each, "name") + std::string(mark_init));
  }
  return names;
}

std::string container_list(const json::value& pod) {
  std::string text;
  for (const std::string& each : container_names(pod, " (init)")) text += (text.empty() ? "" : ", ") + each;
  return text;
}

const json::value& best_of(const json::array& pods) {
  for (const json::value& each : pods) {
    for (const json::value& condition : list_at(each, "status.conditions")) {
      if (text_at(condition, "type") == "Ready" && text_at(condition, "status") == "True") return each;
    }
  }
  return pods.front();
}

Result<json::value> pods_with(const Session& session, const std::string& labels) {
  const std::string path = "/api/v1/namespaces/" + session.name_space() + "/pods";
  return session.get(path + query_of({{"labelSelector", labels}}));
}

Result<PodChoice> choose_pod(const Session& session, const std::string& word) {
  const std::size_t slash = word.find('/');
  REEVE_TRY(const Resource* const resource, find_resource(slash == std::string::npos ? "pods" : word.substr(0, slash)));
  const std::string name = slash == std::string::npos ? word : word.substr(slash + 1);
  PodChoice choice;
  REEVE_TRY(json::value object, session.get(*resource, name));
  if (resource->kind == "Pod") {
    choice.pod = std::move(object);
    return choice;
  }
  const bool is_service = resource->kind == "Service";
  const json::object& selector = map_at(object, is_service ? "spec.selector" : "spec.selector.matchLabels");
  if (selector.empty()) return fail("cannot find a pod by " + resource->title(name) + ": it selects none");
  REEVE_TRY(const json::value pods, pods_with(session, labels_text(selector, ",", "")));
  const json::array& found = list_at(pods, "items");
  if (found.empty()) return fail("no pods found for " + resource->title(name));
  choice.pod = best_of(found);
  if (is_service) choice.service = std::move(object);
  return choice;
}

Result<std::string> choose_container(const json::value& pod, const std::string& name) {
  const std::vector<std::string> containers = container_names(pod, "");
  if (name.empty()) {
    if (containers.empty()) return fail("pod " + text_at(pod, "metadata.name") + " has no container");
    if (containers.size() > 1) {
      std::fprintf(stderr, "Defaulted container %s out of: %s\n", quoted(containers.front()).c_str(),
                   container_list(pod).c_str());
    }
    return containers.front();
  }
  if (std::ranges::find(containers, name) != containers.end()) return name;
  return fail("container " + name + " is not valid for pod " + text_at(pod, "metadata.name") +
              " out of: " + container_list(pod));
}

}  // namespace reeve::cli
