#include <reeve/linux/process.hpp>

#include "linux/clone.hpp"
#include "linux/control.hpp"
#include "linux/launch_plan.hpp"
#include "linux/process_tree.hpp"
#include "linux/tiny_init.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace reeve::linux {
namespace {

constexpr const char* isolation_remedy = "write isolation = \"none\" to run without private namespaces";

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

Cloned clone_tree(const LaunchPlan& plan) {
  constexpr std::uint64_t own = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;
  std::uint64_t flags = plan.place == Place::own_namespaces ? own : 0;
  if (flags != 0 && plan.user_namespace) flags |= CLONE_NEWUSER;
  const SignalsBlocked until_we_are_back;
  const Cloned cloned = clone_process(flags, SIGCHLD);
  if (cloned.pid == 0) run_tiny_init(plan);
  return cloned;
}

Result<pid_t> pid_of(int pidfd) {
  REEVE_TRY(const std::string info, read_file("/proc/self/fdinfo/" + std::to_string(pidfd), 4096));
  const std::size_t line = info.find("\nPid:");
  const int pid = line == std::string::npos ? -1 : std::atoi(info.c_str() + line + 5);
  if (pid <= 0) return fail("cannot join a container: it has ended");
  return pid;
}

// The kinds of namespaces that a process has and we do not share. Joining one we are in already could be refused.
Result<int> namespaces_of(pid_t pid) {
  struct Kind {
    const char* name;
    int flag;
  };
  constexpr Kind kinds[] = {{"user", CLONE_NEWUSER}, {"pid", CLONE_NEWPID}, {"mnt", CLONE_NEWNS},
                            {"ipc", CLONE_NEWIPC},   {"uts", CLONE_NEWUTS}, {"net", CLONE_NEWNET}};
  int flags = 0;
  for (const auto& [name, flag] : kinds) {
    const std::string theirs = "/proc/" + std::to_string(pid) + "/ns/" + name;
    struct stat ours_is {};
    struct stat theirs_is {};
    if (::stat(theirs.c_str(), &theirs_is) != 0) return fail("cannot join a container: cannot read " + theirs, errno);
    if (::stat((std::string("/proc/self/ns/") + name).c_str(), &ours_is) != 0) continue;  // a kind this kernel lacks
    if (ours_is.st_ino != theirs_is.st_ino) flags |= flag;
  }
  return flags;
}

struct Joining {
  const LaunchPlan& plan;
  int pidfd;
  int namespaces;
  Cloned cloned;
};

// Only the children of a process enter a pid namespace it joins. So a helper joins, shares our memory and descriptors
// while it does, and leaves us a child (CLONE_PARENT) that was born inside. The address sanitizer would complain about
// its stack.
[[gnu::no_sanitize_address]] int join_and_clone(void* argument) noexcept {
  auto& joining = *static_cast<Joining*>(argument);
  if (::setns(joining.pidfd, joining.namespaces) != 0) {
    joining.cloned.code = errno;
    ::_exit(1);
  }
  joining.cloned = clone_process(CLONE_PARENT, 0);
  if (joining.cloned.pid == 0) run_tiny_init(joining.plan);
  ::_exit(0);
}

Result<Cloned> clone_joined(const LaunchPlan& plan, int pidfd) {
  REEVE_TRY(const pid_t container, pid_of(pidfd));
  REEVE_TRY(const int namespaces, namespaces_of(container));
  constexpr std::size_t stack_bytes = 64 * 1024;  // the child goes on living on a copy of it
  const std::unique_ptr<char[]> stack(new char[stack_bytes]);
  Joining joining{plan, pidfd, namespaces, {}};
  const SignalsBlocked until_we_are_back;
  const int flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD;
  const pid_t helper = ::clone(&join_and_clone, stack.get() + stack_bytes, flags, &joining);
  if (helper < 0) return fail("cannot fork into a container", errno);
  ::waitpid(helper, nullptr, __WALL);
  return joining.cloned;
}

Error clone_failed(const LaunchPlan& plan, int code) {
  if (plan.place == Place::joined) return Error{"cannot enter the namespaces of a container", code};
  if (plan.place == Place::host || code == EAGAIN || code == ENOMEM) return Error{"cannot fork", code};
  return Error{std::string("cannot make private namespaces (") + isolation_remedy + ")", code};
}

// What to do about a failure, to follow the text of what failed.
std::string advice(Remedy remedy, int code) {
  switch (remedy) {
    case Remedy::none:
      return "";
    case Remedy::isolation:
      return std::string("; ") + isolation_remedy;
    case Remedy::proc_covered:
      return std::string("; ") +
             (code == EPERM ? "something covers parts of /proc here, as in most containers: " : "") + isolation_remedy;
    case Remedy::root_lacks_directory:
      return code == ENOENT ? "; make that directory in the root directory" : std::string("; ") + isolation_remedy;
    case Remedy::interpreter:
      return "; the file is there, but not the interpreter its first line names, or its dynamic loader";
    case Remedy::executable:
      return code == ENOEXEC ? "; it is no program for this machine, and has no #! line" : "";
  }
  return "";
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
  Cloned cloned;
  if (spec.join_pidfd) {
    REEVE_TRY(cloned, clone_joined(plan, *spec.join_pidfd));
  } else {
    cloned = clone_tree(plan);
  }
  if (cloned.pid < 0) return tl::unexpected<Error>(clone_failed(plan, cloned.code));
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
