#include "runtime/command_runner.hpp"

#include <algorithm>
#include <csignal>
#include <optional>

namespace reeve::runtime {

class CommandRunner::Handle final : public Command {
 public:
  Handle(CommandRunner& runner, std::uint64_t id) : runner_(runner), id_(id) {}
  ~Handle() override { runner_.drop(id_); }

 private:
  CommandRunner& runner_;
  std::uint64_t id_;
};

Result<std::unique_ptr<Command>> CommandRunner::run(InstanceId instance, const linux::ProcessSpec& process,
                                                    CommandEvents events) {
  auto started = linux::Process::start(process);
  if (!started) return tl::unexpected(std::move(started).error());
  const std::uint64_t id = ++last_id_;
  Live& live = *live_.emplace(id, std::make_unique<Live>()).first->second;
  live.runner = this;
  live.instance = instance;
  live.process.emplace(*std::move(started));
  live.events = std::move(events);
  reaper_.expect(live.process->pid(), [this, id](const linux::Reaped&) { gone(id); });
  if (auto watched = watch(live); !watched) {
    drop(id);
    return tl::unexpected(std::move(watched).error());
  }
  return std::make_unique<Handle>(*this, id);
}

Result<void> CommandRunner::watch(Live& live) {
  live.reports = proxy::UvHandle<uv_poll_t>(&live);
  if (const int status = uv_poll_init(&loop_, live.reports.get(), live.process->control_fd()); status != 0) {
    live.reports.abandon();
    return fail("cannot watch a command", -status);
  }
  uv_poll_start(live.reports.get(), UV_READABLE, [](uv_poll_t* handle, int, int) {
    if (auto* found = static_cast<Live*>(handle->data)) read_reports(*found);
  });
  return {};
}

void CommandRunner::read_reports(Live& live) {
  while (const auto report = live.process->read_report()) {
    if (const auto* started = std::get_if<linux::ProcessStarted>(&*report)) {
      // Who hears of it may want no more of it.
      const auto told = live.events.started;
      if (told) told(started->leader);
      if (!live.process) return;
      continue;
    }
    live.reports.reset();  // the last report: the socket would stay readable for ever
    if (const auto* failed = std::get_if<linux::ProcessStartFailed>(&*report)) {
      live.end = *failed;
    } else {
      live.end = std::get<linux::ProcessEnded>(*report);
    }
    return;
  }
}

// Its tiny init is collected: nothing of the tree is left.
void CommandRunner::gone(std::uint64_t id) {
  const auto found = live_.find(id);
  if (found == live_.end()) return;
  if (found->second->process && found->second->reports) read_reports(*found->second);
  const std::unique_ptr<Live> live = std::move(found->second);
  live_.erase(found);
  const auto told = std::move(live->events.ended);
  if (told) told(live->end.value_or(linux::ProcessEnded{SIGKILL}));
  if (!has_any(live->instance) && on_last_gone_) on_last_gone_(live->instance);
}

// Without somebody to report to, its tiny init ends the tree.
void CommandRunner::drop(std::uint64_t id) {
  const auto found = live_.find(id);
  if (found == live_.end()) return;
  found->second->events = {};
  found->second->reports.reset();
  found->second->process.reset();
}

void CommandRunner::end_all(InstanceId instance) {
  for (const auto& [id, live] : live_) {
    if (live->instance == instance && live->process) static_cast<void>(live->process->kill_tree());
  }
}

bool CommandRunner::has_any(InstanceId instance) const {
  return std::ranges::any_of(live_, [&](const auto& each) { return each.second->instance == instance; });
}

}  // namespace reeve::runtime
