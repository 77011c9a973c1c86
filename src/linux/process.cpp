#include <reeve/linux/process.hpp>

#include "linux/clone_tree.hpp"
#include "linux/control.hpp"
#include "linux/launch_plan.hpp"
#include "linux/process_tree.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace reeve::linux {
namespace {

struct Sockets {
  UniqueFd ours;
  UniqueFd theirs;
};

Result<Sockets> make_control_sockets() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return fail("cannot make a control socket", errno);
  }
  Sockets sockets{UniqueFd(ends[0]), UniqueFd(ends[1])};
  const int on = 1;
  if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0 ||
      ::setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) {
    return fail("cannot set up a control socket", errno);
  }
  return sockets;
}

// A program that the host has under /tmp is not there in a pod: the commonest surprise of a private /tmp.
std::string tmp_hint(const std::string& text, int code) {
  if (code != ENOENT || text.find(" /tmp/") == std::string::npos) return "";
  return std::string("; a pod has a /tmp of its own: keep the program elsewhere, or ") + isolation_remedy;
}

ProcessStartFailed describe(const ReportHeader& header, bool is_private, std::string text) {
  const Error error{std::move(text), header.value};
  std::string message = error.message() + advice(header.remedy, header.value);
  if (is_private) message += tmp_hint(error.what, header.value);
  return {std::move(message), header.value};
}

struct Received {
  ssize_t bytes = 0;
  int code = 0;
  ReportHeader header{};
  pid_t sender = 0;
  std::string text;
};

pid_t sender_of(msghdr& message) {
  for (cmsghdr* item = CMSG_FIRSTHDR(&message); item != nullptr; item = CMSG_NXTHDR(&message, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_CREDENTIALS) continue;
    ucred credentials{};
    std::memcpy(&credentials, CMSG_DATA(item), sizeof credentials);
    return credentials.pid;
  }
  return 0;
}

Received receive(int control_fd) {
  Received received;
  char text[report_text_max];
  iovec parts[2] = {{&received.header, sizeof received.header}, {text, sizeof text}};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  do {
    received.bytes = ::recvmsg(control_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    // Told once, before the reports that wait, when the tiny init left without reading our last command.
  } while (received.bytes < 0 && errno == ECONNRESET);
  if (received.bytes < 0) received.code = errno;
  if (received.bytes < static_cast<ssize_t>(sizeof received.header)) return received;
  received.sender = sender_of(message);
  received.text.assign(text, static_cast<std::size_t>(received.bytes) - sizeof received.header);
  return received;
}

}  // namespace

Result<Process> Process::start(const ProcessSpec& spec) {
  LaunchPlan plan;
  REEVE_TRY_VOID(fill_launch_plan(plan, spec));
  if (plan.place == Place::host && !proc_is_ours()) {
    return fail(
        "cannot watch over a tree without namespaces: /proc does not show this pid namespace; mount proc on it");
  }
  REEVE_TRY(Sockets control, make_control_sockets());
  plan.control_fd = control.theirs.get();
  plan.heap = find_heap();
  if (spec.join_pidfd) REEVE_TRY_VOID(plan_joining(plan, *spec.join_pidfd));
  REEVE_TRY(const Cloned cloned, clone_tree(plan));
  const KilledBy killed_by = plan.place == Place::own_namespaces ? KilledBy::kernel : KilledBy::tiny_init;
  return Process(cloned.pid, UniqueFd(cloned.pidfd), std::move(control.ours), killed_by);
}

// The tiny init is gone without a word, so somebody killed it, and with it the tree.
std::optional<ProcessReport> Process::last_words() {
  finished_ = true;
  if (started_) return ProcessEnded{SIGKILL};
  return ProcessStartFailed{"cannot start a process: its tiny init was killed before it could tell how it went", EINTR};
}

std::optional<ProcessReport> Process::read_report() {
  if (finished_) return std::nullopt;
  Received received = receive(control_.get());
  if (received.code == EAGAIN || received.code == EINTR) return std::nullopt;
  if (received.bytes < static_cast<ssize_t>(sizeof received.header)) return last_words();
  switch (received.header.kind) {
    case ReportKind::started:
      started_ = true;
      // Credentials of the tiny init itself say that it was refused to send those of its leader.
      return ProcessStarted{received.sender != 0 && received.sender != pid_ ? received.sender : received.header.value};
    case ReportKind::failed:
      finished_ = true;
      return describe(received.header, killed_by_ == KilledBy::kernel, std::move(received.text));
    case ReportKind::ended:
      finished_ = true;
      return ProcessEnded{received.header.value};
  }
  return last_words();
}

namespace {

// 0: there is none to be seen.
ino_t pid_namespace_of(pid_t process) {
  struct stat there {};
  return ::stat(("/proc/" + std::to_string(process) + "/ns/pid").c_str(), &there) == 0 ? there.st_ino : 0;
}

}  // namespace

// A process may have a namespace of its own inside, and one that was joined to the tree has its parent outside.
Process::Member Process::has_member(pid_t process) const {
  constexpr int depth_max = 4096;  // parents that end while we look could lead anywhere
  if (process <= 0) return Member::no;
  const ino_t ours = killed_by_ == KilledBy::kernel ? pid_namespace_of(pid_) : 0;
  pid_t at = process;
  for (int depth = 0; depth < depth_max && at > 1; ++depth) {
    if (at == pid_ || (ours != 0 && pid_namespace_of(at) == ours)) return Member::yes;
    const pid_t parent = parent_of(at);
    if (parent == 0 && at == process) return Member::gone;
    at = parent;
  }
  return Member::no;
}

Result<void> Process::command(int signal_number, const char* what) {
  const Command command{signal_number};
  if (::send(control_.get(), &command, sizeof command, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return {};
  return fail(what, errno == EPIPE || errno == ECONNRESET ? ESRCH : errno);
}

Result<void> Process::signal(int signal_number) {
  if (signal_number < 1 || signal_number > 64) return fail("cannot signal a process: no such signal");
  return command(signal_number, "cannot signal a process");
}

Result<void> Process::kill_tree() {
  const char* what = "cannot kill a process tree";
  Result<void> killed;
  if (killed_by_ == KilledBy::tiny_init) {
    killed = command(end_the_tree, what);
  } else if (::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0) != 0) {
    killed = fail(what, errno);
  }
  if (!killed && killed.error().code == ESRCH) return {};  // it is gone already
  return killed;
}

}  // namespace reeve::linux
