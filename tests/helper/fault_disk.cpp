// A disk that fails, for reeve's state file alone: preloaded, it looks into the file that REEVE_FAULT names for what is
// to go wrong now. "write:28" lets the next write fail with ENOSPC, "fsync:5", "rename:5" and their like; "short"
// writes a part of what it is given; "write:die", "fsync:die", "rename:die" and "renamed:die" kill the process before,
// or half through, or behind that step.

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr const char* state_file = "/state.json.new";

// By system calls, so that nothing here comes back to us.
bool read_order(char* order, std::size_t size) {
  const char* const path = ::getenv("REEVE_FAULT");
  if (path == nullptr) return false;
  const long fd = ::syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return false;
  const long got = ::syscall(SYS_read, fd, order, size - 1);
  ::syscall(SYS_close, fd);
  order[got > 0 ? got : 0] = '\0';
  return got > 0;
}

bool ends_with(const char* text, const char* end) {
  const std::size_t length = std::strlen(text), wanted = std::strlen(end);
  return length >= wanted && std::strcmp(text + length - wanted, end) == 0;
}

bool is_state_file(int fd) {
  char link[64], path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = ::readlink(link, path, sizeof path - 1);
  if (length <= 0) return false;
  path[length] = '\0';
  return ends_with(path, state_file);
}

// True: the step is to fail, with errno set.
bool fails(const char* step) {
  char order[64];
  if (!read_order(order, sizeof order)) return false;
  const std::size_t length = std::strlen(step);
  if (std::strncmp(order, step, length) != 0 || order[length] != ':') return false;
  if (std::strncmp(order + length + 1, "die", 3) == 0) ::kill(::getpid(), SIGKILL);
  errno = std::atoi(order + length + 1);
  return true;
}

bool is_ordered(const char* what) {
  char order[64];
  return read_order(order, sizeof order) && std::strncmp(order, what, std::strlen(what)) == 0;
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t count) {
  if (count < 2 || !is_state_file(fd)) return ::syscall(SYS_write, fd, bytes, count);
  if (is_ordered("short")) return ::syscall(SYS_write, fd, bytes, (count + 1) / 2);
  if (is_ordered("write:")) ::syscall(SYS_write, fd, bytes, count / 2);
  return fails("write") ? -1 : ::syscall(SYS_write, fd, bytes, count);
}

int fsync(int fd) {
  if (is_state_file(fd) && fails("fsync")) return -1;
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

int rename(const char* from, const char* to) noexcept {
  const bool is_ours = ends_with(from, state_file);
  if (is_ours && fails("rename")) return -1;
  const int result = static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
  if (is_ours) fails("renamed");
  return result;
}
}
