#pragma once
// What outlives reeve: every object as it is now, and what it was given. Not what runs: containers, probes, events and
// the pods of replica sets begin anew.

#include <reeve/core/spec.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace reeve {

struct SavedPod {
  PodObject object;
  std::string address;  // of its own network; empty: none was given yet, or it shares the host's
  bool operator==(const SavedPod&) const = default;
};

struct SavedService {
  ServiceObject object;
  std::string cluster_ip;
  std::vector<std::int32_t> node_ports;  // one per port; 0 where the type has none
  Instant created{};
  bool operator==(const SavedService&) const = default;
};

struct SavedReplicaSet {
  std::string hash;  // that its name ends in
  PodTemplate pod_template;
  Labels annotations;  // revisions and sizes among them
  std::int64_t size = 0;
  std::int64_t generation = 1;
  Duration min_ready{0};
  Instant created{};
  bool operator==(const SavedReplicaSet&) const = default;
};

struct SavedDeployment {
  DeploymentObject object;
  std::int64_t generation = 1;
  std::int64_t revision = 0;
  std::int32_t collisions = 0;
  std::vector<SavedReplicaSet> replica_sets;  // oldest first
  std::string rolled_back_from;               // the last automatic rollback, by replica sets
  std::string rolled_back_to;
  Instant created{};
  bool operator==(const SavedDeployment&) const = default;
};

struct SavedState {
  std::vector<SavedPod> pods;  // that no replica set owns
  std::vector<SavedDeployment> deployments;
  std::vector<SavedService> services;
  bool operator==(const SavedState&) const = default;
};

// The hashes of the objects as the files had them when they were last read.
using Written = std::map<ObjectRef, std::uint64_t>;

// Last writer wins, per object: what is written anew in the files is applied, what left them leaves, and whatever else
// became of an object stays.
struct FileChanges {
  Written written;
  std::vector<ObjectRef> gone;
  std::vector<const Object*> changed;  // services first, so that a pod is seen by all that select it at once
};
FileChanges compare_with_files(const Written& before, const std::vector<const Object*>& files);

// Before a start: what has left, and what cannot become what the files say but by ending, is not begun with.
void leave_out(const FileChanges& changes, SavedState& state);

}  // namespace reeve
