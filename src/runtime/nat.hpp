#pragma once
// The way out of one pod's network, as a process: runs pasta, tells when the way is open and when it ended.

#include "runtime/child_reaper.hpp"
#include "runtime/log_stream.hpp"

#include <reeve/linux/process.hpp>
#include <reeve/linux/sandbox.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace reeve::runtime {

class Nat {
 public:
  struct Events {
    std::function<void()> ready;                            // at most once
    std::function<void(const std::string& message)> ended;  // once, by itself, with what it said
  };

  static Result<std::unique_ptr<Nat>> start(uv_loop_t& loop, ChildReaper& reaper, const linux::Sandbox& sandbox,
                                            Events events);

  // Ends the process, in silence.
  ~Nat();

 private:
  Nat(ChildReaper& reaper, Events events) : reaper_(reaper), events_(std::move(events)) {}
  Result<void> begin(uv_loop_t& loop, const linux::Sandbox& sandbox);
  void said_it_is_up();
  void gone();

  ChildReaper& reaper_;
  Events events_;
  std::unique_ptr<LogStream> out_;
  std::unique_ptr<LogStream> err_;
  std::optional<linux::Process> process_;
  std::string complaints_;
  bool is_ready_ = false;
  std::shared_ptr<Nat*> alive_ = std::make_shared<Nat*>(this);  // null once we are gone
};

}  // namespace reeve::runtime
