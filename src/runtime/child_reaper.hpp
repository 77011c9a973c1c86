#pragma once
// The one place that collects children: ours by their owner, adopted orphans for nobody.

#include <reeve/linux/reaper.hpp>
#include <reeve/proxy/uv.hpp>

#include <sys/types.h>

#include <functional>
#include <memory>
#include <unordered_map>

namespace reeve::runtime {

class ChildReaper {
 public:
  using Gone = std::function<void(const linux::Reaped&)>;

  static Result<std::unique_ptr<ChildReaper>> start(uv_loop_t& loop);

  // Calls gone once, when the child is collected. To be said before the loop turns again after the child's start.
  void expect(pid_t child, Gone gone) { expected_.insert_or_assign(child, std::move(gone)); }

 private:
  void collect();

  std::unordered_map<pid_t, Gone> expected_;
  proxy::UvHandle<uv_signal_t> signal_;
};

}  // namespace reeve::runtime
