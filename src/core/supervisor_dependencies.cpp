// Who waits for whom: before the start, and at a shutdown the other way round.
#include <reeve/core/supervisor.hpp>

#include "core/field_errors.hpp"

#include <algorithm>

namespace reeve {
namespace {

// Of the entries of a dependsOn that say something.
template <class Handler>
void for_each_meant(const Pod& pod, Handler&& handler) {
  for (const std::string& each : pod.spec()->depends_on) {
    const auto dependency = parse_dependency(each);
    if (!dependency) continue;
    for (const ObjectRef& meant : meant_by(*dependency, pod.identity().name_space)) handler(meant);
  }
}

}  // namespace

bool Supervisor::exists(const ObjectRef& object) const {
  return object.kind == Kind::deployment ? deployments_.contains(object) : by_name_.contains(object);
}

// A deployment has to be as available as an update leaves it, and a pod that has done its work need not be ready.
bool Supervisor::is_met(const ObjectRef& object) const {
  if (object.kind != Kind::deployment) {
    const Pod& pod = *find(by_name_.at(object));
    return (pod.is_ready() && !pod.is_withdrawn()) || pod.phase() == Phase::succeeded;
  }
  const Deployment& deployment = *deployments_.at(object);
  const rollout::Limits limits = rollout::limits_of(deployment.object().spec);
  if (limits.replicas == 0) return rollout::is_complete(deployment.counts(), 0);
  return deployment.counts().available >= std::max<rollout::Count>(limits.available_min(), 1);
}

// Where a name alone is that of two, both are meant.
std::vector<Surroundings::Unmet> Supervisor::unmet_by(const Pod& pod) const {
  std::vector<Unmet> unmet;
  for (const std::string& each : pod.spec()->depends_on) {
    const auto dependency = parse_dependency(each);
    if (!dependency) continue;
    bool is_there = false;
    for (const ObjectRef& meant : meant_by(*dependency, pod.identity().name_space)) {
      if (!exists(meant)) continue;
      is_there = true;
      if (!is_met(meant)) unmet.push_back({word_of(meant), true});
    }
    if (!is_there) unmet.push_back({dependency->kind ? each : "pod or deployment " + quoted(each), false});
  }
  return unmet;
}

void Supervisor::add_dependent(const Pod& pod) {
  for_each_meant(pod, [&](const ObjectRef& meant) { dependents_[meant].insert(pod.id()); });
}

// At a shutdown, whoever nobody depends on any more may leave.
void Supervisor::remove_dependent(const Pod& pod) {
  for_each_meant(pod, [&](const ObjectRef& meant) {
    const auto found = dependents_.find(meant);
    if (found == dependents_.end()) return;
    found->second.erase(pod.id());
    if (!found->second.empty()) return;
    dependents_.erase(found);
    if (to_leave_.empty()) return;
    if (const auto of_name = by_name_.find(meant); of_name != by_name_.end()) free_to_leave_.push_back(of_name->second);
    const auto deployment = deployments_.find(meant);
    if (deployment == deployments_.end()) return;
    for (const auto& set : deployment->second->replica_sets()) {
      std::ranges::copy(set->pods(), std::back_inserter(free_to_leave_));
    }
  });
}

void Supervisor::note_dependency(const ObjectRef& object) {
  if (dependents_.contains(object)) changed_dependencies_.insert(object);
}

// Once each: who wakes is not ready by that, and those who wait for each other would wake each other for ever.
void Supervisor::wake_dependents(Step& step) {
  for (const ObjectRef& object : std::exchange(changed_dependencies_, {})) {
    const auto found = dependents_.find(object);
    if (found == dependents_.end()) continue;
    std::vector<PodId> waiting;
    std::ranges::copy_if(found->second, std::back_inserter(waiting),
                         [this](PodId each) { return !entries_.at(each).pod->waits_for().empty(); });
    for (const PodId id : waiting) with_pod(step, id, [&](Pod& pod) { pod.dependency_changed(step); });
  }
  changed_dependencies_.clear();
}

bool Supervisor::is_depended_on(const Pod& pod) const {
  const PodIdentity& identity = pod.identity();
  if (dependents_.contains({Kind::pod, identity.name_space, identity.name})) return true;
  const ReplicaSet* const owner = entries_.at(pod.id()).owner;
  return owner != nullptr && dependents_.contains(owner->deployment());
}

// Dependents first. Where they depend on each other in a circle, nobody would be the first: then all leave.
void Supervisor::leave_in_order(Step& step) {
  while (!to_leave_.empty()) {
    for (const PodId each : std::exchange(free_to_leave_, {})) {
      if (!to_leave_.contains(each) || is_depended_on(*find(each))) continue;
      to_leave_.erase(each);
      remove(step, each, std::nullopt);
    }
    if (!free_to_leave_.empty()) continue;
    if (std::ranges::any_of(entries_, [](const auto& each) { return each.second.pod->is_terminating(); })) return;
    for (const PodId each : std::exchange(to_leave_, {})) remove(step, each, std::nullopt);
  }
}

// A pod that waits for another of its name to be gone counts in its place.
DependencyGraph Supervisor::dependencies(const std::vector<ObjectRef>& without) const {
  DependencyGraph graph;
  const auto add = [&](const Object& object) {
    if (std::ranges::find(without, ref_of(object)) == without.end()) graph.add(object);
  };
  for (const auto& [name, deployment] : deployments_) add(deployment->object());
  for (const auto& [id, entry] : entries_) {
    if (!entry.pod->owner()) add(PodObject{entry.pod->metadata(), *entry.pod->spec()});
  }
  for (const auto& [name, successor] : successors_) add(successor);
  return graph;
}

std::optional<DependencyCycle> Supervisor::cycle_after(const FileChanges& changes) const {
  DependencyGraph graph = dependencies(changes.gone);
  for (const Object* each : changes.changed) graph.add(*each);
  std::set<ObjectRef> clear;
  for (const Object* each : changes.changed) {
    std::string cycle = graph.cycle_from(ref_of(*each), clear);
    if (!cycle.empty()) return DependencyCycle{ref_of(*each), std::move(cycle)};
  }
  return std::nullopt;
}

std::vector<FieldError> Supervisor::check_dependencies(const Object& object) const {
  const PodSpec* const spec = pod_spec_of(object);
  if (spec == nullptr || spec->depends_on.empty()) return {};
  FieldErrors errors;
  DependencyGraph graph = dependencies({});
  graph.add(object);
  const std::string path = pod_spec_path(object) + ".dependsOn";
  for (std::size_t i = 0; i < spec->depends_on.size(); ++i) {
    const auto dependency = parse_dependency(spec->depends_on[i]);
    if (!dependency || dependency->kind) continue;
    const auto meant = meant_by(*dependency, metadata_of(object).name_space);
    if (!std::ranges::all_of(meant, [&](const ObjectRef& each) { return graph.contains(each); })) continue;
    errors.invalid(indexed(path, i), quoted(dependency->name),
                   "is the name of a pod and of a deployment: write \"" + word_of(meant[0]) + "\" or \"" +
                       word_of(meant[1]) + "\"");
  }
  std::set<ObjectRef> clear;
  const std::string cycle = graph.cycle_from(ref_of(object), clear);
  if (!cycle.empty()) errors.forbidden(path, "nothing of " + cycle + " would ever start: each waits for the next");
  return errors.take();
}

}  // namespace reeve
