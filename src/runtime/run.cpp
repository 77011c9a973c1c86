#include "runtime/runtime.hpp"

#include <reeve/linux/reaper.hpp>
#include <reeve/runtime/run.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
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
  uv_loop_t loop;
  if (const int status = uv_loop_init(&loop); status != 0) return complain({"cannot make an event loop", -status});
  int code = 1;
  {
    auto runtime = Runtime::start(loop, **console, options.files, *configuration);
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
