#pragma once
// Whether all that is to start at once was started once: each start that was asked for had its answer, good or bad.

#include <reeve/core/effect.hpp>
#include <reeve/core/input.hpp>

#include <set>

namespace reeve {

class StartWatch {
 public:
  void note(const Effect& effect);
  void note(const Input& input);

  bool is_over() const noexcept { return sandboxes_.empty() && instances_.empty(); }

 private:
  std::set<PodId> sandboxes_;
  std::set<InstanceId> instances_;
};

}  // namespace reeve
