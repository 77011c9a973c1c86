#include "runtime/container_runner.hpp"

#include "runtime/launch.hpp"
#include "runtime/narrator.hpp"
#include "runtime/sandbox_runner.hpp"

#include <reeve/linux/clock.hpp>

#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace reeve::runtime {
namespace {

// In pieces smaller than a ring, so that a follower that keeps up loses nothing of what one read brought.
constexpr std::size_t records_kept_at = 16 * 1024;

ExitStatus exit_status(int wait_status) {
  if (WIFSIGNALED(wait_status)) return {0, WTERMSIG(wait_status)};
  return {WEXITSTATUS(wait_status), 0};
}

}  // namespace

struct ContainerRunner::Output {
  LogSource source = LogSource::out;
  LineSplitter lines;
  std::unique_ptr<LogStream> stream;
};

struct ContainerRunner::Run {
  ContainerRunner* runner = nullptr;
  InstanceId instance;
  std::string prefix;
  // What it was started from, for commands that are run beside it.
  std::shared_ptr<const PodIdentity> pod;
  std::shared_ptr<const PodSpec> spec;
  const ContainerSpec* container = nullptr;
  std::shared_ptr<const Environment> environment;
  std::shared_ptr<const Settings> settings;
  std::optional<linux::Process> process;
  proxy::UvHandle<uv_poll_t> reports;
  Output out{LogSource::out, {}, {}};
  Output err{LogSource::err, {}, {}};
  std::shared_ptr<InstanceLog> log;
  std::optional<ExitStatus> status;
  std::optional<ContainerExited> end;  // to be told once no command runs beside it any more
  bool failed_to_start = false;
};

ContainerRunner::ContainerRunner(uv_loop_t& loop, ChildReaper& reaper, SandboxRunner& sandboxes,
                                 CommandRunner& commands, Narrator& narrator, std::shared_ptr<const Settings> settings,
                                 Post post)
    : loop_(loop),
      reaper_(reaper),
      sandboxes_(sandboxes),
      commands_(commands),
      narrator_(narrator),
      settings_(std::move(settings)),
      post_(std::move(post)) {
  commands_.on_last_gone([this](InstanceId instance) {
    if (Run* run = find(instance)) tell_end(*run);
  });
}

ContainerRunner::~ContainerRunner() = default;

ContainerRunner::Run* ContainerRunner::find(InstanceId instance) {
  const auto found = runs_.find(instance);
  return found == runs_.end() ? nullptr : found->second.get();
}

void ContainerRunner::perform(const StartContainer& effect) {
  auto owned = std::make_unique<Run>();
  Run& run = *owned;
  run.runner = this;
  run.instance = effect.instance;
  run.prefix = log_prefix(*effect.pod, *effect.container);
  run.pod = effect.pod;
  run.spec = effect.spec;
  run.container = effect.container;
  run.environment = effect.environment;
  run.settings = settings_;
  run.log = std::make_shared<InstanceLog>(settings_->log_bytes);
  runs_.emplace(effect.instance, std::move(owned));
  sandboxes_.make_room(effect.pod->id);
  if (auto started = start(run); !started) {
    run.process.reset();  // one that cannot be watched must not live on unwatched
    start_failed(run, started.error().message());
  }
}

// A container that was to have a network of its own must not end up in ours.
Result<linux::ProcessSpec> ContainerRunner::process_of(const Run& run) const {
  const Environment written{{}, run.environment ? std::vector<NameValue>{} : written_environment(*run.container)};
  REEVE_TRY(linux::ProcessSpec process,
            container_process(*run.pod, *run.spec, *run.container, run.environment ? *run.environment : written,
                              run.settings->images, run.settings->isolation));
  if (process.isolation == linux::Isolation::private_namespaces) process.sandbox = sandboxes_.find(run.pod->id);
  if (has_own_network(*run.spec) && (process.sandbox == nullptr || !process.sandbox->network())) {
    return fail("the pod has no network of its own");
  }
  return process;
}

Result<void> ContainerRunner::start(Run& run) {
  REEVE_TRY(linux::ProcessSpec process_spec, process_of(run));
  REEVE_TRY(linux::Pipe out, linux::make_pipe(linux::Blocking::no));
  REEVE_TRY(linux::Pipe err, linux::make_pipe(linux::Blocking::no));
  const auto open = [&](Output& output, linux::UniqueFd fd) -> Result<void> {
    REEVE_TRY(output.stream, LogStream::open(loop_, std::move(fd), [this, &run, &output](std::string_view bytes) {
                print(run, output, bytes);
              }));
    return {};
  };
  REEVE_TRY_VOID(open(run.out, std::move(out.read_end)));
  REEVE_TRY_VOID(open(run.err, std::move(err.read_end)));
  process_spec.stdout_fd = out.write_end.get();
  process_spec.stderr_fd = err.write_end.get();
  auto process = linux::Process::start(process_spec);
  if (!process) return tl::unexpected(std::move(process).error());
  run.process.emplace(*std::move(process));
  return watch(run);
}

Result<void> ContainerRunner::watch(Run& run) {
  reaper_.expect(run.process->pid(), [this, instance = run.instance](const linux::Reaped& reaped) {
    if (Run* found = find(instance)) ended(*found, reaped);
  });
  run.reports = proxy::UvHandle<uv_poll_t>(&run);
  if (const int status = uv_poll_init(&loop_, run.reports.get(), run.process->control_fd()); status != 0) {
    run.reports.abandon();
    return fail("cannot watch a container", -status);
  }
  uv_poll_start(run.reports.get(), UV_READABLE, [](uv_poll_t* handle, int, int) {
    if (auto* found = static_cast<Run*>(handle->data)) found->runner->read_reports(*found);
  });
  return {};
}

