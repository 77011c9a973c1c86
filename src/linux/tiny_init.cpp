#include "linux/tiny_init.hpp"

#include "linux/child_setup.hpp"
#include "linux/control.hpp"
#include "linux/process_tree.hpp"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace reeve::linux {
namespace {

// Comes when our parent dies, where it must not kill us before we have killed the tree. Nobody else sends it.
constexpr int parent_died_signal = 64;

class TinyInit {
 public:
  explicit TinyInit(const LaunchPlan& plan) noexcept : plan_(plan) {}

  // From the first instruction to the leader's exec. A failure leaves nothing running.
  SetupFailure start() noexcept;

  void report_started() noexcept;
  void report_failed(const SetupFailure& failure) noexcept;

  // Lets go of the copy of reeve's heap: the secrets of other pods, and pages that reeve goes on changing.
  void forget_heap() noexcept;

  // Sleeps until something happens, and returns once it is time to end the tree.
  void watch() noexcept;

  // Kills what is left of the tree; the leader's end is reported if it had not been.
  void end_tree() noexcept;

 private:
  enum class Next { watch, end };

  SetupFailure outlive_nobody() noexcept;
  SetupFailure listen_for_signals() noexcept;
  SetupFailure start_leader() noexcept;
  void send_report(const ReportHeader& header, const char* what, const char* detail) noexcept;
  Next take_signals() noexcept;
  Next take_commands() noexcept;
  Next reap(int wait_flags) noexcept;
  static int lead(void* argument) noexcept;

  const LaunchPlan& plan_;  // its texts are gone after forget_heap
  pid_t leader_ = 0;
  int signal_fd_ = -1;
  mode_t umask_ = 0;
  bool ended_ = false;           // the leader's end was reported
  bool childless_ = false;       // nothing of the tree is left
  SetupFailure leader_failure_;  // written by the leader, which shares our memory until its exec
};

// Whoever kills reeve kills its trees. A namespace dies with its init at once, so SIGKILL will do there.
SetupFailure TinyInit::outlive_nobody() noexcept {
  const bool kernel_ends_tree = plan_.place == Place::own_namespaces;
  const int signal_number = kernel_ends_tree ? SIGKILL : parent_died_signal;
  if (::prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0) != 0) {
    return {"cannot tie a process to its supervisor", nullptr, errno, Remedy::none};
  }
  if (!kernel_ends_tree && ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
    return {"cannot become the parent of orphaned processes", nullptr, errno, Remedy::none};
  }
  // It may have died before: then the control socket is at its end.
  char byte;
  if (::recv(init_control_fd, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) == 0) ::_exit(0);
  return {};
}

SetupFailure TinyInit::listen_for_signals() noexcept {
  const std::uint64_t every_signal = ~std::uint64_t{0};
  const long fd = ::syscall(SYS_signalfd4, -1, &every_signal, sizeof every_signal, SFD_CLOEXEC | SFD_NONBLOCK);
  signal_fd_ = static_cast<int>(fd);
  if (fd < 0) return {"cannot listen for signals", nullptr, errno, Remedy::none};
  return {};
}

SetupFailure TinyInit::start() noexcept {
  ::setsid();  // a terminal's Ctrl-C is for reeve, which then asks us
  // We are a copy of reeve's memory. In a user namespace of ours it is our capabilities that keep the tree from reading
  // it, and being non-dumpable would keep reeve itself from writing our identity and from joining us.
  ::prctl(PR_SET_DUMPABLE, plan_.user_namespace ? 1 : 0, 0, 0, 0);
  reset_dispositions();
  umask_ = ::umask(0);
  if (::chdir("/") != 0) return {"cannot enter /", nullptr, errno, Remedy::none};
  // Namespaces are entered while their descriptors are there, but told of once there is somewhere to tell it.
  const SetupFailure left_out = plan_.is_entered_before_clone ? SetupFailure{} : enter_namespaces(plan_);
  int wanted[wanted_max] = {plan_.control_fd, plan_.stdin_fd, plan_.stdout_fd, plan_.stderr_fd};
  std::size_t count = 4;
  if (plan_.notify_fd >= 0) wanted[count++] = plan_.notify_fd;
  for (const int each : plan_.passed_fds) wanted[count++] = each;
  if (const auto failure = take_descriptors({wanted, count})) return failure;
  if (left_out) return left_out;
  if (const auto failure = listen_for_signals()) return failure;
  if (const auto failure = outlive_nobody()) return failure;
  if (const auto failure = perform_steps(plan_)) return failure;
  return start_leader();
}

// On a stack that no sanitizer knows.
[[gnu::no_sanitize_address]] int TinyInit::lead(void* argument) noexcept {
  auto& init = *static_cast<TinyInit*>(argument);
  init.leader_failure_ = become_leader(init.plan_, init.umask_);
  ::_exit(127);
}

