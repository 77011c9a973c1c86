// Which objects are meant, whatever their kind.
#include "api/snapshot.hpp"

#include <set>

namespace reeve::api {
Renderer::Renderer(const runtime::Host& host)
    : host_(host), node_name_(host.supervisor().node_name()), started_(std::chrono::system_clock::now()) {}

std::vector<std::string> Renderer::namespaces() const {
  std::set<std::string> names{"default"};
  for (const Pod* each : host_.supervisor().pods()) names.insert(each->metadata().name_space);
  for (const auto& [name, each] : host_.supervisor().services()) names.insert(name.name_space);
  for (const auto& [name, each] : host_.supervisor().deployments()) names.insert(name.name_space);
  return {names.begin(), names.end()};
}

void Renderer::add_services(ApiKind kind, const std::string& name_space, Depth depth,
                            std::vector<Snapshot>& list) const {
  for (const auto& [name, each] : host_.supervisor().services()) {
    if (!name_space.empty() && name.name_space != name_space) continue;
    const Resource resource = static_cast<Resource>(kind);
    const std::uint64_t version = host_.supervisor().version_of(resource, name);
    list.push_back(kind == ApiKind::services ? service(*each, version, depth) : endpoints(*each, version, depth));
  }
}

void Renderer::add_deployments(ApiKind kind, const std::string& name_space, Depth depth,
                               std::vector<Snapshot>& list) const {
  for (const auto& [name, each] : host_.supervisor().deployments()) {
    if (!name_space.empty() && name.name_space != name_space) continue;
    const Supervisor& supervisor = host_.supervisor();
    if (kind == ApiKind::deployments) {
      list.push_back(deployment(*each, supervisor.version_of(Resource::deployments, name), depth));
    } else {
      for (const auto& set : each->replica_sets()) {
        list.push_back(replica_set(*set, supervisor.version_of(Resource::replica_sets, set->name()), depth));
      }
    }
  }
}

std::vector<Snapshot> Renderer::all(ApiKind kind, const std::string& name_space, Depth depth) const {
  const Supervisor& supervisor = host_.supervisor();
  const auto is_meant = [&](const std::string& its) { return name_space.empty() || its == name_space; };
  std::vector<Snapshot> list;
  switch (kind) {
    case ApiKind::pods:
      for (const Pod* each : supervisor.pods()) {
        if (is_meant(each->metadata().name_space)) list.push_back(pod(*each, supervisor.version_of(*each), depth));
      }
      break;
    case ApiKind::services:
    case ApiKind::endpoints:
      add_services(kind, name_space, depth, list);
      break;
    case ApiKind::deployments:
    case ApiKind::replica_sets:
      add_deployments(kind, name_space, depth, list);
      break;
    case ApiKind::events:
      for (const Event& each : supervisor.events().events()) {
        if (is_meant(each.object.name_space)) list.push_back(event(each, depth));
      }
      break;
    case ApiKind::nodes:
      list.push_back(node(depth));
      break;
    case ApiKind::namespaces:
      for (const std::string& each : namespaces()) list.push_back(this->name_space(each, depth));
      break;
  }
  return list;
}

std::optional<Snapshot> Renderer::find(ApiKind kind, const std::string& name_space, const std::string& name,
                                       Depth depth) const {
  const Supervisor& supervisor = host_.supervisor();
  if (kind == ApiKind::pods) {
    const Pod* found = supervisor.find_pod(name_space, name);
    if (found == nullptr) return std::nullopt;
    return pod(*found, supervisor.version_of(*found), depth);
  }
  for (Snapshot& each : all(kind, info(kind).is_namespaced ? name_space : "", depth)) {
    if (each.name == name) return std::move(each);
  }
  return std::nullopt;
}

std::string Renderer::uid_of(const ObjectRef& object) const {
  const Supervisor& supervisor = host_.supervisor();
  const auto uid = [&](const auto& found) {
    return stable_uid(kind_name(object.kind), object, host_.wall_time(found.created()));
  };
  switch (object.kind) {
    case Kind::pod: {
      const Pod* const pod = supervisor.find_pod(object.name_space, object.name);
      return pod == nullptr ? std::string() : pod->identity().uid;
    }
    case Kind::replica_set: {
      const ReplicaSet* const set = supervisor.find_replica_set(object.name_space, object.name);
      return set == nullptr ? std::string() : uid(*set);
    }
    case Kind::deployment: {
      const auto found = supervisor.deployments().find(object);
      return found == supervisor.deployments().end() ? std::string() : uid(*found->second);
    }
    case Kind::service: {
      const auto found = supervisor.services().find(object);
      return found == supervisor.services().end() ? std::string() : uid(*found->second);
    }
    case Kind::node:
      return supervisor.node_name();  // as kubelet's events about its node have it
  }
  return {};
}

std::optional<Snapshot> Renderer::of_last_seen(const Change& change, Depth depth) const {
  if (const auto* last = std::get_if<std::shared_ptr<const Pod>>(&change.last_seen)) {
    return pod(**last, change.version, depth);
  }
  if (const auto* last = std::get_if<std::shared_ptr<const Service>>(&change.last_seen)) {
    return change.resource == Resource::services ? service(**last, change.version, depth)
                                                 : endpoints(**last, change.version, depth);
  }
  if (const auto* last = std::get_if<std::shared_ptr<const Deployment>>(&change.last_seen)) {
    return deployment(**last, change.version, depth);
  }
  if (const auto* last = std::get_if<std::shared_ptr<const ReplicaSet>>(&change.last_seen)) {
    return replica_set(**last, change.version, depth);
  }
  if (const auto* last = std::get_if<std::shared_ptr<const Event>>(&change.last_seen)) {
    Event copy = **last;
    copy.version = change.version;
    return event(copy, depth);
  }
  return std::nullopt;
}

std::optional<Snapshot> Renderer::of(const Change& change, Depth depth) const {
  if (change.type == ChangeType::deleted) return of_last_seen(change, depth);
  std::optional<Snapshot> snapshot;
  if (change.resource == Resource::events) {
    const Event* found = host_.supervisor().events().find(change.event_id);
    if (found != nullptr) snapshot = event(*found, depth);
  } else {
    snapshot = find(static_cast<ApiKind>(change.resource), change.name_space, change.name, depth);
  }
  return snapshot;
}

}  // namespace reeve::api
