#include <reeve/linux/init.hpp>

#include "linux/child_setup.hpp"
#include "linux/clone.hpp"
#include "linux/init_command.hpp"
#include "linux/init_terminal.hpp"
#include "linux/process_tree.hpp"

#include <reeve/linux/clock.hpp>

#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <optional>
#include <utility>

namespace reeve::linux {
namespace {

constexpr std::uint64_t every_signal = ~std::uint64_t{0};
constexpr int signals_max = 64;

// Comes instead of SIGKILL when our parent dies, so that the command can be killed before we go.
constexpr int parent_died_signal = 64;

constexpr int warnings = 1, happenings = 2, signals = 3;

// A descendant that does not even die of SIGKILL, or is not ours to kill, must not hold our exit forever.
constexpr Duration kill_patience = seconds(2);
constexpr Duration look_again = milliseconds(100);

class Init {
 public:
  explicit Init(const InitOptions& options) noexcept : options_(options) {}
  int run();

 private:
  std::optional<int> start();
  void settle_down() noexcept;
  void watch_parent() noexcept;
  bool adopts() const noexcept;

  void watch() noexcept;
  bool take_signal(std::optional<Instant> until) noexcept;
  void forward(int signal_number) noexcept;
  void forward_to_command(int signal_number) noexcept;
  void forward_continue() noexcept;
  void reap() noexcept;
  void child_changed(pid_t pid, int status) noexcept;
  void command_stopped(int signal_number) noexcept;

  void end_descendants() noexcept;
  void signal_all(int signal_number) noexcept;
  void wait_childless(Duration time) noexcept;
  void kill_descendants_now() noexcept;

  [[gnu::format(printf, 3, 4)]] void say(int level, const char* format, ...) const noexcept;

  const InitOptions& options_;
  JobTerminal terminal_;
  pid_t parent_ = ::getppid();
  pid_t command_ = 0;
  int code_ = 0;
  bool ended_ = false;           // the command
  bool childless_ = false;       // nothing that we could wait for is left
  bool stop_was_asked_ = false;  // of us, and passed on
};

void Init::say(int level, const char* format, ...) const noexcept {
  if (options_.verbosity < level) return;
  char line[512] = "reeve init: ";
  const std::size_t prefix = sizeof "reeve init: " - 1;
  va_list values;
  va_start(values, format);
  const int length = std::vsnprintf(line + prefix, sizeof line - prefix - 1, format, values);
  va_end(values);
  if (length < 0) return;
  const std::size_t end = std::min(prefix + static_cast<std::size_t>(length), sizeof line - 2);
  line[end] = '\n';
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line, end + 1);
}

bool Init::adopts() const noexcept {
  int is_subreaper = 0;
  return ::getpid() == 1 || (::prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper) == 0 && is_subreaper != 0);
}

// The kernel ends a whole namespace with its PID 1; elsewhere SIGKILL would take us and leave the command.
void Init::watch_parent() noexcept {
  const int wanted = options_.parent_death_signal;
  if (wanted == 0) return;
  const int arriving = wanted == SIGKILL && ::getpid() != 1 ? parent_died_signal : wanted;
  ::prctl(PR_SET_PDEATHSIG, arriving);
  if (::getppid() != parent_) ::kill(::getpid(), arriving);  // it was faster
}

std::optional<int> Init::start() {
  Inherited inherited;
  inherited.signal_mask = set_signal_mask(every_signal);
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &by_default, &inherited.child_ended);  // ignored, it would hide how the command ends
  if (options_.becomes_subreaper && ::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
    say(0, "%s", Error{"cannot become a subreaper", errno}.message().c_str());
    return 1;
  }
  if (!adopts()) {
    say(warnings,
        "warning: neither PID 1 nor a subreaper (-s): processes that the command leaves behind are neither reaped nor "
        "ended");
  }
  watch_parent();
  const Foreground foreground = JobTerminal::is_ours() ? Foreground::give : Foreground::keep;
  const StartedCommand started = start_command(options_, inherited, foreground);
  if (started.pid <= 0) {
    say(0, "%s", started.error.c_str());
    return started.exit_code;
  }
  command_ = started.pid;
  if (foreground == Foreground::give) terminal_.given_to(command_);
  say(happenings, "started %s with pid %d", options_.command.front().c_str(), command_);
  return std::nullopt;
}

