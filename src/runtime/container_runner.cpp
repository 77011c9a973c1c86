#include "runtime/container_runner.hpp"

#include "runtime/journal.hpp"
#include "runtime/launch.hpp"
#include "runtime/narrator.hpp"
#include "runtime/notify_listener.hpp"
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

// Ours outweighs what was written: a probe waits for it.
void set_variable(linux::ProcessSpec& process, const std::string& name, const std::string& value) {
  std::erase_if(process.environment, [&](const std::string& each) { return each.starts_with(name + "="); });
  process.environment.push_back(name + "=" + value);
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
  std::string journal_fields;  // empty where there is no journal
  // What it was started from, for commands that are run beside it.
  std::shared_ptr<const PodIdentity> pod;
  std::shared_ptr<const PodSpec> spec;
  const ContainerSpec* container = nullptr;
  std::shared_ptr<const Environment> environment;
  std::shared_ptr<const Settings> settings;
  std::optional<linux::Process> process;
  std::string notify_address;  // as the program finds it; empty: nobody listens
  std::unique_ptr<NotifyListener> notify;
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
  if (narrator_.journal() != nullptr) run.journal_fields = Journal::fields_of(*effect.pod, *effect.container);
  run.pod = effect.pod;
  run.spec = effect.spec;
  run.container = effect.container;
  run.environment = effect.environment;
  run.settings = settings_;
  run.log = std::make_shared<InstanceLog>(settings_->log_bytes);
  runs_.emplace(effect.instance, std::move(owned));
  sandboxes_.make_room(effect.pod->id);
  if (auto started = start(run, effect); !started) {
    run.process.reset();  // one that cannot be watched must not live on unwatched
    run.notify.reset();
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
  if (run.notify_address.empty()) return process;
  set_variable(process, "NOTIFY_SOCKET", run.notify_address);
  if (run.container->liveness_probe && run.container->liveness_probe->notify) {
    const Duration silence = ProbeWorker(ProbeType::liveness, *run.container->liveness_probe).silence_max();
    set_variable(process, "WATCHDOG_USEC",
                 std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(silence).count()));
  }
  return process;
}

// In the /tmp that is the container's alone; without one, a name that is in nobody's file system and so in every root.
Result<void> ContainerRunner::open_notify(Run& run) {
  const bool is_private = run.spec->isolation.value_or(run.settings->isolation) == Isolation::private_namespaces;
  const std::string name = "reeve/" + run.pod->uid + "/" + std::to_string(run.instance.value);
  REEVE_TRY(linux::NotifySocket socket,
            is_private ? linux::NotifySocket::make() : linux::NotifySocket::make_abstract(name));
  NotifyListener::Events events{[&run](pid_t sender) { return run.process->has_member(sender); },
                                [this, &run](NotifyMessage message) {
                                  post_(ProcessNotified{run.instance, std::move(message)});
                                },
                                [this, &run](std::string why) {
                                  post_(NotifyRefused{run.instance, std::move(why)});
                                }};
  const auto reach = is_private ? NotifyListener::Reach::container : NotifyListener::Reach::host;
  run.notify = std::make_unique<NotifyListener>(std::move(socket), reach, std::move(events));
  run.notify_address = is_private ? linux::notify_path : "@" + name;
  return {};
}

Result<void> ContainerRunner::pass_sockets(const StartContainer& effect, linux::ProcessSpec& process) const {
  std::string names;
  for (const PassedPort& each : effect.sockets) {
    const std::string what = "cannot pass the sockets of service " + each.service;
    if (!each.id) return fail(what + ": there is no such service, or the proxy serves it");
    auto sockets = sockets_of_(*each.id);
    if (!sockets) return tl::unexpected(std::move(sockets.error()).within(what));
    for (const int socket : *sockets) {
      process.passed_fds.push_back(socket);
      names += (names.empty() ? "" : ":") + each.name;
    }
  }
  if (process.passed_fds.empty()) return {};
  set_variable(process, "LISTEN_FDS", std::to_string(process.passed_fds.size()));
  set_variable(process, "LISTEN_FDNAMES", names);
  std::erase_if(process.environment, [](const std::string& each) { return each.starts_with("LISTEN_PID="); });
  return {};
}

Result<void> ContainerRunner::start(Run& run, const StartContainer& effect) {
  if (has_notify_probe(*run.container)) REEVE_TRY_VOID(open_notify(run));
  REEVE_TRY(linux::ProcessSpec process_spec, process_of(run));
  if (run.notify && process_spec.isolation == linux::Isolation::private_namespaces) {
    process_spec.notify_fd = run.notify->fd();
  }
  REEVE_TRY_VOID(pass_sockets(effect, process_spec));
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
    take_line(run, {now, output.source, end == LineSplitter::LineEnd::cut, line});
    if (records_.size() >= records_kept_at) keep_records(run);
  });
  keep_records(run);
}

void ContainerRunner::take_line(const Run& run, const LogRecord& line) {
  append_record(records_, line);
  // What the journal cannot take now goes where all else goes.
  Journal* const journal = narrator_.journal();
  if (journal != nullptr && journal->write(run.journal_fields, line.source, line.text)) return;
  narrator_.container_line(run.prefix, {.time = line.when,
                                        .pod = run.pod->name,
                                        .container = run.container->name,
                                        .stream = line.source == LogSource::out ? "stdout" : "stderr",
                                        .message = line.text,
                                        .is_partial = line.is_cut});
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
      take_line(run, {now, each->source, false, line});
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
      if (run.notify) listen(run);
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

// Only now, so that nothing the program says comes before its start.
void ContainerRunner::listen(Run& run) {
  if (auto heard = run.notify->listen(loop_); !heard) narrator_.warn(run.prefix + " " + heard.error().message());
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
  run.notify.reset();
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
