#pragma once
// Makes the sandboxes of pods, keeps them while their containers come and go, and tells when one stands or broke.

#include "runtime/child_reaper.hpp"
#include "runtime/nat.hpp"

#include <reeve/core/effect.hpp>
#include <reeve/core/input.hpp>
#include <reeve/core/result.hpp>
#include <reeve/linux/sandbox.hpp>

#include <functional>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

namespace reeve::runtime {

class SandboxRunner {
 public:
  using Post = std::function<void(Input)>;

  SandboxRunner(uv_loop_t& loop, ChildReaper& reaper, Isolation default_isolation, Post post)
      : loop_(loop), reaper_(reaper), default_isolation_(default_isolation), post_(std::move(post)) {}

  void perform(const StartSandbox& effect);
  void perform(const StopSandbox& effect);

  // What the containers of that pod enter; null: it has nothing of its own.
  const linux::Sandbox* find(PodId pod) const;

  // The pod's containers start now: they take the descriptors that were kept free for them.
  void make_room(PodId pod);

  // Where sockets of that pod are made; null: in our own network.
  std::shared_ptr<const linux::Network> network_of(PodId pod) const;

  // Of pods whose spec names none, from now on.
  void change_default_isolation(Isolation isolation) { default_isolation_ = isolation; }

 private:
  struct Pod {
    std::unique_ptr<linux::Sandbox> sandbox;  // null without private namespaces
    std::unique_ptr<Nat> nat;
    std::vector<std::int32_t> ports;         // found for this sandbox
    std::vector<linux::UniqueFd> kept_free;  // placeholders, until its containers start
    bool stands = false;                     // which was told
  };

  Result<void> start(const StartSandbox& effect);
  Result<void> start_nat(PodId id, Pod& pod);
  void watch_keeper(PodId id, const linux::Sandbox& sandbox);
  void stands(PodId id);
  void broke(PodId id, const std::string& message);
  Result<std::vector<std::int32_t>> free_ports(std::size_t count) const;
  void give_back(PodId pod);

  uv_loop_t& loop_;
  ChildReaper& reaper_;
  Isolation default_isolation_;
  Post post_;
  std::unordered_map<PodId, Pod> pods_;
  std::vector<std::unique_ptr<Nat>> ended_;  // one ends inside itself: it is destroyed a little later
  std::unordered_map<PodId, std::vector<std::int32_t>> ports_;  // of each pod, also those of its earlier sandboxes
  std::set<std::int32_t> taken_;                                // by pods that may not have bound them yet
};

}  // namespace reeve::runtime