// Lets go of the pages of a loaded file that only our start needed; what is needed again is read again.
int forget_file(dl_phdr_info* file, std::size_t, void*) noexcept {
  const std::uintptr_t page = static_cast<std::uintptr_t>(::getpagesize());
  for (int i = 0; i < file->dlpi_phnum; ++i) {
    const auto& part = file->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = (file->dlpi_addr + part.p_vaddr) & ~(page - 1);
    const std::uintptr_t end = file->dlpi_addr + part.p_vaddr + part.p_memsz;
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

// Whatever we still held open, others would wait for in vain: ends of pipes, listening sockets, directories.
void Init::settle_down() noexcept {
  close_from(STDERR_FILENO + 1);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null >= 0) {
    if (!terminal_.is_given()) ::dup2(null, STDIN_FILENO);
    ::dup2(null, STDOUT_FILENO);
    if (null > STDERR_FILENO) ::close(null);
  }
  [[maybe_unused]] const int entered = ::chdir("/");
  ::dl_iterate_phdr(forget_file, nullptr);
}

void Init::command_stopped(int signal_number) noexcept {
  say(happenings, "the command was stopped by signal %d", signal_number);
  if (!terminal_.is_given()) {
    // Only what came through us: who stops the command itself will continue it, and not us.
    if (std::exchange(stop_was_asked_, false)) stop_until_continued(Stopping::ourselves);
    return;
  }
  const bool wanted_terminal = signal_number == SIGTTIN || signal_number == SIGTTOU;
  if (wanted_terminal && terminal_.give_again()) {
    ::kill(-command_, SIGCONT);
    return;
  }
  const bool stopped = stop_until_continued(Stopping::our_group);
  // Without a shell above, nobody would ever continue it: at its place the kernel had not stopped it either.
  if (!stopped && !std::exchange(stop_was_asked_, false)) ::kill(-command_, SIGCONT);
}

void Init::child_changed(pid_t pid, int status) noexcept {
  if (WIFSTOPPED(status)) {
    if (pid == command_ && !ended_) command_stopped(WSTOPSIG(status));
    return;
  }
  if (pid != command_ || ended_) {
    if (options_.tells_reaped) say(warnings, "reaped process %d", pid);
    return;
  }
  ended_ = true;
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  say(happenings, "the command ended with %s %d", WIFEXITED(status) ? "exit code" : "signal",
      WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

void Init::reap() noexcept {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG | WUNTRACED | __WALL);
    childless_ = pid < 0 && errno == ECHILD;
    if (pid <= 0) return;
    child_changed(pid, status);
  }
}

void Init::forward_to_command(int signal_number) noexcept {
  if (signal_number == SIGTSTP || signal_number == SIGTTIN || signal_number == SIGTTOU) stop_was_asked_ = true;
  say(signals, "passing on signal %d", signal_number);
  const bool no_such_group =
      options_.signals_group && ::kill(-command_, signal_number) != 0 && errno == ESRCH;  // it made one of its own
  if (options_.signals_group && !no_such_group) return;
  if (::kill(command_, signal_number) != 0 && errno != ESRCH) {
    say(warnings, "warning: cannot pass on signal %d: errno %d", signal_number, errno);
  }
}

void Init::forward_continue() noexcept {
  stop_was_asked_ = false;
  terminal_.give_again();
  if (terminal_.is_given()) {
    ::kill(-command_, SIGCONT);
  } else {
    forward_to_command(SIGCONT);
  }
}

void Init::forward(int signal_number) noexcept {
  if (ended_) {
    signal_all(signal_number);
  } else if (signal_number == SIGCONT) {
    forward_continue();
  } else {
    forward_to_command(signal_number);
  }
}

// Waits for one signal and deals with it; false when the time is over.
bool Init::take_signal(std::optional<Instant> until) noexcept {
  siginfo_t received{};
  timespec left{};
  if (until) {
    const Duration time = std::max(*until - monotonic_now(), Duration{0});
    left.tv_sec = static_cast<time_t>(time.count() / 1'000'000'000);
    left.tv_nsec = static_cast<long>(time.count() % 1'000'000'000);
  }
  const long got =
      ::syscall(SYS_rt_sigtimedwait, &every_signal, &received, until ? &left : nullptr, sizeof every_signal);
  if (got < 0) return errno != EAGAIN;
  int signal_number = static_cast<int>(got);
  const bool is_from_kernel = received.si_code > 0;
  if (signal_number == SIGCHLD) reap();
  if (signal_number == SIGCHLD && is_from_kernel) return true;
  const bool parent_died = signal_number == parent_died_signal && options_.parent_death_signal == SIGKILL &&
                           ::getpid() != 1 && ::getppid() != parent_;
  if (parent_died) signal_number = SIGKILL;
  forward(signal_number);
  return true;
}

void Init::watch() noexcept {
  while (!ended_) take_signal(std::nullopt);
}

void Init::signal_all(int signal_number) noexcept {
  if (::getpid() == 1) {
    ::kill(-1, signal_number);
  } else if (adopts()) {
    signal_descendants(signal_number);
  }
}

void Init::wait_childless(Duration time) noexcept {
  const Instant until = later(monotonic_now(), time);
  while (!childless_ && take_signal(until)) reap();
}

void Init::kill_descendants_now() noexcept {
  if (::getpid() == 1) return;  // the kernel kills them at our exit, and lets nobody wait for us before they are gone
  const Instant until = later(monotonic_now(), kill_patience);
  while (!childless_ && monotonic_now() < until) {
    if (!kill_descendants()) break;
    wait_childless(look_again);
  }
  if (!childless_) say(warnings, "warning: some of them could not be killed");
}

void Init::end_descendants() noexcept {
  reap();
  if (childless_ || options_.leaves_descendants || !adopts()) return;
  if (options_.grace > Duration{0}) {
    say(happenings, "ending what the command left behind");
    signal_all(SIGTERM);
    signal_all(SIGCONT);  // who is stopped could not end
    wait_childless(options_.grace);
  }
  if (childless_) return;
  if (options_.grace > Duration{0}) {
    say(warnings, "warning: what the command left behind is killed: it did not end by itself in time");
  }
  kill_descendants_now();
}

int Init::run() {
  if (const auto failed = start()) return *failed;
  settle_down();
  reap();
  watch();
  terminal_.take_back();
  end_descendants();
  return options_.codes_to_0.test(static_cast<std::size_t>(code_)) ? 0 : code_;
}

}  // namespace

int run_init(const InitOptions& options) { return Init(options).run(); }

}  // namespace reeve::linux
