#include <reeve/linux/network.hpp>

#include "linux/away.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace reeve::linux {

Result<UniqueFd> NetworkNamespace::make_socket(int family, int type, int protocol) const {
  UniqueFd made;
  int code = 0;
  {
    REEVE_TRY(const Away away, Away::in_network(fd_.get()));
    made.reset(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
    code = errno;
  }
  if (!made) return fail("cannot make a socket in the network of a pod", code);
  return made;
}

}  // namespace reeve::linux
