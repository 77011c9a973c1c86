#include "linux/kept_network.hpp"

#include <reeve/linux/clock.hpp>

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace reeve::linux {
namespace {

constexpr Duration patience = milliseconds(100);
constexpr const char* cannot = "cannot make a socket in the network of a pod";

tl::unexpected<Error> keeper_has_ended() { return fail(std::string(cannot) + ": its keeper has ended", ECONNRESET); }
tl::unexpected<Error> keeper_is_silent() {
  return fail(std::string(cannot) + ": its keeper did not answer within 100 ms", ETIMEDOUT);
}

UniqueFd descriptor_in(msghdr& message) {
  const cmsghdr* item = CMSG_FIRSTHDR(&message);
  if (item == nullptr || item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS) return {};
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(item), sizeof fd);
  return UniqueFd(fd);
}

}  // namespace

KeptNetwork::KeptNetwork(UniqueFd channel) : channel_(std::move(channel)) { fill_stock(); }

Result<UniqueFd> KeptNetwork::make_socket(int family, int type, int protocol) const {
  const Instant deadline = monotonic_now() + patience;
  const std::unique_lock turn(lock_, patience);
  if (!turn.owns_lock()) return keeper_is_silent();
  const bool is_kept_in_stock = family == AF_INET && type == SOCK_STREAM && protocol == 0;
  if (is_kept_in_stock) {
    if (auto ready = take_from_stock()) return *std::move(ready);
  }
  if (++last_serial_ == for_stock) ++last_serial_;
  return ask({last_serial_, family, type, protocol}, deadline);
}

std::optional<UniqueFd> KeptNetwork::take_from_stock() const {
  // What came too late for whoever asked is dropped here. Errors show when one is asked for.
  for (auto answer = receive(); answer && *answer; answer = receive()) {
  }
  std::optional<UniqueFd> taken;
  if (!stock_.empty()) {
    taken = std::move(stock_.back());
    stock_.pop_back();
  }
  fill_stock();
  return taken;
}

void KeptNetwork::fill_stock() const {
  while (stock_.size() + asked_for_stock_ < stock_size && send({for_stock, AF_INET, SOCK_STREAM, 0})) {
    ++asked_for_stock_;
  }
}

Result<UniqueFd> KeptNetwork::ask(SocketRequest request, Instant deadline) const {
  REEVE_TRY_VOID(send(request));
  for (;;) {
    REEVE_TRY(auto answer, receive());
    if (!answer) {
      REEVE_TRY_VOID(wait_for_answer(deadline));
      continue;
    }
    if (answer->serial != request.serial) continue;  // it came too late for whoever asked
    if (answer->code != 0) return fail(cannot, answer->code);
    return std::move(answer->socket);
  }
}

Result<void> KeptNetwork::send(const SocketRequest& request) const {
  if (::send(channel_.get(), &request, sizeof request, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return {};
  if (errno == EPIPE || errno == ECONNRESET) return keeper_has_ended();
  if (errno == EAGAIN) return keeper_is_silent();
  return fail(cannot, errno);
}

Result<std::optional<KeptNetwork::Answer>> KeptNetwork::receive() const {
  for (;;) {
    SocketReply reply{};
    iovec part{&reply, sizeof reply};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t got = ::recvmsg(channel_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return std::nullopt;
    if (got != static_cast<ssize_t>(sizeof reply)) return keeper_has_ended();
    Answer answer{reply.serial, reply.code, descriptor_in(message)};
    // The kernel drops a descriptor that we have no number left for.
    if (answer.code == 0 && !answer.socket) answer.code = EMFILE;
    if (answer.serial != for_stock) return answer;
    if (asked_for_stock_ > 0) --asked_for_stock_;
    if (answer.socket) stock_.push_back(std::move(answer.socket));
  }
}

Result<void> KeptNetwork::wait_for_answer(Instant deadline) const {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - monotonic_now()).count();
  if (left <= 0) return keeper_is_silent();
  pollfd source{channel_.get(), POLLIN, 0};
  if (::poll(&source, 1, static_cast<int>(left)) >= 0 || errno == EINTR) return {};
  return fail(cannot, errno);
}

}  // namespace reeve::linux