void ContainerRunner::print(Run& run, Output& output, std::string_view bytes) {
  const auto now = linux::wall_now();
  output.lines.feed(bytes, [&](std::string_view line, LineSplitter::LineEnd end) {
    narrator_.container_line(run.prefix, line);
    append_record(records_, {now, output.source, end == LineSplitter::LineEnd::cut, line});
    if (records_.size() >= records_kept_at) keep_records(run);
  });
  keep_records(run);
}

void ContainerRunner::keep_records(Run& run) {
  if (records_.empty()) return;
  run.log->append(records_);
  records_.clear();
  if (on_output_) on_output_(run.instance);
}

void ContainerRunner::finish_output(Run& run) {
  const auto now = linux::wall_now();
  for (Output* each : {&run.out, &run.err}) {
    if (each->stream) each->stream->finish();
    each->stream.reset();
    each->lines.finish([&](std::string_view line, LineSplitter::LineEnd) {
      narrator_.container_line(run.prefix, line);
      append_record(records_, {now, each->source, false, line});
    });
  }
  keep_records(run);
  run.log->end();
  if (on_output_) on_output_(run.instance);
}

void ContainerRunner::read_reports(Run& run) {
  while (const auto report = run.process->read_report()) {
    if (const auto* started = std::get_if<linux::ProcessStarted>(&*report)) {
      post_(ContainerStarted{run.instance, started->leader});
      continue;
    }
    run.reports.reset();  // the last report: the socket would stay readable for ever
    if (const auto* failed = std::get_if<linux::ProcessStartFailed>(&*report)) {
      start_failed(run, failed->message);
    } else {
      run.status = exit_status(std::get<linux::ProcessEnded>(*report).wait_status);
      commands_.end_all(run.instance);
    }
    return;
  }
}

void ContainerRunner::start_failed(Run& run, const std::string& message) {
  run.failed_to_start = true;
  if (!run.process) run.log->end();
  post_(ContainerStartFailed{run.instance, message});
}

// The tiny init is collected: nothing of the tree is left.
void ContainerRunner::ended(Run& run, const linux::Reaped& reaped) {
  if (run.reports) read_reports(run);
  run.reports.reset();
  finish_output(run);
  run.process.reset();
  if (run.failed_to_start) return;
  run.end = ContainerExited{run.instance, run.status.value_or(ExitStatus{0, SIGKILL}),
                            Usage{reaped.user_time, reaped.system_time, reaped.resident_bytes_max}};
  commands_.end_all(run.instance);
  tell_end(run);
}

void ContainerRunner::tell_end(Run& run) {
  if (run.end && !commands_.has_any(run.instance)) post_(*std::exchange(run.end, std::nullopt));
}

void ContainerRunner::perform(const SignalContainer& effect) {
  Run* run = find(effect.instance);
  if (run == nullptr || !run->process) return;
  // One that ended a moment ago has no need of a signal.
  if (auto sent = run->process->signal(effect.signal); !sent && sent.error().code != ESRCH) {
    narrator_.warn(run->prefix + " " + sent.error().message());
  }
}

void ContainerRunner::perform(const KillContainer& effect) {
  Run* run = find(effect.instance);
  if (run == nullptr || !run->process) return;
  if (auto sent = run->process->kill_tree(); !sent) narrator_.warn(run->prefix + " " + sent.error().message());
}

void ContainerRunner::perform(const ForgetInstance& effect) { runs_.erase(effect.instance); }

std::shared_ptr<const InstanceLog> ContainerRunner::log(InstanceId instance) const {
  const auto found = runs_.find(instance);
  return found == runs_.end() ? nullptr : found->second->log;
}

std::optional<PodId> ContainerRunner::pod_of(InstanceId instance) const {
  const auto found = runs_.find(instance);
  if (found == runs_.end()) return std::nullopt;
  return found->second->pod->id;
}

std::optional<pid_t> ContainerRunner::tree_root(InstanceId instance) const {
  const auto found = runs_.find(instance);
  if (found == runs_.end() || !found->second->process) return std::nullopt;
  return found->second->process->pid();
}

Result<linux::ProcessSpec> ContainerRunner::command_for(InstanceId instance,
                                                        const std::vector<std::string>& argv) const {
  const auto found = runs_.find(instance);
  if (found == runs_.end() || !found->second->process) return fail("the container does not run");
  const Run& run = *found->second;
  REEVE_TRY(linux::ProcessSpec process, process_of(run));
  process.argv = argv;
  if (process.isolation == linux::Isolation::none) return process;
  // It finds the root directory and the sandbox where the container is.
  process.join_pidfd = run.process->pidfd();
  process.root_directory.clear();
  process.sandbox = nullptr;
  return process;
}

Result<std::unique_ptr<Command>> ContainerRunner::run_command(InstanceId instance, const CommandSpec& spec,
                                                              CommandEvents events) {
  REEVE_TRY(linux::ProcessSpec process, command_for(instance, spec.argv));
  process.stdin_fd = spec.stdin_fd;
  process.stdout_fd = spec.stdout_fd;
  process.stderr_fd = spec.stderr_fd;
  process.controlling_terminal = spec.has_terminal;
  const bool names_terminal = std::ranges::any_of(
      process.environment, [](const std::string& variable) { return variable.starts_with("TERM="); });
  if (spec.has_terminal && !names_terminal) process.environment.push_back("TERM=xterm");  // as containerd does
  return commands_.run(instance, process, std::move(events));
}

}  // namespace reeve::runtime
