#include <reeve/linux/network.hpp>
#include <reeve/linux/socket.hpp>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace reeve::linux {
namespace {

constexpr unsigned tcp_syn_recv = 3;

struct DiagRequest {
  nlmsghdr header;
  inet_diag_req_v2 body;
};

DiagRequest embryonic_request(const SocketAddress& local) {
  DiagRequest request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.body.sdiag_family = static_cast<__u8>(local.family());
  request.body.sdiag_protocol = IPPROTO_TCP;
  request.body.idiag_states = 1U << tcp_syn_recv;
  request.body.id.idiag_sport = htons(local.port());
  request.body.id.idiag_cookie[0] = request.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return request;
}

struct Tally {
  std::size_t count = 0;
  bool done = false;
};

// Counts the sockets in one datagram of the answer.
Result<void> tally_messages(const char* bytes, std::size_t size, Tally& tally) {
  while (size >= sizeof(nlmsghdr)) {
    nlmsghdr header;
    std::memcpy(&header, bytes, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > size) break;
    if (header.nlmsg_type == NLMSG_ERROR) {
      int error = 0;
      std::memcpy(&error, bytes + NLMSG_HDRLEN, sizeof error);
      return fail("cannot list handshakes", -error);
    }
    if (header.nlmsg_type == NLMSG_DONE) tally.done = true;
    if (header.nlmsg_type == SOCK_DIAG_BY_FAMILY) ++tally.count;
    const std::size_t step = std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), size);
    bytes += step;
    size -= step;
  }
  return {};
}

// It answers about the network that it was made in.
Result<UniqueFd> make_diag_socket(const Network* network) {
  if (network != nullptr) return network->make_socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!fd) return fail("cannot ask for handshakes", errno);
  return fd;
}

}  // namespace

Result<std::size_t> count_embryonic(const SocketAddress& local, const Network* network) {
  REEVE_TRY(const UniqueFd fd, make_diag_socket(network));
  const DiagRequest request = embryonic_request(local);
  if (::send(fd.get(), &request, sizeof request, 0) < 0) return fail("cannot ask for handshakes", errno);
  Tally tally;
  char answer[16384];
  while (!tally.done) {
    const ssize_t got = ::recv(fd.get(), answer, sizeof answer, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail("cannot list handshakes", errno);
    REEVE_TRY_VOID(tally_messages(answer, static_cast<std::size_t>(got), tally));
  }
  return tally.count;
}

}  // namespace reeve::linux
