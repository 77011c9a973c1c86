#pragma once
// Terminals: pairs of them, raw mode, window sizes.

#include <reeve/core/result.hpp>
#include <reeve/linux/fd.hpp>

#include <termios.h>

namespace reeve::linux {

// What a program takes for a terminal, and the end from which it is operated, which does not block.
struct TerminalPair {
  UniqueFd master;
  UniqueFd slave;
};
// The settings and the window size are those of `like`.
Result<TerminalPair> make_terminal(int like);

bool is_terminal(int fd) noexcept;

// Tells the programs at a terminal (SIGWINCH) that its window is now as that of the other.
void copy_window_size(int from, int to) noexcept;

// A terminal that hands on every key as it is. It is put back as it was when this goes.
class RawMode {
 public:
  static Result<RawMode> enter(int fd);
  RawMode(RawMode&& other) noexcept : fd_(std::exchange(other.fd_, -1)), before_(other.before_) {}
  RawMode& operator=(RawMode&&) = delete;
  ~RawMode();

 private:
  RawMode(int fd, const termios& before) noexcept : fd_(fd), before_(before) {}

  int fd_;
  termios before_;
};

}  // namespace reeve::linux
