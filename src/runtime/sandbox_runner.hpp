#pragma once
// Makes the sandboxes of pods and tells when one stands. So far a sandbox is its free ports of the host's network.

#include <reeve/core/effect.hpp>
#include <reeve/core/input.hpp>
#include <reeve/core/result.hpp>

#include <functional>
#include <set>
#include <unordered_map>
#include <vector>

namespace reeve::runtime {

class SandboxRunner {
 public:
  using Post = std::function<void(Input)>;

  explicit SandboxRunner(Post post) : post_(std::move(post)) {}

  void perform(const StartSandbox& effect);
  void perform(const StopSandbox& effect);

 private:
  Result<std::vector<std::int32_t>> free_ports(std::size_t count) const;

  Post post_;
  std::unordered_map<PodId, std::vector<std::int32_t>> ports_;
  std::set<std::int32_t> taken_;  // by pods that may not have bound them yet
};

}  // namespace reeve::runtime