// Like vfork, but on a stack of its own: no page table is copied, and we sleep until the exec.
SetupFailure TinyInit::start_leader() noexcept {
  char* const stack_end = plan_.leader_stack.get() + LaunchPlan::leader_stack_bytes;
  leader_ = ::clone(&TinyInit::lead, stack_end, CLONE_VM | CLONE_VFORK | SIGCHLD, this);
  if (leader_ < 0) return {"cannot fork the leader of a container", nullptr, errno, Remedy::none};
  if (leader_failure_) {
    ::waitpid(leader_, nullptr, 0);
    return leader_failure_;
  }
  // They end when the last process of the tree lets go of them, and that is not us.
  ::close(init_stdin_fd);
  ::close(init_stdout_fd);
  ::close(init_stderr_fd);
  for (int fd = init_notify_fd; fd < signal_fd_; ++fd) ::close(fd);
  return {};
}

void TinyInit::send_report(const ReportHeader& header, const char* what, const char* detail) noexcept {
  ReportHeader copy = header;
  iovec parts[3] = {{&copy, sizeof copy}, {nullptr, 0}, {nullptr, 0}};
  if (what != nullptr) parts[1] = {const_cast<char*>(what), std::strlen(what)};
  if (detail != nullptr) parts[2] = {const_cast<char*>(detail), std::strlen(detail)};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 3;
  ::sendmsg(init_control_fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

// The leader's pid travels as credentials, which the kernel translates into the pid namespace of the receiver.
void TinyInit::report_started() noexcept {
  ReportHeader header{ReportKind::started, leader_, Remedy::none};
  iovec part{&header, sizeof header};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* credentials = CMSG_FIRSTHDR(&message);
  credentials->cmsg_level = SOL_SOCKET;
  credentials->cmsg_type = SCM_CREDENTIALS;
  credentials->cmsg_len = CMSG_LEN(sizeof(ucred));
  const ucred leader{leader_, ::geteuid(), ::getegid()};
  std::memcpy(CMSG_DATA(credentials), &leader, sizeof leader);
  if (::sendmsg(init_control_fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return;
  send_report(header, nullptr, nullptr);  // refused without privileges; on the host the number is right as it is
}

void TinyInit::report_failed(const SetupFailure& failure) noexcept {
  send_report({ReportKind::failed, failure.code, failure.remedy}, failure.what, failure.detail);
}

// Collects what has ended. The leader's end is told at once, before anything else of the tree is looked at.
TinyInit::Next TinyInit::reap(int wait_flags) noexcept {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, wait_flags | __WALL);
    childless_ = pid < 0 && errno == ECHILD;
    if (pid <= 0) break;
    if (pid == leader_ && !ended_) {
      ended_ = true;
      send_report({ReportKind::ended, status, Remedy::none}, nullptr, nullptr);
    }
    wait_flags |= WNOHANG;
  }
  return ended_ ? Next::end : Next::watch;
}

TinyInit::Next TinyInit::take_signals() noexcept {
  signalfd_siginfo received;
  while (::read(signal_fd_, &received, sizeof received) == static_cast<ssize_t>(sizeof received)) {
    const int signal_number = static_cast<int>(received.ssi_signo);
    if (signal_number == parent_died_signal) return Next::end;
    if (signal_number != SIGCHLD) ::kill(leader_, signal_number);
  }
  return reap(WNOHANG);
}

TinyInit::Next TinyInit::take_commands() noexcept {
  for (;;) {
    Command command{};
    const ssize_t got = ::recv(init_control_fd, &command, sizeof command, MSG_DONTWAIT);
    if (got < 0) return errno == EAGAIN || errno == EINTR ? Next::watch : Next::end;
    if (got == 0 || command.signal_number == end_the_tree) return Next::end;
    ::kill(leader_, command.signal_number);
  }
}

void TinyInit::forget_heap() noexcept {
  if (plan_.heap.bytes == 0) return;
  ::madvise(plan_.heap.begin, plan_.heap.bytes, MADV_DONTNEED);
}

void TinyInit::watch() noexcept {
  pollfd sources[2] = {{signal_fd_, POLLIN, 0}, {init_control_fd, POLLIN, 0}};
  for (;;) {
    if (::poll(sources, 2, -1) < 0) continue;
    // Signals first: once the leader is reaped its pid may be anybody's, and no command may reach it.
    if (sources[0].revents != 0 && take_signals() == Next::end) return;
    if (sources[1].revents != 0 && take_commands() == Next::end) return;
  }
}

void TinyInit::end_tree() noexcept {
  // As PID 1 of its namespace our exit kills everything, and the kernel lets nobody wait for us before it is gone.
  if (plan_.place == Place::own_namespaces) return;
  constexpr int retry_milliseconds = 10;
  // A leader that left nothing behind, as most do, costs no look into /proc.
  while (!childless_) {
    const bool looked = kill_descendants();
    if (!looked && !ended_) ::kill(-leader_, SIGKILL);
    if (!looked) ::poll(nullptr, 0, retry_milliseconds);
    reap(looked ? 0 : WNOHANG);
  }
}

}  // namespace

void run_tiny_init(const LaunchPlan& plan) noexcept {
  TinyInit init(plan);
  if (const auto failure = init.start()) {
    init.report_failed(failure);
    ::_exit(1);
  }
  init.report_started();
  init.forget_heap();
  init.watch();
  init.end_tree();
  ::_exit(0);
}

}  // namespace reeve::linux
