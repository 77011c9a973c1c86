#pragma once
// One supervised process tree: a leader and whatever it starts, under a tiny init that ends all of it.

#include <reeve/core/result.hpp>
#include <reeve/linux/fd.hpp>

#include <sys/types.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace reeve::linux {

class Sandbox;

enum class Isolation {
  private_namespaces,  // own pid and mount namespaces, and own IPC and UTS namespaces where there is no sandbox to
                       // share them; a user namespace too where we lack CAP_SYS_ADMIN
  none,                // our own namespaces; the tree is known as the descendants of a child subreaper
};

struct ProcessSpec {
  std::vector<std::string> argv;         // argv[0] is looked up in the PATH of `environment` inside root_directory
  std::vector<std::string> environment;  // "NAME=value", the whole of it
  std::string working_directory;         // empty: "/"
  std::string root_directory;            // absolute; empty or "/": the host's own root
  Isolation isolation = Isolation::private_namespaces;
  const Sandbox* sandbox = nullptr;  // the pod's, borrowed until start returns; goes with private_namespaces
  int stdin_fd = -1;                 // borrowed until start returns, as the others are; -1: /dev/null
  int stdout_fd = -1;
  int stderr_fd = -1;
  bool controlling_terminal = false;  // stdin is a terminal nobody else is controlled by: it becomes the leader's
  int notify_fd = -1;                 // a datagram socket, to be bound to notify_path; goes with private_namespaces
  std::vector<int> passed_fds;        // the leader's from 3 on, at most passed_fds_max; LISTEN_PID is then its own pid
  static constexpr std::size_t passed_fds_max = 48;
  // Run inside all namespaces of the container whose tiny init this pidfd is, in its root directory (isolation is then
  // private_namespaces, and root_directory and sandbox are empty).
  std::optional<int> join_pidfd;
};

// The exec succeeded; leader is its pid as we see it.
struct ProcessStarted {
  pid_t leader;
};

// Nothing runs: "cannot execute /usr/bin/web: No such file or directory".
struct ProcessStartFailed {
  std::string message;
  int code;
};

// The leader ended with this wait status; the rest of its tree is being killed or has been.
struct ProcessEnded {
  int wait_status;
};

using ProcessReport = std::variant<ProcessStarted, ProcessStartFailed, ProcessEnded>;

// Owns the way to talk to one tree's tiny init. Destroying it makes the tiny init end the whole tree.
class Process {
 public:
  // Begins the start and returns at once; how it went comes as a report. Call it from the main thread only: the tree
  // ends when the thread that started it does.
  static Result<Process> start(const ProcessSpec& spec);

  // The tiny init, our child. Nothing of the tree is left when the reaper returns this pid, unless somebody else killed
  // the tiny init of a tree without a pid namespace of its own.
  pid_t pid() const noexcept { return pid_; }
  int pidfd() const noexcept { return pidfd_.get(); }

  // Non-blocking; readable when a report waits. Stop polling it after the last report.
  int control_fd() const noexcept { return control_.get(); }

  // The next report, or nothing yet. The last one is always ProcessStartFailed or ProcessEnded, also when the tiny
  // init was itself killed (then the wait status says SIGKILL).
  std::optional<ProcessReport> read_report();

  // Whether a process is of this tree: inside its pid namespace, or a descendant of the tiny init. One that is gone can
  // be told nothing of.
  enum class Member { yes, no, gone };
  Member has_member(pid_t process) const;

  // Signals the leader only; a signal sent before the exec arrives after it.
  Result<void> signal(int signal_number);

  // Kills everything: leader, children, those that called setsid or forked twice.
  Result<void> kill_tree();

 private:
  // Who ends a tree: the kernel, by its pid namespace; or the tiny init, which is asked to.
  enum class KilledBy { kernel, tiny_init };

  Process(pid_t pid, UniqueFd pidfd, UniqueFd control, KilledBy killed_by) noexcept
      : pid_(pid), pidfd_(std::move(pidfd)), control_(std::move(control)), killed_by_(killed_by) {}

  std::optional<ProcessReport> last_words();
  Result<void> command(int signal_number, const char* what);

  pid_t pid_;
  UniqueFd pidfd_;
  UniqueFd control_;
  KilledBy killed_by_;
  bool started_ = false;
  bool finished_ = false;
};

}  // namespace reeve::linux
