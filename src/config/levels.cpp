#include "config/levels.hpp"

#include "config/draft.hpp"

namespace reeve::config {
namespace {

// What a container has too, but is said about the pod where both could be meant.
constexpr std::string_view pods_own = "restartPolicy";

template <class T>
bool has(std::string_view key) {
  return contains(field_names<T>(), key);
}
template <class T>
bool will_have(std::string_view key) {
  return contains(later_names<T>(), key);
}

bool is_metadata(std::string_view key) { return key != "name" && has<ObjectMeta>(key); }

Level level_in_service(std::string_view key) {
  if (has<ServicePort>(key)) return Level::service_port;
  if (has<ServiceSpec>(key)) return Level::service;
  if (will_have<ServicePort>(key) || will_have<ServiceSpec>(key) || will_have<ObjectMeta>(key)) return Level::later;
  return Level::none;
}

Level level_in_workload(bool is_deployment, std::string_view key) {
  if (key == pods_own) return Level::pod;
  if (has<ContainerSpec>(key)) return Level::container;
  if (has<PodSpec>(key)) return Level::pod;
  if (is_deployment && key != "template" && has<DeploymentSpec>(key)) return Level::deployment;
  if (will_have<ContainerSpec>(key) || will_have<PodSpec>(key) || will_have<ObjectMeta>(key)) return Level::later;
  if (is_deployment && will_have<DeploymentSpec>(key)) return Level::later;
  return Level::none;
}

void append(KeyNames& names, const KeyNames& more) { names.insert(names.end(), more.begin(), more.end()); }

// Every key that one table of the short form may hold.
KeyNames short_names(Kind kind) {
  KeyNames names{"labels", "annotations", "namespace"};
  if (kind == Kind::service) {
    append(names, field_names<ServiceSpec>());
    append(names, field_names<ServicePort>());
    append(names, {"deployment", "pod"});
    return names;
  }
  append(names, field_names<ContainerSpec>());
  append(names, field_names<PodSpec>());
  if (kind == Kind::deployment) {
    append(names, field_names<DeploymentSpec>());
    std::erase(names, "template");
  }
  return names;
}

}  // namespace

Level level_of(Kind kind, std::string_view key) {
  if (is_metadata(key)) return Level::metadata;
  return kind == Kind::service ? level_in_service(key) : level_in_workload(kind == Kind::deployment, key);
}

std::string why_not(Kind kind, std::string_view key, const std::string& where) {
  if (level_of(kind, key) == Level::later) return not_served(key);
  if (has<PodObject>(key) || key == "template") {
    return quoted(key) + " is not written in TOML: its keys stand right in the table of " + where;
  }
  if (kind == Kind::pod && level_of(Kind::deployment, key) != Level::none) {
    return quoted(key) + " is a key of deployments, and this is " + where;
  }
  return unknown(key, where, short_names(kind));
}

KeyNames reserved_names(Kind kind) {
  KeyNames names = short_names(kind);
  if (kind == Kind::service) {
    append(names, later_names<ServiceSpec>());
    return names;
  }
  append(names, field_names<ProbeSpec>());
  append(names, later_names<ContainerSpec>());
  append(names, later_names<PodSpec>());
  append(names, later_names<DeploymentSpec>());
  return names;
}

}  // namespace reeve::config
