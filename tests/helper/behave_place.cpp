#include "behave_place.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr std::size_t shared_bytes = 256;

void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

// "connect: ok", or why not.
void tell(const char* what, bool worked) { say(std::string(what) + ": " + (worked ? "ok" : std::strerror(errno))); }

}  // namespace

void try_connect(char** arguments) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(arguments[1])));
  ::inet_pton(AF_INET, arguments[0], &address.sin_addr);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  tell("connect", ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(fd);
}

void try_connect_abstract(char** arguments) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = arguments[0];
  name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  tell("connect", ::connect(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0);
  ::close(fd);
}

void try_kill(char** arguments) { tell("kill", ::kill(std::atoi(arguments[0]), 0) == 0); }

void try_trace(char** arguments) {
  const pid_t pid = std::atoi(arguments[0]);
  const bool seized = ::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0;
  tell("ptrace", seized);
}

void try_listen(char** arguments) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(arguments[0])));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  tell("listen", ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && ::listen(fd, 1) == 0);
  ::close(fd);
}

void write_shared(char** arguments) {
  const int id = ::shmget(std::atoi(arguments[0]), shared_bytes, IPC_CREAT | 0600);
  void* const memory = id < 0 ? reinterpret_cast<void*>(-1) : ::shmat(id, nullptr, 0);
  const bool worked = memory != reinterpret_cast<void*>(-1);
  if (worked) std::strncpy(static_cast<char*>(memory), arguments[1], shared_bytes - 1);
  tell("write shared memory", worked);
}

void read_shared(char** arguments) {
  const int id = ::shmget(std::atoi(arguments[0]), shared_bytes, 0600);
  const void* const memory = id < 0 ? reinterpret_cast<void*>(-1) : ::shmat(id, nullptr, SHM_RDONLY);
  if (memory == reinterpret_cast<void*>(-1)) return tell("read shared memory", false);
  say(std::string("shared: ") + static_cast<const char*>(memory));
}

void print_file(char** arguments) {
  const int fd = ::open(arguments[0], O_RDONLY | O_CLOEXEC);
  if (fd < 0) return tell("open", false);
  char chunk[4096];
  for (ssize_t got; (got = ::read(fd, chunk, sizeof chunk)) > 0;) {
    std::fwrite(chunk, 1, static_cast<std::size_t>(got), stdout);
  }
  std::fflush(stdout);
  ::close(fd);
}

void print_terminal(char**) {
  if (::isatty(STDIN_FILENO) == 0) return say("no terminal");
  const int fd = ::open("/dev/tty", O_RDWR | O_CLOEXEC);
  const bool is_ours = ::tcgetsid(STDIN_FILENO) == ::getsid(0) && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp();
  say(std::string("a terminal") + (is_ours ? ", which controls us" : "") + (fd >= 0 ? ", /dev/tty opens" : ""));
  if (fd >= 0) ::close(fd);
}

void echo_line(char**) {
  std::string line;
  char byte;
  while (::read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n') line += byte;
  say("echo: " + line);
}
