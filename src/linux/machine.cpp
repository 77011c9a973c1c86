#include <reeve/linux/machine.hpp>

#include "linux/loopback.hpp"

#include <reeve/core/result.hpp>
#include <reeve/linux/fd.hpp>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace reeve::linux {
namespace {

constexpr ino_t initial_pid_namespace = 0xEFFFFFFC;  // include/linux/proc_ns.h

struct Mount {
  const char* target;
  const char* type;
  const char* data;
  unsigned long flags;
};

constexpr Mount proc{"/proc", "proc", nullptr, MS_NOSUID | MS_NODEV | MS_NOEXEC};
constexpr Mount others[] = {
    {"/sys", "sysfs", nullptr, MS_NOSUID | MS_NODEV | MS_NOEXEC},
    {"/dev", "devtmpfs", "mode=755", MS_NOSUID},
    {"/dev/pts", "devpts", "gid=5,mode=620,ptmxmode=666", MS_NOSUID | MS_NOEXEC},
    {"/dev/shm", "tmpfs", "mode=1777", MS_NOSUID | MS_NODEV},
    {"/run", "tmpfs", "mode=755", MS_NOSUID | MS_NODEV},
    {"/sys/fs/cgroup", "cgroup2", nullptr, MS_NOSUID | MS_NODEV | MS_NOEXEC},
};

// A directory that is on another file system than its parent.
bool is_mounted(const std::string& path) {
  struct stat here {};
  struct stat above {};
  return ::stat(path.c_str(), &here) == 0 && ::stat((path + "/..").c_str(), &above) == 0 && here.st_dev != above.st_dev;
}

Result<void> mount_missing(const Mount& wanted) {
  if (is_mounted(wanted.target)) return {};
  ::mkdir(wanted.target, 0755);
  if (::mount(wanted.type, wanted.target, wanted.type, wanted.flags, wanted.data) == 0) return {};
  return fail("cannot mount " + std::string(wanted.type) + " on " + wanted.target, errno);
}

bool is_initial_pid_namespace() {
  struct stat found {};
  return ::stat("/proc/self/ns/pid", &found) == 0 && found.st_ino == initial_pid_namespace;
}

// The kernel found no /dev/console, as in an initramfs without device files.
void open_console() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    const int console = ::open("/dev/console", O_RDWR | O_NOCTTY);  // takes the lowest number, which is this one
    if (console >= 0 && console != fd) ::close(console);
  }
}

void name_host() {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  if (std::string(name) != "(none)") return;
  std::string wanted = read_file("/etc/hostname", 256).value_or("localhost");
  wanted = wanted.substr(0, wanted.find('\n'));
  ::sethostname(wanted.data(), wanted.size());
}

std::vector<std::string> mount_points() {
  std::vector<std::string> found;
  const std::string all = read_file("/proc/self/mounts", std::size_t{4} * 1024 * 1024).value_or("");
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find('\n', at), all.size());
    const std::size_t from = all.find(' ', at) + 1, to = all.find(' ', from);
    if (from != 0 && to < end) found.push_back(all.substr(from, to - from));
    at = end + 1;
  }
  return found;
}

// The newest first. What is in use stays, but nobody writes to it any more.
void let_go_of_disks() {
  const std::vector<std::string> all = mount_points();
  for (auto each = all.rbegin(); each != all.rend(); ++each) {
    if (*each == "/proc" || *each == "/dev") continue;
    if (::umount2(each->c_str(), UMOUNT_NOFOLLOW) == 0) continue;
    ::mount(nullptr, each->c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr);
  }
}

}  // namespace

bool is_machine_init() {
  if (::getpid() != 1) return false;
  if (::access("/proc/self/ns/pid", F_OK) == 0) return is_initial_pid_namespace();
  if (!mount_missing(proc)) return false;
  if (is_initial_pid_namespace()) return true;
  ::umount2(proc.target, MNT_DETACH);
  return false;
}

std::vector<std::string> prepare_machine() {
  std::vector<std::string> problems;
  for (const Mount& each : others) {
    if (auto mounted = mount_missing(each); !mounted) problems.push_back(mounted.error().message());
  }
  if (::mkdir("/tmp", 0755) == 0) ::chmod("/tmp", 01777);  // where pods get one of their own
  open_console();
  if (const int code = bring_loopback_up(); code != 0) {
    problems.push_back(Error{"cannot bring the loopback interface up", code}.message());
  }
  name_host();
  ::reboot(RB_DISABLE_CAD);
  return problems;
}

MachineEnd machine_end_of(int signal_number) noexcept {
  if (signal_number == SIGINT || signal_number == SIGRTMIN + 5) return MachineEnd::reboot;
  return signal_number == SIGRTMIN + 3 ? MachineEnd::halt : MachineEnd::power_off;
}

void end_machine(MachineEnd end) noexcept {
  ::kill(-1, SIGKILL);
  while (::waitpid(-1, nullptr, __WALL) > 0 || errno == EINTR) {
  }
  ::sync();
  let_go_of_disks();
  ::sync();
  ::tcdrain(STDOUT_FILENO);
  ::reboot(end == MachineEnd::reboot ? RB_AUTOBOOT : end == MachineEnd::halt ? RB_HALT_SYSTEM : RB_POWER_OFF);
  // Nobody may do that to this machine, or it has no way to be off: better to stand still than to panic.
  for (;;) ::pause();
}

}  // namespace reeve::linux
