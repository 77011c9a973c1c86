#include <reeve/core/deployment.hpp>
#include <reeve/core/hash.hpp>
#include <reeve/core/saved_state.hpp>
#include <reeve/core/validate.hpp>

#include <algorithm>
#include <charconv>
#include <limits>

namespace reeve {
namespace {

// What an annotation says, or 0.
std::int64_t number_in(const Labels& annotations, const char* key) {
  const auto found = annotations.find(key);
  std::int64_t number = 0;
  if (found == annotations.end()) return 0;
  std::from_chars(found->second.data(), found->second.data() + found->second.size(), number);
  return std::clamp(number, std::int64_t{0}, std::numeric_limits<std::int64_t>::max() / 2);
}

}  // namespace

// --- One revision and one deployment. ---

SavedReplicaSet ReplicaSet::save() const {
  return {hash_, *template_, annotations_, size_, generation_, min_ready_, created_};
}

ReplicaSet::ReplicaSet(const DeploymentObject& deployment, Instant deployment_created, const SavedReplicaSet& saved)
    : ReplicaSet(deployment, deployment_created, deployment.metadata.name + '-' + saved.hash, saved.hash,
                 saved.created) {
  set_template(saved.pod_template);
  annotations_ = saved.annotations;
  revision_ = number_in(annotations_, annotation::revision);
  desired_ = number_in(annotations_, annotation::desired_replicas);
  max_ = number_in(annotations_, annotation::max_replicas);
  size_ = saved.size;
  generation_ = saved.generation;
  min_ready_ = saved.min_ready;
}

SavedDeployment Deployment::save() const {
  SavedDeployment saved{object_, generation_,         status_.revision,  status_.collisions,
                        {},      last_rollback_.from, last_rollback_.to, created_};
  for (const auto& each : sets_) saved.replica_sets.push_back(each->save());
  return saved;
}

Deployment::Deployment(const SavedDeployment& saved) : Deployment(saved.object, saved.created) {
  generation_ = saved.generation;
  status_.revision = saved.revision;
  status_.collisions = saved.collisions;
  last_rollback_ = {saved.rolled_back_from, saved.rolled_back_to};
  for (const auto& each : saved.replica_sets) sets_.push_back(std::make_unique<ReplicaSet>(object_, created_, each));
  find_newest();
  unsaved_ = false;
}

// --- What the files say. ---

FileChanges compare_with_files(const Written& before, const std::vector<const Object*>& files) {
  FileChanges changes;
  for (const Object* each : files) changes.written.insert_or_assign(ref_of(*each), object_hash(*each));
  for (const auto& [name, hash] : before) {
    if (!changes.written.contains(name)) changes.gone.push_back(name);
  }
  for (const Object* each : files) {
    const ObjectRef name = ref_of(*each);
    const auto found = before.find(name);
    if (found == before.end() || found->second != changes.written.at(name)) changes.changed.push_back(each);
  }
  std::ranges::stable_partition(changes.changed,
                                [](const Object* each) { return ref_of(*each).kind == Kind::service; });
  return changes;
}

namespace {

// A running pod does not change, nor does what a deployment selects.
bool has_to_end(const Object& saved, const Object& written) {
  return std::holds_alternative<PodObject>(written) || !validate_update(written, saved).empty();
}

}  // namespace

void leave_out(const FileChanges& changes, SavedState& state) {
  const auto is_out = [&](const auto& saved) {
    const Object object = saved.object;
    const ObjectRef name = ref_of(object);
    const auto ends = [&](const Object* each) { return ref_of(*each) == name && has_to_end(object, *each); };
    return std::ranges::find(changes.gone, name) != changes.gone.end() || std::ranges::any_of(changes.changed, ends);
  };
  std::erase_if(state.pods, is_out);
  std::erase_if(state.deployments, is_out);
  std::erase_if(state.services, is_out);
}

}  // namespace reeve
