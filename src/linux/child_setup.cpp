#include "linux/child_setup.hpp"

#include "linux/clone.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace reeve::linux {
namespace {

// The C library calls this kernel_sigaction and hides it; sigaction itself refuses two signals it keeps for threads.
struct KernelSigaction {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)();
  std::uint64_t mask;
};

int outcome(long returned) noexcept { return returned < 0 ? errno : 0; }

// pivot_root(".", ".") stacks the old root on the new one (pivot_root(2)). It becomes the current directory: the host's
// devices are taken from it, and it stays until leave_old_root, because the kernel gives a user namespace a fresh /proc
// only while it sees another whole one.
int enter_root(const char* root) noexcept {
  const int old_root = ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (old_root < 0) return errno;
  int code = outcome(::chdir(root));
  if (code == 0) code = outcome(::syscall(SYS_pivot_root, ".", "."));
  if (code == 0) code = outcome(::fchdir(old_root));
  ::close(old_root);
  return code;
}

int leave_old_root() noexcept {
  if (::umount2(".", MNT_DETACH) != 0) return errno;
  return outcome(::chdir("/"));
}

int write_whole(int fd, const char* text) noexcept {
  for (std::size_t left = text == nullptr ? 0 : std::strlen(text); left > 0;) {
    const ssize_t written = ::write(fd, text, left);
    if (written < 0) return errno;
    text += written;
    left -= static_cast<std::size_t>(written);
  }
  return 0;
}

int make_file(const SetupStep& step) noexcept {
  const int fd = ::open(step.target, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, step.mode);
  if (fd < 0) return errno;
  const int code = write_whole(fd, step.data);
  ::close(fd);
  return code;
}

int bind_notify(const char* path) noexcept {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  return outcome(::bind(init_notify_fd, reinterpret_cast<const sockaddr*>(&address), sizeof address));
}

int perform(const SetupStep& step) noexcept {
  using enum SetupStep::Action;
  switch (step.action) {
    case mount:
      return outcome(::mount(step.source, step.target, step.type, step.flags, step.data));
    case make_directory:
      return outcome(::mkdir(step.target, step.mode));
    case make_file:
      return linux::make_file(step);
    case make_link:
      return outcome(::symlink(step.source, step.target));
    case remove_file:
      return outcome(::unlink(step.target));
    case bind_notify:
      return linux::bind_notify(step.target);
    case write_file:
      return write_text(step.target, step.data);
    case enter_root:
      return linux::enter_root(step.target);
    case leave_old_root:
      return linux::leave_old_root();
  }
  return EINVAL;
}

// Goes on to the next candidate after the errors that execvp goes on after.
bool may_be_elsewhere(int code) noexcept {
  return code == ENOENT || code == ENOTDIR || code == EACCES || code == ENODEV || code == ESTALE || code == ETIMEDOUT;
}

SetupFailure execute(const LaunchPlan& plan) noexcept {
  SetupFailure refused;
  for (const char* candidate : plan.candidates) {
    ::execve(candidate, plan.argv.data(), plan.environment.data());
    const int code = errno;
    const bool is_there = code == ENOENT && ::faccessat(AT_FDCWD, candidate, F_OK, 0) == 0;
    const Remedy remedy = is_there ? Remedy::interpreter : Remedy::executable;
    if (is_there || !may_be_elsewhere(code)) return {"cannot execute ", candidate, code, remedy};
    // A file that may not be executed says more than all the places where there is none.
    if (refused.code != EACCES) refused = {"cannot execute ", candidate, code, remedy};
  }
  if (plan.not_found != nullptr && refused.code != EACCES) return {plan.not_found, nullptr, ENOENT, Remedy::executable};
  return refused;
}

}  // namespace

void close_from(int first) noexcept {
  if (::syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, 0U) == 0) return;
  // Before Linux 5.9, or behind a filter that does not know it.
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const int last = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1 << 20));
  for (int fd = first; fd < last; ++fd) ::close(fd);
}

int write_text(const char* path, const char* text) noexcept {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int code = write_whole(fd, text);
  ::close(fd);
  return code;
}

