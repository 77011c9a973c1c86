#include "linux/sandbox_keeper.hpp"

#include "linux/loopback.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace reeve::linux {
namespace {

// As Kubernetes' runtimes do (net.ipv4.ip_unprivileged_port_start = 0): nobody else has these ports. Where /proc is
// read-only, low ports need root as they do on the host.
void free_low_ports() noexcept { static_cast<void>(write_text("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0")); }

SetupFailure take_identity(const KeeperPlan& plan) noexcept {
  int code = write_text("/proc/self/setgroups", "deny");
  if (code == 0) code = write_text("/proc/self/uid_map", plan.uid_map);
  if (code == 0) code = write_text("/proc/self/gid_map", plan.gid_map);
  if (code == 0) return {};
  return {"cannot map our user into a user namespace", nullptr, code, Remedy::isolation};
}

SetupFailure settle(const KeeperPlan& plan) noexcept {
  ::setsid();
  // We are a copy of reeve, whose descriptors and memory are let go of before anybody else is in these namespaces. It
  // must be able to open our namespaces, as the same user.
  ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  reset_dispositions();
  if (::chdir("/") != 0) return {"cannot enter /", nullptr, errno, Remedy::none};
  if (const auto failure = take_descriptors({&plan.control_fd, 1})) return failure;
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) {
    return {"cannot tie a process to its supervisor", nullptr, errno, Remedy::none};
  }
  if (const auto failure = take_identity(plan)) return failure;
  return furnish(plan.furnishing);
}

void report(const SetupFailure& failure) noexcept {
  KeeperReport said;
  said.code = failure.code;
  said.remedy = failure.remedy;
  if (failure.what != nullptr) std::strncpy(said.what, failure.what, sizeof said.what - 1);
  ::send(init_control_fd, &said, sizeof said, MSG_NOSIGNAL);
}

void answer(const SocketRequest& request) noexcept {
  const int fd = ::socket(request.family, request.type | SOCK_NONBLOCK | SOCK_CLOEXEC, request.protocol);
  SocketReply reply{request.serial, fd < 0 ? errno : 0};
  iovec part{&reply, sizeof reply};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  }
  if (::sendmsg(init_control_fd, &message, MSG_NOSIGNAL) < 0 && fd >= 0) {
    reply.code = errno;  // ETOOMANYREFS: more sockets are under way than this user may have open
    ::send(init_control_fd, &reply, sizeof reply, MSG_NOSIGNAL);
  }
  if (fd >= 0) ::close(fd);
}

void serve() noexcept {
  for (;;) {
    SocketRequest request{};
    const ssize_t got = ::recv(init_control_fd, &request, sizeof request, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got != static_cast<ssize_t>(sizeof request)) return;  // our sandbox is gone
    answer(request);
  }
}

}  // namespace

SetupFailure furnish(const Furnishing& furnishing) noexcept {
  if (furnishing.host_name != nullptr && ::sethostname(furnishing.host_name, std::strlen(furnishing.host_name)) != 0) {
    return {"cannot set the host name of a pod", nullptr, errno, Remedy::isolation};
  }
  if (!furnishing.own_network) return {};
  if (const int code = bring_loopback_up(); code != 0) {
    return {"cannot bring up the loopback of a pod", nullptr, code, Remedy::isolation};
  }
  free_low_ports();
  return {};
}

void run_sandbox_keeper(const KeeperPlan& plan) noexcept {
  const SetupFailure failure = settle(plan);
  report(failure);
  if (failure) ::_exit(1);
  // What we copied of reeve: the secrets of other pods, and pages that reeve goes on changing.
  if (plan.heap.bytes != 0) ::madvise(plan.heap.begin, plan.heap.bytes, MADV_DONTNEED);
  serve();
  ::_exit(0);
}

}  // namespace reeve::linux
