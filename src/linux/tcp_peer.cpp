#include <reeve/linux/fd.hpp>
#include <reeve/linux/peer.hpp>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace reeve::linux {
namespace {

struct DiagRequest {
  nlmsghdr header;
  inet_diag_req_v2 body;
};

// Every socket with these two ports but listeners; a lookup of one address pair would hide a second socket that is
// bound to a device and has the same pair.
DiagRequest request_for(int family, std::uint16_t from, std::uint16_t to) {
  DiagRequest request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.body.sdiag_family = static_cast<__u8>(family);
  request.body.sdiag_protocol = IPPROTO_TCP;
  request.body.idiag_states = ~((1U << TCP_LISTEN) | (1U << TCP_CLOSE));
  request.body.id.idiag_sport = htons(from);
  request.body.id.idiag_dport = htons(to);
  request.body.id.idiag_cookie[0] = request.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return request;
}

// An IPv6 socket that talks IPv4 shows ::ffff:127.0.0.1; both are one address here.
using Bytes = std::array<std::uint8_t, 16>;
Bytes bytes_of(int family, const void* address) {
  Bytes bytes{};
  if (family == AF_INET6) {
    std::memcpy(bytes.data(), address, 16);
  } else {
    bytes[10] = bytes[11] = 0xff;
    std::memcpy(bytes.data() + 12, address, 4);
  }
  return bytes;
}
Bytes bytes_of(const SocketAddress& address) { return bytes_of(address.family(), address.ip().data()); }

// Those of one datagram that are the peer's end. True: it was the last.
Result<bool> take_messages(const char* bytes, std::size_t size, const TcpEnds& ends,
                           std::vector<inet_diag_msg>& found) {
  while (size >= sizeof(nlmsghdr)) {
    nlmsghdr header;
    std::memcpy(&header, bytes, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > size) break;
    if (header.nlmsg_type == NLMSG_DONE) return true;
    if (header.nlmsg_type == NLMSG_ERROR) {
      int error = 0;
      std::memcpy(&error, bytes + NLMSG_HDRLEN, sizeof error);
      return fail("cannot tell who connected", -error);
    }
    inet_diag_msg message;
    if (header.nlmsg_len >= NLMSG_HDRLEN + sizeof message) {
      std::memcpy(&message, bytes + NLMSG_HDRLEN, sizeof message);
      const bool is_theirs = bytes_of(message.idiag_family, message.id.idiag_src) == bytes_of(ends.peer) &&
                             bytes_of(message.idiag_family, message.id.idiag_dst) == bytes_of(ends.local);
      if (is_theirs) found.push_back(message);
    }
    const std::size_t step = std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), size);
    bytes += step;
    size -= step;
  }
  return false;
}

Result<void> dump(int fd, int family, const TcpEnds& ends, std::vector<inet_diag_msg>& found) {
  const DiagRequest request = request_for(family, ends.peer.port(), ends.local.port());
  if (::send(fd, &request, sizeof request, 0) < 0) return fail("cannot ask who connected", errno);
  char answer[16384];
  for (bool is_done = false; !is_done;) {
    const ssize_t got = ::recv(fd, answer, sizeof answer, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail("cannot tell who connected", errno);
    REEVE_TRY(is_done, take_messages(answer, static_cast<std::size_t>(got), ends, found));
  }
  return {};
}

}  // namespace

Result<uid_t> tcp_peer_uid(const TcpEnds& ends) {
  const UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!fd) return fail("cannot ask who connected", errno);
  std::vector<inet_diag_msg> found;
  if (ends.local.family() == AF_INET) REEVE_TRY_VOID(dump(fd.get(), AF_INET, ends, found));
  REEVE_TRY_VOID(dump(fd.get(), AF_INET6, ends, found));
  if (found.empty()) return fail("cannot tell who connected: that socket is not on this machine or is gone");
  if (found.size() > 1) return fail("cannot tell who connected: several sockets have these addresses");
  if (found.front().idiag_state != TCP_ESTABLISHED || found.front().idiag_inode == 0) {
    return fail("cannot tell who connected: that socket is being closed");
  }
  return found.front().idiag_uid;
}

}  // namespace reeve::linux
