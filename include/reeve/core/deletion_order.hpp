#pragma once
// Which pods of a replica set go first when it shrinks (pkg/controller/controller_utils.go ActivePodsWithRanks):
// pending before running, unready before ready, not yet available before available (which Kubernetes leaves open), the
// lower pod-deletion-cost, ready more recently, more restarts, newer, and then by uid. Ages are compared in powers of
// two, so an order once made changes little as time passes: taking one pod costs no look at all the others.

#include <reeve/core/pod.hpp>

#include <compare>
#include <cstddef>
#include <set>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace reeve {

class DeletionOrder {
 public:
  // Adds a pod, or takes in what changed about it. The pod must outlive its place here.
  void put(const Pod& pod, bool available, Instant now);
  void erase(PodId pod);

  // Those that go first, at most `count` of them.
  std::vector<PodId> first(std::size_t count, Instant now);

 private:
  struct Rank {
    bool running;
    bool ready;
    bool available;
    std::int32_t cost;
    int ready_age;  // in powers of two
    int restarts;   // negative: more go first
    int age;
    std::string_view uid;
    PodId pod;
    auto operator<=>(const Rank&) const = default;
  };
  struct Place {
    Rank rank;
    Instant ready_since;
    Instant created;
    Instant ripens;  // when an age reaches the next power of two
  };

  static void rank(Place& place, Instant now);
  void insert(PodId pod, Place& place, Instant now);
  void remove(PodId pod, const Place& place);

  std::unordered_map<PodId, Place> places_;
  std::set<Rank> ranks_;
  std::set<std::pair<Instant, PodId>> ripening_;
};

}  // namespace reeve
