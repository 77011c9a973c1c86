#include "runtime/launch.hpp"
#include "runtime/runtime.hpp"

#include <reeve/linux/clock.hpp>
#include <reeve/linux/reaper.hpp>
#include <reeve/linux/survivors.hpp>
#include <reeve/runtime/run.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
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

int complain(const Error& error) {
  std::fprintf(stderr, "reeve: %s\n", error.message().c_str());
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
  REEVE_TRY(kept.keeper, StateKeeper::open(directory, kept.wall_offset));
  REEVE_TRY(const std::string id, linux::directory_id(directory));
  kept.uid_ending = '-' + id;
  REEVE_TRY_VOID(end_what_was_left(kept.uid_ending, console));
  Narrator narrator(console);
  REEVE_TRY(kept.file, kept.keeper->read(now, [&](const std::string& said) { narrator.warn(said); }));
  return kept;
}

}  // namespace

int run(const RunOptions& options) {
  auto configuration = config::load(options.files);
  if (!configuration) {
    for (const auto& each : configuration.error()) std::fprintf(stderr, "%s\n", each.message().c_str());
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  if (auto ready = linux::become_subreaper(); !ready) return complain(ready.error());
  auto console = Console::start(STDOUT_FILENO);
  if (!console) return complain(console.error());
  auto kept = open_state(configuration->supervisor, **console);
  if (!kept) return complain(std::move(kept.error()).within("stateDirectory"));
  uv_loop_t loop;
  if (const int status = uv_loop_init(&loop); status != 0) return complain({"cannot make an event loop", -status});
  int code = 1;
  {
    auto runtime = Runtime::start(loop, **console, options.files, *configuration, *std::move(kept));
    std::exchange(configuration->objects, {});  // the supervisor has its own
    if (!runtime) {
      code = complain(runtime.error());
    } else {
      const auto attached = options.attach ? options.attach(**runtime) : nullptr;
      code = (*runtime)->run();
    }
  }
  finish_loop(loop);
  return code;
}

}  // namespace reeve::runtime
