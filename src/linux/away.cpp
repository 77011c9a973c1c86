#include "linux/away.hpp"

#include "linux/remedy.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

namespace reeve::linux {
namespace {

struct Kind {
  int flag;
  const char* path;
};

constexpr std::array<Kind, 3> kinds_known = {{{CLONE_NEWNET, "/proc/thread-self/ns/net"},
                                              {CLONE_NEWIPC, "/proc/thread-self/ns/ipc"},
                                              {CLONE_NEWUTS, "/proc/thread-self/ns/uts"}}};

[[noreturn]] void lost() noexcept {
  constexpr char text[] = "reeve: cannot return to its own namespaces: ending at once\n";
  if (::write(STDERR_FILENO, text, sizeof text - 1) < 0) std::abort();
  std::abort();
}

Result<UniqueFd> open_path(const char* path) {
  UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  if (!fd) return fail(std::string("cannot open ") + path, errno);
  return fd;
}

}  // namespace

Result<UniqueFd> open_namespace(int kind) {
  for (const auto& [flag, path] : kinds_known) {
    if (flag == kind) return open_path(path);
  }
  return fail("cannot open a namespace of an unknown kind");
}

Result<Away::Home> Away::open_home(int kinds) {
  Home home;
  for (std::size_t index = 0; index < kinds_known.size(); ++index) {
    if ((kinds & kinds_known[index].flag) == 0) continue;
    REEVE_TRY(home[index], open_path(kinds_known[index].path));
  }
  return home;
}

Result<bool> Away::could_return(int kinds) {
  REEVE_TRY(const Home home, open_home(kinds));
  for (std::size_t index = 0; index < home.size(); ++index) {
    const UniqueFd& each = home[index];
    if (each && ::setns(each.get(), kinds_known[index].flag) != 0) return false;
  }
  return true;
}

Result<Away> Away::in_new(int kinds) {
  REEVE_TRY(Home home, open_home(kinds));
  if (::unshare(kinds) != 0) return tl::unexpected(namespaces_refused(errno));
  return Away(std::move(home));
}

Result<Away> Away::in_network(int fd) {
  REEVE_TRY(Home home, open_home(CLONE_NEWNET));
  if (::setns(fd, CLONE_NEWNET) != 0) return fail("cannot enter the network of a pod", errno);
  return Away(std::move(home));
}

Away::~Away() {
  for (std::size_t index = 0; index < home_.size(); ++index) {
    if (home_[index] && ::setns(home_[index].get(), kinds_known[index].flag) != 0) lost();
  }
}

}  // namespace reeve::linux
