#include "runtime/net_probe.hpp"

#include <reeve/linux/hosts.hpp>
#include <reeve/linux/socket.hpp>

#include <array>
#include <cctype>
#include <cerrno>
#include <system_error>

namespace reeve::runtime {
namespace {

// "connection refused": errno in words, in the lower case that Go prints.
std::string words_of(int code) {
  std::string text = std::generic_category().message(code);
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

std::string authority_of(const std::string& host, std::int32_t port) { return HttpTarget{host, port, {}}.authority(); }

}  // namespace

void NetProbe::connect(const std::string& host, std::int32_t port) {
  peer_ = authority_of(host, port);
  if (const auto numeric = linux::SocketAddress::parse(peer_)) return connect_to(*numeric);
  const auto found = linux::find_address(host);
  const auto address = linux::SocketAddress::parse(found ? authority_of(*found, port) : std::string());
  if (address) return connect_to(*address);
  fail("dial tcp: lookup " + host +
       ": no such host in /etc/hosts, and reeve asks no name server: write its address instead, or add it there");
}

void NetProbe::connect_to(const linux::SocketAddress& address) {
  auto socket =
      network_ ? network_->make_socket(address.family(), SOCK_STREAM) : linux::make_stream_socket(address.family());
  if (!socket) return finish({ProbeResult::error, socket.error().message()});
  socket_ = *std::move(socket);
  if (auto begun = linux::begin_connect(socket_.get(), address); !begun) {
    return fail("dial tcp " + peer_ + ": connect: " + words_of(begun.error().code));
  }
  poll_ = proxy::UvHandle<uv_poll_t>(this);
  if (const int status = uv_poll_init(&loop_, poll_.get(), socket_.get()); status != 0) {
    poll_.abandon();
    return finish({ProbeResult::error, "cannot watch a socket: " + words_of(-status)});
  }
  watch(UV_WRITABLE);
}

void NetProbe::watch(int events) {
  uv_poll_start(poll_.get(), events, [](uv_poll_t* handle, int, int) {
    if (auto* self = static_cast<NetProbe*>(handle->data)) self->on_event();
  });
}

void NetProbe::on_event() {
  if (is_connected_) return readable();
  if (const int code = linux::take_socket_error(socket_.get()); code != 0) {
    return fail("dial tcp " + peer_ + ": connect: " + words_of(code));
  }
  is_connected_ = true;
  connected();
}

void NetProbe::abort() {
  if (!is_connected_) return fail("dial tcp " + peer_ + ": i/o timeout");
  timed_out();
}

void NetProbe::disconnect() {
  poll_.reset();
  socket_.reset();
  is_connected_ = false;
}

void NetProbe::finish(ProbeOutcome outcome) {
  disconnect();
  // The caller may destroy us in finish_.
  if (const Finish finish = std::exchange(finish_, nullptr)) finish(std::move(outcome));
}

void TcpProbe::connected() { finish({ProbeResult::success, {}}); }

void TcpProbe::timed_out() { fail("dial tcp " + peer_ + ": i/o timeout"); }

HttpProbe::HttpProbe(uv_loop_t& loop, std::shared_ptr<const linux::Network> network, Finish finish, HttpTarget target,
                     std::vector<NameValue> headers, HttpAsker asker)
    : NetProbe(loop, std::move(network), std::move(finish)),
      first_(target),
      target_(std::move(target)),
      headers_(std::move(headers)),
      asker_(asker) {}

void HttpProbe::start() { connect(target_.host, target_.port); }

std::string HttpProbe::failure_text(const std::string& cause) const {
  return "Get \"" + target_.url() + "\": " + cause;
}

void HttpProbe::connected() {
  unsent_ = http_request(target_, headers_, asker_);
  send();
}

void HttpProbe::send() {
  while (!unsent_.empty()) {
    const ssize_t sent = ::send(socket_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return watch(UV_READABLE | UV_WRITABLE);
    if (sent < 0) return broken("write tcp " + peer_ + ": " + words_of(errno));
    unsent_.erase(0, static_cast<std::size_t>(sent));
  }
  watch(UV_READABLE);
}

void HttpProbe::readable() {
  if (!unsent_.empty()) send();
  if (!socket_) return;
  std::array<char, 16384> scratch;
  const ssize_t got = ::recv(socket_.get(), scratch.data(), scratch.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got < 0) return broken("read tcp " + peer_ + ": read: " + words_of(errno));
  got_bytes_ = got_bytes_ || got > 0;
  const auto progress = got == 0 ? reply_.end() : reply_.feed({scratch.data(), static_cast<std::size_t>(got)});
  switch (progress) {
    case HttpReply::Progress::more:
      return;
    case HttpReply::Progress::done:
      return answered();
    case HttpReply::Progress::cut:
      return broken(got_bytes_ ? "unexpected EOF" : "EOF");
    case HttpReply::Progress::malformed:
      break;
  }
  broken("net/http: HTTP/1.x transport connection broken: malformed HTTP response (" + reply_.problem() + ")");
}

// Once the headers are there, a body that cannot be read says nothing about the container (Kubernetes issue 113938).
void HttpProbe::broken(const std::string& cause) {
  if (reply_.has_headers() && asker_ == HttpAsker::hook) return finish({ProbeResult::success, {}});
  if (reply_.has_headers()) return finish({ProbeResult::error, cause});
  fail(cause);
}

void HttpProbe::timed_out() {
  if (reply_.has_headers()) {
    return broken("context deadline exceeded (Client.Timeout or context cancellation while reading body)");
  }
  fail("context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
}

void HttpProbe::answered() {
  if (asker_ == HttpAsker::hook) return finish({ProbeResult::success, {}});
  const auto next = redirect_of(reply_, target_, first_);
  if (!next) return finish(judge(reply_));
  if (++hops_ > hops_max) return fail("stopped after 10 redirects");
  disconnect();
  target_ = *next;
  reply_ = HttpReply();
  got_bytes_ = false;
  start();
}

}  // namespace reeve::runtime
