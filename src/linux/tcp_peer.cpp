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

// By these two ports.
DiagRequest request_for(int family, const TcpEnds& ends) {
  DiagRequest request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.body.sdiag_family = static_cast<__u8>(family);
  request.body.sdiag_protocol = IPPROTO_TCP;
  request.body.idiag_states = ~((1U << TCP_LISTEN) | (1U << TCP_CLOSE));
  request.body.id.idiag_sport = htons(ends.peer.port());
  request.body.id.idiag_dport = htons(ends.local.port());
  request.body.id.idiag_cookie[0] = request.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return request;
}

DiagRequest request_for_one(const TcpEnds& ends) {
  DiagRequest request = request_for(ends.local.family(), ends);
  std::memcpy(request.body.id.idiag_src, ends.peer.ip().data(), ends.peer.ip().size());
  std::memcpy(request.body.id.idiag_dst, ends.local.ip().data(), ends.local.ip().size());
  return request;
}

// Every socket but listeners: a look-up of one would hide a second that is bound to a device and has the same ends.
DiagRequest request_for_all(int family, const TcpEnds& ends) {
  DiagRequest request = request_for(family, ends);
  request.header.nlmsg_flags |= NLM_F_DUMP;
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

Result<void> ask(const DiagRequest& request, const TcpEnds& ends, std::vector<inet_diag_msg>& found) {
  const UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  const int fd = socket.get();
  if (fd < 0 || ::send(fd, &request, sizeof request, 0) < 0) return fail("cannot ask who connected", errno);
  const bool is_one = (request.header.nlmsg_flags & NLM_F_DUMP) == 0;
  char answer[16384];
  for (bool is_done = false; !is_done;) {
    const ssize_t got = ::recv(fd, answer, sizeof answer, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail("cannot tell who connected", errno);
    REEVE_TRY(is_done, take_messages(answer, static_cast<std::size_t>(got), ends, found));
    is_done = is_done || is_one;
  }
  return {};
}

Result<uid_t> holder(const std::vector<inet_diag_msg>& found) {
  if (found.empty()) return fail("cannot tell who connected: that socket is not on this machine or is gone");
  if (found.size() > 1) return fail("cannot tell who connected: several sockets have these addresses");
  if (found.front().idiag_state != TCP_ESTABLISHED || found.front().idiag_inode == 0) {
    return fail("cannot tell who connected: that socket is being closed");
  }
  return found.front().idiag_uid;
}

}  // namespace

Result<uid_t> tcp_peer_uid(const TcpEnds& ends) {
  std::vector<inet_diag_msg> found;
  // An IPv6 socket may speak IPv4.
  if (ends.local.family() == AF_INET) REEVE_TRY_VOID(ask(request_for_all(AF_INET, ends), ends, found));
  REEVE_TRY_VOID(ask(request_for_all(AF_INET6, ends), ends, found));
  return holder(found);
}

Result<uid_t> likely_tcp_peer_uid(const TcpEnds& ends) {
  std::vector<inet_diag_msg> found;
  REEVE_TRY_VOID(ask(request_for_one(ends), ends, found));
  return holder(found);
}

}  // namespace reeve::linux
