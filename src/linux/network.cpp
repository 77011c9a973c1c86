#include <reeve/linux/network.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace reeve::linux {
namespace {

// The network namespace of this process, to come back to. The main thread's is that of every thread that is not away.
int own_network() noexcept {
  static const UniqueFd own(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  return own.get();
}

}  // namespace

Result<UniqueFd> NetworkNamespace::make_socket(int family, int type, int protocol) const {
  const int home = own_network();
  if (home < 0) return fail("cannot open /proc/thread-self/ns/net", errno);
  if (::setns(fd_.get(), CLONE_NEWNET) != 0) return fail("cannot enter the network of a pod", errno);
  const int fd = ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  const int code = errno;
  if (::setns(home, CLONE_NEWNET) != 0) std::abort();
  if (fd < 0) return fail("cannot make a socket in the network of a pod", code);
  return UniqueFd(fd);
}

}  // namespace reeve::linux
