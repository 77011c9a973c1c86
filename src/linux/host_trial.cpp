#include <reeve/linux/host_trial.hpp>

#include "linux/clone.hpp"
#include "linux/user_namespace.hpp"

#include <reeve/linux/fd.hpp>

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <string_view>

namespace reeve::linux {
namespace {

constexpr std::array<std::string_view, 41> names{"CHOWN",
                                                 "DAC_OVERRIDE",
                                                 "DAC_READ_SEARCH",
                                                 "FOWNER",
                                                 "FSETID",
                                                 "KILL",
                                                 "SETGID",
                                                 "SETUID",
                                                 "SETPCAP",
                                                 "LINUX_IMMUTABLE",
                                                 "NET_BIND_SERVICE",
                                                 "NET_BROADCAST",
                                                 "NET_ADMIN",
                                                 "NET_RAW",
                                                 "IPC_LOCK",
                                                 "IPC_OWNER",
                                                 "SYS_MODULE",
                                                 "SYS_RAWIO",
                                                 "SYS_CHROOT",
                                                 "SYS_PTRACE",
                                                 "SYS_PACCT",
                                                 "SYS_ADMIN",
                                                 "SYS_BOOT",
                                                 "SYS_NICE",
                                                 "SYS_RESOURCE",
                                                 "SYS_TIME",
                                                 "SYS_TTY_CONFIG",
                                                 "MKNOD",
                                                 "LEASE",
                                                 "AUDIT_WRITE",
                                                 "AUDIT_CONTROL",
                                                 "SETFCAP",
                                                 "MAC_OVERRIDE",
                                                 "MAC_ADMIN",
                                                 "SYSLOG",
                                                 "WAKE_ALARM",
                                                 "BLOCK_SUSPEND",
                                                 "AUDIT_READ",
                                                 "PERFMON",
                                                 "BPF",
                                                 "CHECKPOINT_RESTORE"};

// Clones a child as containers are cloned, and makes it do the rest there; the errno that was met.
template <class Rest>
int in_namespaces(int kinds, Rest rest) {
  const int more = may_make_namespaces() ? 0 : CLONE_NEWUSER;
  const Cloned cloned = clone_process(static_cast<std::uint64_t>(kinds | more), SIGCHLD);
  if (cloned.pid == 0) ::_exit(rest());
  if (cloned.pid < 0) return cloned.code;
  const UniqueFd pidfd(cloned.pidfd);
  int status = 0;
  while (::waitpid(cloned.pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

}  // namespace

bool has_sys_admin() noexcept { return may_make_namespaces(); }

int try_namespaces(int kinds) {
  return in_namespaces(kinds, [] { return 0; });
}

int try_proc_mount() {
  return in_namespaces(CLONE_NEWPID | CLONE_NEWNS, [] {
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return errno;
    return ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0 ? 0 : errno;
  });
}

std::string capability_words(std::uint64_t mask, std::uint64_t all) {
  if (mask == 0) return "none";
  if (mask == all) return "all";
  const std::uint64_t lacking = all & ~mask;
  if (std::popcount(lacking) <= 3) return "all but " + capability_words(lacking, ~std::uint64_t{0});
  std::string words;
  for (std::size_t bit = 0; bit < 64; ++bit) {
    if ((mask >> bit & 1) == 0) continue;
    words += (words.empty() ? "" : " ") + (bit < names.size() ? std::string(names[bit]) : std::to_string(bit));
  }
  return words;
}

}  // namespace reeve::linux
