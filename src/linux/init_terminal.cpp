#include "linux/init_terminal.hpp"

#include "linux/clone.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdint>

namespace reeve::linux {

bool stop_until_continued(Stopping whom) noexcept {
  constexpr std::uint64_t stop_bit = std::uint64_t{1} << (SIGTSTP - 1);
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  ::sigaction(SIGTSTP, &by_default, nullptr);
  ::kill(whom == Stopping::our_group ? 0 : ::getpid(), SIGTSTP);
  set_signal_mask(~stop_bit);  // here we stop
  set_signal_mask(~std::uint64_t{0});
  // A stop takes away every older SIGCONT, so this is the one that continued us; it is left for the loop.
  sigset_t pending;
  ::sigpending(&pending);
  return ::sigismember(&pending, SIGCONT) == 1;
}

bool JobTerminal::is_ours() noexcept {
  const pid_t foreground = ::tcgetpgrp(STDIN_FILENO);
  return foreground >= 0 && foreground == ::getpgrp();
}

bool JobTerminal::give_again() noexcept {
  return is_given() && is_ours() && ::tcsetpgrp(STDIN_FILENO, command_group_) == 0;
}

void JobTerminal::take_back() noexcept {
  if (is_given() && ::tcgetpgrp(STDIN_FILENO) == command_group_) ::tcsetpgrp(STDIN_FILENO, ::getpgrp());
}

}  // namespace reeve::linux
