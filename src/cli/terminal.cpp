#include "cli/terminal.hpp"

#include <reeve/linux/terminal.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace reeve::cli {
namespace {

// A line that wraps cannot be drawn over.
std::size_t columns() {
  winsize size{};
  const bool is_known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  return is_known ? size.ws_col - 1U : 79U;
}

}  // namespace

Colours colours() {
  const char* const refused = std::getenv("NO_COLOR");
  const bool wants_none = refused != nullptr && *refused != '\0';
  return linux::is_terminal(STDOUT_FILENO) && !wants_none ? Colours::yes : Colours::no;
}

bool can_redraw() {
  const char* const kind = std::getenv("TERM");
  return linux::is_terminal(STDOUT_FILENO) && kind != nullptr && *kind != '\0' && std::string_view(kind) != "dumb";
}

void LiveLine::draw(std::string text) {
  text.resize(std::min(text.size(), columns()));
  if (colours() == Colours::yes) text = "\x1b[36m" + text + "\x1b[0m";
  std::printf("\r%s\x1b[K", text.c_str());
  std::fflush(stdout);
  drawn_ = true;
}

void LiveLine::wipe() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stdout);
  std::fflush(stdout);
  drawn_ = false;
}

}  // namespace reeve::cli
