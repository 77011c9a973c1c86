// What became visibly different: versions, and the changes that watchers are told.
#include <reeve/core/supervisor.hpp>

namespace reeve {

std::uint64_t Supervisor::version_of(const Pod& pod) const {
  const auto found = entries_.find(pod.id());
  return found == entries_.end() ? 0 : found->second.version;
}

std::uint64_t Supervisor::version_of(Resource resource, const ObjectRef& object) const {
  const auto found = versions_of_.find({resource, object});
  return found == versions_of_.end() ? 0 : found->second;
}

const ReplicaSet* Supervisor::find_replica_set(const std::string& name_space, const std::string& name) const {
  const auto found = by_replica_set_.find({Kind::replica_set, name_space, name});
  return found == by_replica_set_.end() ? nullptr : found->second;
}

void Supervisor::note(Resource resource, const ObjectRef& object, ChangeType type, LastSeen last_seen) {
  versions_ += 1;
  if (type == ChangeType::deleted) {
    versions_of_.erase({resource, object});
  } else if (resource != Resource::pods) {
    versions_of_[{resource, object}] = versions_;
  }
  if (!keeps_changes_) return;
  changes_.push_back({resource, object.name_space, object.name, 0, type, versions_, std::move(last_seen)});
}

// At the end of a step: each pod that was touched, then who depends on those that changed, then the events.
void Supervisor::note_step(const Effects& effects) {
  for (const PodId id : std::exchange(touched_, {})) {
    const auto found = entries_.find(id);
    if (found != entries_.end()) note_pod(found->second);
  }
  for (const auto& [resource, name] : std::exchange(shadowed_, {})) {
    if (versions_of_.contains({resource, name})) note(resource, name, ChangeType::modified);
  }
  for (Event& each : events_.take_expired()) {
    const auto last = std::make_shared<const Event>(std::move(each));
    note_event(*last, ChangeType::deleted, last);
  }
  std::vector<std::uint64_t> recorded;
  const std::uint64_t first = versions_ + 1;
  for (const Effect& effect : effects) {
    const auto* report = std::get_if<ReportEvent>(&effect);
    if (report == nullptr) continue;
    recorded.push_back(report->event.id);
    note_event(report->event, report->event.count == 1 ? ChangeType::added : ChangeType::modified);
  }
  if (!recorded.empty()) events_.stamp(recorded, first);
}

void Supervisor::note_pod(Entry& entry) {
  const Pod& pod = *entry.pod;
  const bool is_new = entry.version == 0;
  const std::size_t fingerprint = pod.fingerprint();
  if (!is_new && fingerprint == entry.fingerprint) return;
  entry.fingerprint = fingerprint;
  note(Resource::pods, {Kind::pod, pod.identity().name_space, pod.identity().name},
       is_new ? ChangeType::added : ChangeType::modified);
  entry.version = versions_;
  if (!is_new && pod.standing() == entry.standing) return;
  entry.standing = pod.standing();
  note_dependents(entry);
}

void Supervisor::note_dependents(const Entry& entry) {
  for (const Service* each : entry.services) shadowed_.insert({Resource::endpoints, ref_of(each->object())});
  if (entry.owner == nullptr) return;
  shadowed_.insert({Resource::deployments, entry.owner->deployment()});
  shadowed_.insert({Resource::replica_sets, entry.owner->name()});
}

void Supervisor::added(ReplicaSet& replica_set) {
  by_replica_set_[replica_set.name()] = &replica_set;
  note(Resource::replica_sets, replica_set.name(), ChangeType::added);
}

void Supervisor::changed(const ReplicaSet& replica_set) {
  shadowed_.insert({Resource::replica_sets, replica_set.name()});
}

void Supervisor::changed(const Deployment& deployment) { shadowed_.insert({Resource::deployments, deployment.name()}); }

// Its pods leave with it, and no longer are anybody's.
void Supervisor::removed(Step& step, std::unique_ptr<ReplicaSet> replica_set) {
  replica_set->remove_all(step, *this);
  for (const PodId each : replica_set->pods()) entries_.at(each).owner = nullptr;
  const ObjectRef name = replica_set->name();
  by_replica_set_.erase(name);
  note(Resource::replica_sets, name, ChangeType::deleted, std::shared_ptr<const ReplicaSet>(std::move(replica_set)));
}

// Whoever was told of the pod is told of its end.
void Supervisor::note_buried(Entry& entry) {
  note_dependents(entry);
  const ObjectRef name{Kind::pod, entry.pod->identity().name_space, entry.pod->identity().name};
  if (entry.version == 0) return;  // came and went in one step
  if (keeps_changes_) {
    note(Resource::pods, name, ChangeType::deleted, std::shared_ptr<const Pod>(std::move(entry.pod)));
  } else {
    note(Resource::pods, name, ChangeType::deleted);
  }
}

void Supervisor::note_event(const Event& event, ChangeType type, LastSeen last_seen) {
  versions_ += 1;
  if (!keeps_changes_) return;
  changes_.push_back({Resource::events, event.object.name_space, {}, event.id, type, versions_, std::move(last_seen)});
}

void Supervisor::note_service_gone(std::shared_ptr<const Service> service, const ObjectRef& name) {
  note(Resource::endpoints, name, ChangeType::deleted, service);
  note(Resource::services, name, ChangeType::deleted, std::move(service));
}

}  // namespace reeve
