// The supervisor is killed and begins anew with what it saved: nothing that ran is left, nothing that was wanted is
// lost.
#include "world.hpp"

#include <algorithm>

namespace reeve::sim {

void World::crash() {
  note("CRASH");
  const SavedState saved = supervisor_->save();
  forget_what_ran();
  supervisor_.emplace(SupervisorOptions{.seed = crash_chance_.below(1'000'000)});
  model_.restart(now_);
  take(supervisor_->restore(now_, saved));
  check_restored(saved);
}

void World::forget_what_ran() {
  decltype(heap_) left;
  for (; !heap_.empty(); heap_.pop()) {
    const Kind kind = heap_.top().kind;
    const bool stays = kind == Kind::operate || kind == Kind::refuse || kind == Kind::stall || kind == Kind::shutdown;
    if (stays) left.push(heap_.top());
  }
  heap_ = std::move(left);
  sandboxes_.clear();
  processes_.clear();
  probes_.clear();
  drains_.clear();
  past_.clear();
  tick_for_.reset();
  saved_.reset();
}

// What reconciling decided in the meantime may have changed sizes, and cleaned up what is not needed any more.
void World::check_restored(const SavedState& saved) const {
  const SavedState now = supervisor_->save();
  const auto is_same_pod = [](const SavedPod& before, const SavedPod& after) {
    return before.object == after.object && (before.address.empty() || before.address == after.address);
  };
  if (!std::ranges::equal(saved.pods, now.pods, is_same_pod)) throw Violation("pods came back different");
  if (now.services != saved.services) throw Violation("services came back different");
  if (now.deployments.size() != saved.deployments.size()) throw Violation("a deployment did not come back");
  for (std::size_t i = 0; i < saved.deployments.size(); ++i) {
    const SavedDeployment& before = saved.deployments[i];
    const SavedDeployment& after = now.deployments[i];
    if (Deployment(before).save() != before) throw Violation("a deployment came back different");
    // With nothing left of the old, Recreate may go on to the next revision at once.
    if (after.object != before.object || after.generation != before.generation || after.revision < before.revision) {
      throw Violation("a deployment is not as it was asked for");
    }
    for (const SavedReplicaSet& each : after.replica_sets) {
      const auto had = std::ranges::find(before.replica_sets, each.hash, &SavedReplicaSet::hash);
      const bool is_next = had == before.replica_sets.end() && after.revision > before.revision;
      if (is_next) continue;
      if (had == before.replica_sets.end()) throw Violation("a revision appeared in a restart");
      const auto revision = each.annotations.at(annotation::revision);
      if (had->annotations.at(annotation::revision) != revision) throw Violation("a revision has another number");
    }
  }
}

// A version that stands still promises that nothing is to be saved.
void World::check_saved_version() {
  constexpr unsigned often = 30;
  if (!crash_chance_.permille(often)) return;
  const std::uint64_t version = supervisor_->saved_version();
  SavedState state = supervisor_->save();
  if (saved_ && saved_->first == version && saved_->second != state) {
    throw Violation("what is to be saved changed, and its version did not");
  }
  saved_ = {version, std::move(state)};
}

}  // namespace reeve::sim
