#pragma once
// Runs containers: starts, signals and kills their process trees, keeps what they print, reports what became of them.

#include "runtime/child_reaper.hpp"
#include "runtime/command_runner.hpp"
#include "runtime/log_stream.hpp"

#include <reeve/core/effect.hpp>
#include <reeve/core/input.hpp>
#include <reeve/linux/process.hpp>
#include <reeve/runtime/instance_log.hpp>

#include <functional>
#include <memory>
#include <unordered_map>

namespace reeve::runtime {

class Narrator;
class SandboxRunner;

class ContainerRunner {
 public:
  using Post = std::function<void(Input)>;
  struct Settings {
    Images images;
    Isolation isolation = Isolation::private_namespaces;
    std::size_t log_bytes = linux::LogRing::default_bytes;
  };

  ContainerRunner(uv_loop_t& loop, ChildReaper& reaper, SandboxRunner& sandboxes, CommandRunner& commands,
                  Narrator& narrator, std::shared_ptr<const Settings> settings, Post post);
  ~ContainerRunner();

  void perform(const StartContainer& effect);
  void perform(const SignalContainer& effect);
  void perform(const KillContainer& effect);
  void perform(const ForgetInstance& effect);

  // How a command is run in the container of that instance, while it runs.
  Result<linux::ProcessSpec> command_for(InstanceId instance, const std::vector<std::string>& argv) const;

  // Runs a command there that ends with the container at the latest.
  Result<std::unique_ptr<Command>> run_command(InstanceId instance, const CommandSpec& spec, CommandEvents events);

  // The pod that an instance is of; nothing once it is forgotten.
  std::optional<PodId> pod_of(InstanceId instance) const;
  // What an instance printed; nothing once it is forgotten.
  std::shared_ptr<const InstanceLog> log(InstanceId instance) const;
  // The tiny init of an instance, while it runs.
  std::optional<pid_t> tree_root(InstanceId instance) const;
  // Called after an instance printed, and when it will print no more.
  void on_output(std::function<void(InstanceId)> told) { on_output_ = std::move(told); }

  // Who has the listening sockets of a service.
  using Sockets = std::function<Result<std::vector<int>>(ServiceId)>;
  void take_sockets_from(Sockets sockets) { sockets_of_ = std::move(sockets); }

  // From now on; what runs keeps what it was started with.
  void change_settings(std::shared_ptr<const Settings> settings) { settings_ = std::move(settings); }

 private:
  // One run of a container, from its start until nobody wants its logs any more.
  struct Run;

  Result<void> start(Run& run, const StartContainer& effect);
  Result<linux::ProcessSpec> process_of(const Run& run) const;
  Result<void> open_notify(Run& run);
  Result<void> pass_sockets(const StartContainer& effect, linux::ProcessSpec& process) const;
  Result<void> watch(Run& run);
  struct Output;
  void print(Run& run, Output& output, std::string_view bytes);
  void take_line(const Run& run, const LogRecord& line);
  void keep_records(Run& run);
  void read_reports(Run& run);
  void listen(Run& run);
  void ended(Run& run, const linux::Reaped& reaped);
  void tell_end(Run& run);
  void finish_output(Run& run);
  void start_failed(Run& run, const std::string& message);
  Run* find(InstanceId instance);

  uv_loop_t& loop_;
  ChildReaper& reaper_;
  SandboxRunner& sandboxes_;
  CommandRunner& commands_;
  Narrator& narrator_;
  std::shared_ptr<const Settings> settings_;
  Post post_;
  Sockets sockets_of_;
  std::function<void(InstanceId)> on_output_;
  std::string records_;  // of the bytes that are being printed
  std::unordered_map<InstanceId, std::unique_ptr<Run>> runs_;
};

}  // namespace reeve::runtime
