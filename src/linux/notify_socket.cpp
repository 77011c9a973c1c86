#include <reeve/linux/notify_socket.hpp>
#include <reeve/linux/socket_address.hpp>

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace reeve::linux {
namespace {

pid_t sender_of(msghdr& message) {
  for (cmsghdr* item = CMSG_FIRSTHDR(&message); item != nullptr; item = CMSG_NXTHDR(&message, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_CREDENTIALS) continue;
    ucred credentials{};
    std::memcpy(&credentials, CMSG_DATA(item), sizeof credentials);
    return credentials.pid;
  }
  return 0;
}

}  // namespace

Result<NotifySocket> NotifySocket::make() {
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) {
    return fail("cannot make a notify socket", errno);
  }
  return NotifySocket(std::move(fd));
}

Result<NotifySocket> NotifySocket::make_abstract(const std::string& name) {
  REEVE_TRY(NotifySocket socket, make());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() >= sizeof address.sun_path) return fail("cannot make a notify socket: its name is too long");
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    return fail("cannot bind a notify socket to @" + name, errno);
  }
  return socket;
}

std::optional<NotifySocket::Received> NotifySocket::receive() {
  char text[message_max];
  iovec part{text, sizeof text};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];  // no room for descriptors: the kernel drops them
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got;
  do {
    got = ::recvmsg(fd_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return std::nullopt;
  return Received{sender_of(message), std::string(text, static_cast<std::size_t>(got)),
                  (message.msg_flags & MSG_TRUNC) != 0};
}

}  // namespace reeve::linux
