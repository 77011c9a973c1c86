#pragma once
// Runs commands beside containers. A command ends with who asked for it and with the instance beside which it runs.

#include "runtime/child_reaper.hpp"

#include <reeve/core/id.hpp>
#include <reeve/core/result.hpp>
#include <reeve/linux/process.hpp>
#include <reeve/proxy/uv.hpp>
#include <reeve/runtime/command.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

namespace reeve::runtime {

class CommandRunner {
 public:
  CommandRunner(uv_loop_t& loop, ChildReaper& reaper) : loop_(loop), reaper_(reaper) {}

  Result<std::unique_ptr<Command>> run(InstanceId instance, const linux::ProcessSpec& process, CommandEvents events);

  // Kills what runs beside that instance. The container's pid namespace does that by itself, where it has one.
  void end_all(InstanceId instance);

  bool has_any(InstanceId instance) const;

  // Called when nothing is left of the last command beside an instance.
  void on_last_gone(std::function<void(InstanceId)> told) { on_last_gone_ = std::move(told); }

 private:
  class Handle;
  struct Live {
    CommandRunner* runner = nullptr;
    InstanceId instance;
    std::optional<linux::Process> process;  // nothing: it is being ended for nobody
    proxy::UvHandle<uv_poll_t> reports;
    CommandEvents events;
    std::optional<CommandEnd> end;
  };

  Result<void> watch(Live& live);
  static void read_reports(Live& live);
  void gone(std::uint64_t id);
  void drop(std::uint64_t id);

  uv_loop_t& loop_;
  ChildReaper& reaper_;
  std::function<void(InstanceId)> on_last_gone_;
  std::uint64_t last_id_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<Live>> live_;
};

}  // namespace reeve::runtime
