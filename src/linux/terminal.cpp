#include <reeve/linux/terminal.hpp>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

namespace reeve::linux {

Result<TerminalPair> make_terminal(int like) {
  constexpr const char* what = "cannot make a terminal";
  TerminalPair pair;
  pair.master.reset(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (!pair.master || ::unlockpt(pair.master.get()) != 0) return fail(what, errno);
  // Without a look at /dev/pts, which may be another's here.
  pair.slave.reset(::ioctl(pair.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!pair.slave) return fail(what, errno);
  termios settings{};
  if (::tcgetattr(like, &settings) == 0) ::tcsetattr(pair.slave.get(), TCSANOW, &settings);
  copy_window_size(like, pair.master.get());
  return pair;
}

bool is_terminal(int fd) noexcept { return ::isatty(fd) == 1; }

void copy_window_size(int from, int to) noexcept {
  winsize size{};
  if (::ioctl(from, TIOCGWINSZ, &size) == 0) ::ioctl(to, TIOCSWINSZ, &size);
}

Result<RawMode> RawMode::enter(int fd) {
  termios before{};
  if (::tcgetattr(fd, &before) != 0) return fail("cannot read the settings of the terminal", errno);
  termios raw = before;
  ::cfmakeraw(&raw);
  if (::tcsetattr(fd, TCSANOW, &raw) != 0) return fail("cannot set the terminal", errno);
  return RawMode(fd, before);
}

RawMode::~RawMode() {
  if (fd_ >= 0) ::tcsetattr(fd_, TCSANOW, &before_);
}

}  // namespace reeve::linux
