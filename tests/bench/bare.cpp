#include "bare.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace reeve::bench {
namespace {

std::vector<char*> pointers_to(const std::vector<std::string>& argv) {
  std::vector<char*> words;
  for (const std::string& each : argv) words.push_back(const_cast<char*>(each.c_str()));
  words.push_back(nullptr);
  return words;
}

pid_t fork_and_exec(char* const* argv) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::execv(argv[0], argv);
  ::_exit(127);
}

bool mount_private() {
  return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") == 0 &&
         ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0;
}

[[noreturn]] void be_init(char* const* argv) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (!mount_private() || ::sethostname("bare", 4) != 0) ::_exit(126);
  const pid_t leader = fork_and_exec(argv);
  while (::waitpid(-1, nullptr, 0) != leader) {
  }
  ::_exit(0);
}

pid_t start_in_namespaces(char* const* argv) {
  clone_args arguments{};
  arguments.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;
  arguments.exit_signal = SIGCHLD;
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
  if (pid == 0) be_init(argv);
  return pid;
}

bool put_hosts_file(const std::string& hosts) {
  constexpr const char* draft = "/tmp/.hosts";
  const int fd = ::open(draft, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
  const bool written = ::write(fd, hosts.data(), hosts.size()) == static_cast<ssize_t>(hosts.size());
  ::close(fd);
  return written && ::mount(draft, "/etc/hosts", nullptr, MS_BIND, nullptr) == 0 && ::unlink(draft) == 0;
}

[[noreturn]] void be_init_in_sandbox(char* const* argv, const std::vector<int>& namespaces, const std::string& hosts) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const int each : namespaces) {
    if (::setns(each, 0) != 0) ::_exit(126);
  }
  if (!mount_private() || !put_hosts_file(hosts)) ::_exit(126);
  const pid_t leader = fork_and_exec(argv);
  while (::waitpid(-1, nullptr, 0) != leader) {
  }
  ::_exit(0);
}

template <class Start>
[[noreturn]] void loop(const std::vector<std::string>& argv, int count, Start start) {
  const auto words = pointers_to(argv);
  for (int started = 0; started < count; ++started) start(words.data());
  for (;;) {
    if (::waitpid(-1, nullptr, 0) > 0) start(words.data());
  }
}

}  // namespace

void bare_loop(const std::vector<std::string>& argv, int count) { loop(argv, count, fork_and_exec); }

void bare_loop_in_namespaces(const std::vector<std::string>& argv, int count) {
  loop(argv, count, start_in_namespaces);
}

void bare_container(const std::vector<std::string>& argv, const std::vector<int>& namespaces,
                    const std::string& hosts) {
  const auto words = pointers_to(argv);
  clone_args arguments{};
  arguments.flags = CLONE_NEWPID | CLONE_NEWNS;
  arguments.exit_signal = SIGCHLD;
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
  if (pid == 0) be_init_in_sandbox(words.data(), namespaces, hosts);
  ::waitpid(pid, nullptr, 0);
}

}  // namespace reeve::bench
