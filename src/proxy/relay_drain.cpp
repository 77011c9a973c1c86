// How a relay finds the moment at which nothing is in flight.
#include <reeve/proxy/relay.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace reeve::proxy {
namespace {

// The server has paused for so long that what the client sends now is its next request: a server that is in the middle
// of an answer writes on within a few turns of its loop.
constexpr std::uint32_t answer_is_over_ms = 20;

// A connection on which nobody said anything for so long is idle; one that works for longer has had a request.
constexpr std::uint32_t silence_ms = 1000;

// Bytes, the end or an error.
bool has_news(int fd) {
  char byte;
  return ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

}  // namespace

void Relay::set_draining(bool is_draining) {
  draining_ = is_draining;
  client_waits_ = false;
  watch(client_);
}

std::optional<std::uint64_t> Relay::quiet_at() const noexcept {
  const bool is_closing = client_.read_ended || server_.read_ended;
  if (!draining_ || !connected_ || is_closing || client_.pending || server_.pending) return std::nullopt;
  if ((client_spoke_ && !server_spoke_last_) || answers_.is_within()) return std::nullopt;
  const std::uint64_t now = uv_now(shared_.loop);
  const std::uint32_t silent_for = static_cast<std::uint32_t>(now) - last_ms_;
  const std::uint32_t enough = client_waits_ ? answer_is_over_ms : silence_ms;
  return silent_for >= enough ? now : now + (enough - silent_for);
}

bool Relay::is_server_speaking() const noexcept { return has_news(server_.fd.get()); }

// The server has answered; what the client says from here on may be for another one. Where one direction has ended
// there is no next request, and somebody finishes.
bool Relay::is_paused() const noexcept {
  return draining_ && server_spoke_last_ && !answers_.is_within() && !full_duplex_ && !client_.read_ended &&
         !server_.read_ended;
}

void Relay::look_at_next_request() {
  char byte;
  if (::recv(client_.fd.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0) {
    client_waits_ = true;
  } else {
    pump(client_, server_, 1);  // its end, or an error
  }
}

linux::UniqueFd Relay::part() {
  linux::UniqueFd client = std::move(client_.fd);
  release_handles();
  return client;
}

}  // namespace reeve::proxy
