#include "runtime/journal.hpp"
#include "runtime/launch.hpp"
#include "runtime/runtime.hpp"

#include <reeve/core/log_line.hpp>
#include <reeve/linux/clock.hpp>
#include <reeve/linux/machine.hpp>
#include <reeve/linux/reaper.hpp>
#include <reeve/linux/survivors.hpp>
#include <reeve/runtime/run.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

namespace reeve::runtime {
namespace {

// Four descriptors per container: as many as we may have.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Runs what the runtime's end has left on the loop: closing handles.
void finish_loop(uv_loop_t& loop) {
  while (uv_run(&loop, UV_RUN_DEFAULT) != 0) {
  }
  uv_loop_close(&loop);
}

// In the journal it is an error.
void print_error(const std::string& text) {
  const std::string mark = linux::is_journal_stream(STDERR_FILENO) ? priority_mark(Priority::error) : "";
  std::fprintf(stderr, "%s%s\n", mark.c_str(), text.c_str());
}

int complain(const SupervisorSettings& settings, const Error& error) {
  const std::string text = error.message();
  if (settings.log_format == LogFormat::json) {
    std::fputs(json_line({.time = linux::wall_now(), .level = "error", .message = text}).c_str(), stderr);
  } else {
    print_error("reeve: " + text);
  }
  return 1;
}

// As systemd passes them: several are divided by colons, and the first is ours.
std::string state_directory(const SupervisorSettings& settings) {
  if (settings.state_directory) return *settings.state_directory;
  const char* const given = std::getenv("STATE_DIRECTORY");
  const std::string all = given == nullptr ? "" : given;
  return all.substr(0, all.find(':'));
}

// What an earlier reeve of this state left running would run twice from now on.
Result<void> end_what_was_left(const std::string& uid_ending, Console& console) {
  constexpr Duration most = seconds(10);
  REEVE_TRY(const auto survivors, linux::end_survivors(pod_uid_variable, uid_ending, most));
  const auto text_of = [](const std::vector<linux::Survivor>& all) {
    std::string text;
    for (const auto& each : all) text += (text.empty() ? "" : ", ") + std::to_string(each.pid) + " (" + each.name + ")";
    return text;
  };
  Narrator narrator(console);
  if (!survivors.ended.empty()) {
    narrator.warn("an earlier reeve left these processes, which were killed: " + text_of(survivors.ended));
  }
  if (survivors.left.empty()) return {};
  return fail("an earlier reeve left processes that cannot be killed, and nothing may run twice: " +
              text_of(survivors.left) + ": end them, or find what holds them in the kernel");
}

Result<Kept> open_state(const SupervisorSettings& settings, Console& console) {
  Kept kept;
  const Instant now = linux::monotonic_now();
  kept.wall_offset = linux::wall_now().time_since_epoch() - now.time_since_epoch();
  const std::string directory = state_directory(settings);
  if (directory.empty()) return kept;
  Narrator narrator(console);
  auto keeper = StateKeeper::open(directory, kept.wall_offset);
  const bool is_in_use = !keeper && keeper.error().code == EWOULDBLOCK;
  if (!keeper && !settings.state_directory && !is_in_use) {
    narrator.warn("$STATE_DIRECTORY: " + keeper.error().message() +
                  ": nothing that commands change is kept over a restart; make it writable, or unset it");
    return kept;
  }
  if (!keeper) return tl::unexpected(std::move(keeper).error());
  kept.keeper = *std::move(keeper);
  REEVE_TRY(const std::string id, linux::directory_id(directory));
  kept.uid_ending = '-' + id;
  REEVE_TRY_VOID(end_what_was_left(kept.uid_ending, console));
  REEVE_TRY(kept.file, kept.keeper->read(now, [&](const std::string& said) { narrator.warn(said); }));
  return kept;
}

// For PID 1 the kernel throws away what nobody listens to yet, unless it is blocked.
class EarlySignals {
 public:
  EarlySignals() {
    ::sigemptyset(&all_);
    for (const int each : Runtime::signals()) ::sigaddset(&all_, each);
    if (::getpid() == 1) ::pthread_sigmask(SIG_BLOCK, &all_, nullptr);
  }
  void deliver() const {
    if (::getpid() == 1) ::pthread_sigmask(SIG_UNBLOCK, &all_, nullptr);
  }

 private:
  sigset_t all_;
};

struct Ended {
  int code = 1;
  bool has_run = false;
  std::optional<int> signal{};  // that asked for the end

  // Of a machine: what kept reeve from running stays on its screen.
  linux::MachineEnd how() const {
    if (signal) return linux::machine_end_of(*signal);
    return has_run ? linux::MachineEnd::power_off : linux::MachineEnd::halt;
  }
};

Ended supervise(const RunOptions& options) {
  const EarlySignals early_signals;
  auto configuration = config::load(options.files);
  if (!configuration) {
    for (const auto& each : configuration.error()) print_error(each.message());
    return {.code = 2};
  }
  const SupervisorSettings settings = configuration->supervisor;
  // Nothing that is started from here finds it, and no thread reads it meanwhile.
  linux::ManagerEnvironment manager = linux::take_manager_environment();
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  if (auto ready = linux::become_subreaper(); !ready) return {complain(settings, ready.error())};
  auto console = Console::start(STDOUT_FILENO, settings.log_format);
  if (!console) return {complain(settings, console.error())};
  auto kept = open_state(settings, **console);
  if (!kept) return {complain(settings, std::move(kept.error()).within("stateDirectory"))};
  uv_loop_t loop;
  if (const int status = uv_loop_init(&loop); status != 0) {
    return {complain(settings, {"cannot make an event loop", -status})};
  }
  Ended ended;
  {
    auto runtime =
        Runtime::start(loop, **console, *configuration, {options.files, *std::move(kept), std::move(manager)});
    std::exchange(configuration->objects, {});  // the supervisor has its own
    if (!runtime) {
      ended.code = complain(settings, runtime.error());
    } else {
      early_signals.deliver();
      const auto attached = options.attach ? options.attach(**runtime) : nullptr;
      ended.code = (*runtime)->run();
      ended.signal = (*runtime)->stop_signal();
      ended.has_run = true;
    }
  }
  finish_loop(loop);
  return ended;
}

}  // namespace

int run(const RunOptions& options) {
  if (!linux::is_machine_init()) return supervise(options).code;
  for (const std::string& each : linux::prepare_machine()) std::fprintf(stderr, "reeve: %s\n", each.c_str());
  const Ended ended = supervise(options);
  std::fflush(stderr);
  linux::end_machine(ended.how());
}

}  // namespace reeve::runtime
