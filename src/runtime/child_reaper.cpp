#include "runtime/child_reaper.hpp"

#include <csignal>

namespace reeve::runtime {

Result<std::unique_ptr<ChildReaper>> ChildReaper::start(uv_loop_t& loop) {
  auto reaper = std::make_unique<ChildReaper>();
  reaper->signal_ = proxy::UvHandle<uv_signal_t>(reaper.get());
  if (const int status = uv_signal_init(&loop, reaper->signal_.get()); status != 0) {
    reaper->signal_.abandon();
    return fail("cannot watch for ended children", -status);
  }
  const auto on_child = [](uv_signal_t* handle, int) {
    if (auto* self = static_cast<ChildReaper*>(handle->data)) self->collect();
  };
  if (const int status = uv_signal_start(reaper->signal_.get(), on_child, SIGCHLD); status != 0) {
    return fail("cannot watch for ended children", -status);
  }
  reaper->collect();  // what ended before anybody watched, of the program that became reeve
  return reaper;
}

// Signals merge: one may stand for any number of children.
void ChildReaper::collect() {
  while (const auto reaped = linux::reap_one()) {
    const auto found = expected_.find(reaped->pid);
    if (found == expected_.end()) continue;
    const Gone gone = std::move(found->second);
    expected_.erase(found);
    gone(*reaped);
  }
}

}  // namespace reeve::runtime
