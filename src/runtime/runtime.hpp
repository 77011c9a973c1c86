#pragma once
// The loop that turns kernel happenings into inputs, and effects into what the kernel does.

#include "runtime/child_reaper.hpp"
#include "runtime/command_runner.hpp"
#include "runtime/console.hpp"
#include "runtime/container_runner.hpp"
#include "runtime/narrator.hpp"
#include "runtime/probe_runner.hpp"
#include "runtime/sandbox_runner.hpp"
#include "runtime/service_manager.hpp"
#include "runtime/state_keeper.hpp"
#include "runtime/traffic.hpp"

#include <reeve/config/load.hpp>
#include <reeve/core/supervisor.hpp>
#include <reeve/runtime/host.hpp>

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace reeve::runtime {

// What an earlier reeve kept, and who keeps it from here on; nobody: nothing is kept.
struct Kept {
  std::unique_ptr<StateKeeper> keeper;
  config::StateFile file;
  std::string uid_ending;   // of the pods of this state
  Duration wall_offset{0};  // from our time line to the time of day, as it was at the start
};

// How reeve was started, and what is there already.
struct Beginning {
  std::vector<std::string> files;
  Kept kept;
  linux::ManagerEnvironment manager;
};

// What settings mean to those who start containers, and to the end.
std::shared_ptr<const ContainerRunner::Settings> settings_of(const config::Configuration& configuration);
EndRule end_rule_of(const SupervisorSettings& settings);

class Runtime final : public Host {
 public:
  // The loop is the caller's and must be run to its end after the runtime is gone.
  static Result<std::unique_ptr<Runtime>> start(uv_loop_t& loop, Console& console,
                                                const config::Configuration& configuration, Beginning beginning);

  // Runs until everything has left; returns the exit code.
  int run();
  // SIGHUP, which reloads, and all that stop; the real-time ones are how a machine or a systemd container is told to.
  static std::vector<int> signals();
  // The newest signal that asked for the end.
  std::optional<int> stop_signal() const noexcept { return stop_signal_; }

  uv_loop_t& loop() override { return loop_; }
  const Supervisor& supervisor() const override { return supervisor_; }
  const SupervisorSettings& settings() const override { return settings_; }
  const std::vector<std::string>& files() const override { return files_; }
  const StateStatus& state() const override;
  void post(Input input) override { inputs_.push_back(std::move(input)); }
  void observe(Observer* observer) override;
  std::chrono::system_clock::time_point wall_time(Instant instant) const override;
  std::optional<std::string> refuses(const Object& object) const override;
  std::shared_ptr<const InstanceLog> log(InstanceId instance) const override { return containers_->log(instance); }
  std::optional<pid_t> tree_root(InstanceId instance) const override { return containers_->tree_root(instance); }
  Result<std::unique_ptr<Command>> run_command(InstanceId instance, const CommandSpec& spec,
                                               CommandEvents events) override {
    return containers_->run_command(instance, spec, std::move(events));
  }
  Result<linux::UniqueFd> make_socket(const Pod& pod) const override;
  proxy::ProxyCounters connections(ServiceId service) const override { return traffic_->counters(service); }
  std::vector<std::string> shared_sockets(ServiceId service) const override;
  void warn(std::string_view text) override { narrator_.warn(text); }

 private:
  Runtime(uv_loop_t& loop, Console& console, const config::Configuration& configuration, Beginning& beginning);
  Result<void> watch_signals();
  Result<void> prepare_loop();

  void begin_with(const config::Configuration& configuration, SavedState saved);
  void settle();
  void answer_inputs();
  void take_in_writes();
  void keep_state();
  StateKeeper::Source state_source();
  void perform(const Effect& effect);
  void arm_timer();
  void on_signal(int number);
  bool is_stopping() const;
  void reload();
  void take_over(const config::Configuration& loaded, const FileChanges& changes);
  void apply(const FileChanges& changes);
  std::vector<std::string> forbidden_changes(const Object& object) const;
  std::vector<std::string> conflicts(const config::Configuration& loaded, const FileChanges& changes) const;

  uv_loop_t& loop_;
  Console& console_;
  Narrator narrator_;
  std::vector<std::string> files_;
  Written written_;                  // as the files have it
  std::uint64_t written_edits_ = 0;  // how often that changed
  Supervisor supervisor_;
  ServiceManager manager_;
  std::deque<Input> inputs_;  // what happened waits here until the callback that saw it has returned
  SupervisorSettings settings_;
  Images images_;
  Observer* observer_ = nullptr;
  std::chrono::nanoseconds wall_offset_{};  // from our time line to the time of day, as it was at the start
  std::unique_ptr<StateKeeper> keeper_;
  std::optional<int> exit_code_;
  std::optional<int> stop_signal_;
  std::optional<Instant> timer_at_;
  std::unique_ptr<ChildReaper> reaper_;
  std::unique_ptr<SandboxRunner> sandboxes_;
  std::unique_ptr<CommandRunner> commands_;
  std::unique_ptr<ContainerRunner> containers_;
  std::unique_ptr<ProbeRunner> probes_;
  std::unique_ptr<Traffic> traffic_;
  proxy::UvHandle<uv_prepare_t> prepare_;
  proxy::UvHandle<uv_check_t> check_;
  proxy::UvHandle<uv_timer_t> timer_;
  std::vector<proxy::UvHandle<uv_signal_t>> signals_;
};

}  // namespace reeve::runtime
