#include "behave_notify.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>

bool notify(const std::string& message, const std::string& address) {
  const char* const found = address.empty() ? std::getenv("NOTIFY_SOCKET") : address.c_str();
  sockaddr_un to{};
  if (found == nullptr || found[0] == '\0' || std::strlen(found) >= sizeof to.sun_path) {
    errno = found == nullptr ? ENOENT : EINVAL;
    return false;
  }
  to.sun_family = AF_UNIX;
  const std::size_t length = std::strlen(found);
  std::memcpy(to.sun_path, found, length);
  if (found[0] == '@') to.sun_path[0] = '\0';
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  const bool sent =
      fd >= 0 && ::sendto(fd, message.data(), message.size(), 0, reinterpret_cast<const sockaddr*>(&to), size) >= 0;
  const int error = errno;
  ::close(fd);
  errno = error;
  return sent;
}

// In one small write, so that many may append to one file.
bool write_clock(const std::string& path) {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  const std::string line =
      std::to_string(now.tv_sec * 1'000'000'000L + now.tv_nsec) + " " + std::to_string(::getpid()) + "\n";
  const bool written = fd >= 0 && ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  ::close(fd);
  return written;
}

// Not for ever: what a broken supervisor leaves behind must not stay on the machine of whoever tests it.
void keep_watchdog_quiet(double seconds, const std::string& until_file) {
  if (::fork() != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::alarm(300);
  while (::access(until_file.c_str(), F_OK) != 0) {
    notify("WATCHDOG=1");
    timespec left{};
    left.tv_sec = static_cast<time_t>(seconds);
    left.tv_nsec = static_cast<long>((seconds - static_cast<double>(left.tv_sec)) * 1e9);
    ::nanosleep(&left, nullptr);
  }
  for (;;) ::pause();
}

int passed_sockets() {
  const char* const pid = std::getenv("LISTEN_PID");
  const char* const count = std::getenv("LISTEN_FDS");
  if (pid == nullptr || count == nullptr || std::atoi(pid) != ::getpid()) return 0;
  return std::atoi(count);
}