SetupFailure take_descriptors(std::span<const int> wanted) noexcept {
  // Out of the way first: any of them may be one of the numbers that are about to be taken.
  constexpr int usually_enough = 16;
  int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  // A root without devices: an empty file ends as soon as it is read, and takes what nobody is to read.
  if (null < 0 && errno == ENOENT) null = ::memfd_create("null", MFD_CLOEXEC);
  if (null < 0) return {"cannot open /dev/null", nullptr, errno, Remedy::none};
  int moved[init_control_fd + wanted_max];
  const int count = init_control_fd + static_cast<int>(wanted.size());
  const int out_of_the_way = std::max(usually_enough, count);
  for (int to = 0; to < count; ++to) {
    const int from = to < init_control_fd ? -1 : wanted[static_cast<std::size_t>(to - init_control_fd)];
    moved[to] = ::fcntl(from < 0 ? null : from, F_DUPFD_CLOEXEC, out_of_the_way);
    if (moved[to] < 0) return {"cannot keep a descriptor for a new process", nullptr, errno, Remedy::none};
  }
  for (int to = 0; to < count; ++to) {
    const int flags = to < init_control_fd ? 0 : O_CLOEXEC;  // the leader inherits 0 to 2, and puts its own over them
    if (::dup3(moved[to], to, flags) < 0) return {"cannot place a descriptor", nullptr, errno, Remedy::none};
  }
  close_from(count);
  return {};
}

SetupFailure enter_namespaces(const LaunchPlan& plan) noexcept {
  for (const NamespaceEntry& each : plan.to_enter) {
    if (::setns(each.fd, each.kind) != 0) return {plan.entering, nullptr, errno, Remedy::isolation};
  }
  return {};
}

void reset_dispositions() noexcept {
  constexpr int signals_max = 64;
  for (int signal_number = 1; signal_number <= signals_max; ++signal_number) {
    KernelSigaction by_default{};
    // Stopped children are the leader's business: no wake-up for them.
    if (signal_number == SIGCHLD) by_default.flags = SA_NOCLDSTOP;
    ::syscall(SYS_rt_sigaction, signal_number, &by_default, nullptr, sizeof by_default.mask);
  }
}

SetupFailure perform_steps(const LaunchPlan& plan) noexcept {
  for (const SetupStep& step : plan.steps) {
    const int code = perform(step);
    if (step.may_lack_target && (code == ENOENT || code == ENOTDIR)) continue;
    if (code != 0) return {step.what, nullptr, code, step.remedy};
  }
  return {};
}

namespace {

// Each goes down to a number that none of those after it has. The program sees its pid in its own namespace.
SetupFailure take_passed(const LaunchPlan& plan) noexcept {
  constexpr int first = STDERR_FILENO + 1;
  const int from = first_passed_fd(plan);
  for (int i = 0; i < static_cast<int>(plan.passed_fds.size()); ++i) {
    if (::dup2(from + i, first + i) < 0) return {"cannot pass a socket to a new process", nullptr, errno, Remedy::none};
  }
  if (plan.listen_pid == nullptr) return {};
  char digits[LaunchPlan::pid_digits_max];
  std::size_t count = 0;
  for (auto pid = ::getpid(); pid > 0; pid /= 10) digits[count++] = static_cast<char>('0' + pid % 10);
  for (std::size_t i = 0; i < count; ++i) plan.listen_pid[i] = digits[count - 1 - i];
  plan.listen_pid[count] = '\0';
  return {};
}

}  // namespace

int first_passed_fd(const LaunchPlan& plan) noexcept { return init_notify_fd + (plan.notify_fd < 0 ? 0 : 1); }

SetupFailure become_leader(const LaunchPlan& plan, mode_t umask_wanted) noexcept {
  ::setsid();
  if (::dup2(init_stdin_fd, STDIN_FILENO) < 0 || ::dup2(init_stdout_fd, STDOUT_FILENO) < 0 ||
      ::dup2(init_stderr_fd, STDERR_FILENO) < 0) {
    return {"cannot connect the input and output of a new process", nullptr, errno, Remedy::none};
  }
  if (const auto failure = take_passed(plan)) return failure;
  if (plan.controlling_terminal && ::ioctl(STDIN_FILENO, TIOCSCTTY, 0) != 0) {
    return {"cannot make its standard input the controlling terminal of a new process", nullptr, errno, Remedy::none};
  }
  if (plan.change_root != nullptr && ::chroot(plan.change_root) != 0) {
    return {plan.change_root_failed, nullptr, errno, Remedy::none};
  }
  if (::chdir(plan.working_directory) != 0) return {plan.working_directory_failed, nullptr, errno, Remedy::none};
  // Where no namespace ends the tree, the leader at least must not outlive its tiny init.
  if (plan.place != Place::own_namespaces) ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (plan.place != Place::host && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return {"cannot refuse new privileges", nullptr, errno, Remedy::isolation};
  }
  ::umask(umask_wanted);
  set_signal_mask(0);
  return execute(plan);
}

}  // namespace reeve::linux
