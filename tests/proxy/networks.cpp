#include <proxy/networks.hpp>

#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <boost/test/unit_test.hpp>

#include <cstring>

namespace reeve::proxy::test {
namespace {

template <class Visit>
bool visit_messages(char* bytes, std::size_t size, Visit visit) {
  for (auto* header = reinterpret_cast<nlmsghdr*>(bytes); NLMSG_OK(header, size); header = NLMSG_NEXT(header, size)) {
    if (!visit(*header)) return false;
  }
  return true;
}

}  // namespace

bool skip_without_networks() {
  if (make_network()) return false;
  BOOST_TEST_MESSAGE("skipped: needs the right to make network namespaces (CAP_SYS_ADMIN)");
  return true;
}

LiveNetworks::LiveNetworks() : observer_(make_network()) {
  auto socket = observer_->make_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  BOOST_REQUIRE(socket);
  netlink_ = *std::move(socket);
}

void LiveNetworks::watch(const linux::NetworkNamespace& network) {
  struct {
    nlmsghdr header;
    rtgenmsg body;
    char attributes[32];
  } request{};
  request.header = {NLMSG_LENGTH(sizeof request.body), RTM_NEWNSID, NLM_F_REQUEST | NLM_F_ACK, 0, 0};
  const auto add = [&](unsigned short type, int value) {
    const rtattr head{RTA_LENGTH(sizeof value), type};
    char* const end = reinterpret_cast<char*>(&request) + NLMSG_ALIGN(request.header.nlmsg_len);
    std::memcpy(end, &head, sizeof head);
    std::memcpy(end + RTA_LENGTH(0), &value, sizeof value);
    request.header.nlmsg_len = NLMSG_ALIGN(request.header.nlmsg_len) + RTA_ALIGN(head.rta_len);
  };
  add(NETNSA_NSID, -1);  // whichever is free
  add(NETNSA_FD, network.fd());
  BOOST_REQUIRE(::send(netlink_.get(), &request, request.header.nlmsg_len, 0) > 0);
  char answer[4096];
  const ssize_t got = ::recv(netlink_.get(), answer, sizeof answer, 0);
  BOOST_REQUIRE(got > 0 && visit_messages(answer, static_cast<std::size_t>(got), [](const nlmsghdr& header) {
                  return header.nlmsg_type == NLMSG_ERROR &&
                         reinterpret_cast<const nlmsgerr*>(NLMSG_DATA(&header))->error == 0;
                }));
}

std::size_t LiveNetworks::count() const {
  struct {
    nlmsghdr header;
    rtgenmsg body;
  } request{};
  request.header = {sizeof request, RTM_GETNSID, NLM_F_REQUEST | NLM_F_DUMP, 0, 0};
  BOOST_REQUIRE(::send(netlink_.get(), &request, sizeof request, 0) > 0);
  std::size_t count = 0;
  for (bool done = false; !done;) {
    char answer[16384];
    const ssize_t got = ::recv(netlink_.get(), answer, sizeof answer, 0);
    BOOST_REQUIRE(got > 0);
    visit_messages(answer, static_cast<std::size_t>(got), [&](const nlmsghdr& header) {
      if (header.nlmsg_type == RTM_NEWNSID) ++count;
      done = done || header.nlmsg_type == NLMSG_DONE;
      return true;
    });
  }
  return count;
}

}  // namespace reeve::proxy::test
