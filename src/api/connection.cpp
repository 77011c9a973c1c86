#include "api/connection.hpp"

#include <reeve/linux/clock.hpp>
#include <reeve/linux/passing.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace reeve::api {
namespace {

constexpr std::size_t low_water = 32 * 1024;         // below it more is asked of a stream
constexpr Duration reader_stalls_max = seconds(10);  // a plain answer that nobody takes
constexpr Duration follower_stalls_max = seconds(60);
constexpr Duration request_takes_max = seconds(30);
constexpr std::size_t kept_buffer_max = 16 * 1024;  // an idle connection holds no large buffer

std::string_view phrase(int code) {
  switch (code) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Request Entity Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Entity";
    case 503:
      return "Service Unavailable";
    case 507:
      return "Insufficient Storage";
    default:
      return code < 400 ? "OK" : code < 500 ? "Bad Request" : "Internal Server Error";
  }
}

// As HTTP quotes texts in headers.
std::string quoted_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return quoted + '"';
}

}  // namespace

std::unique_ptr<Connection> Connection::open(uv_loop_t& loop, Owner& owner, linux::UniqueFd fd, Client client) {
  std::unique_ptr<Connection> connection(new Connection(owner, std::move(fd), std::move(client)));
  connection->poll_ = proxy::UvHandle<uv_poll_t>(connection.get());
  if (uv_poll_init(&loop, connection->poll_.get(), connection->fd_.get()) != 0) {
    connection->poll_.abandon();
    return nullptr;
  }
  connection->watch_events();
  return connection;
}

Connection::Connection(Owner& owner, linux::UniqueFd fd, Client client)
    : owner_(owner), fd_(std::move(fd)), client_(std::move(client)), active_at_(linux::monotonic_now()) {}

bool Connection::needs_time() const noexcept {
  const bool has_deadline = stream_ != nullptr && stream_->deadline();
  return !out_.empty() || discarding_ || has_deadline || (!is_busy() && !reader_.is_idle());
}

void Connection::close() {
  poll_.reset();
  fd_.reset();
  stream_.reset();
  after_settled_ = nullptr;
}

void Connection::on_event(int events) {
  if ((events & UV_WRITABLE) != 0) flush();
  if (fd_ && (events & (UV_READABLE | UV_DISCONNECT)) != 0) read_some();
  if (fd_) take_requests();
  if (fd_) pump(linux::monotonic_now());
  owner_.changed(*this);
}

void Connection::read_some() {
  constexpr int turns_max = 4;
  std::array<char, 16384> scratch;
  for (int turn = 0; turn < turns_max && fd_ && !reader_.is_full(); ++turn) {
    const ssize_t got = ::recv(fd_.get(), scratch.data(), scratch.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got < 0) return close();
    if (got == 0) {
      input_ended_ = true;
      // A stream's reader that says no more has gone; others may still want their answers.
      if (stream_ != nullptr || discarding_ || (!is_busy() && out_.empty())) close();
      return;
    }
    if (discarding_) continue;
    if (reader_.is_idle()) active_at_ = linux::monotonic_now();
    reader_.feed(std::string_view(scratch.data(), static_cast<std::size_t>(got)));
    if (!is_busy()) take_requests();
  }
}

// In order: a request waits until the one before is answered, and until its answer is on its way.
void Connection::take_requests() {
  while (fd_ && !is_busy() && !closing_ && queued_bytes() < low_water) {
    const auto progress = reader_.advance();
    if (progress == RequestReader::Progress::more) break;
    if (progress == RequestReader::Progress::wants_body) {
      out_ += "HTTP/1.1 100 Continue\r\n\r\n";
      break;
    }
    if (progress == RequestReader::Progress::refused) {
      refuse();
      break;
    }
    const Request request = reader_.take();
    keep_alive_ = request.keep_alive && !input_ended_;
    chunked_ = request.is_http_1_1;
    if (const auto refusal = owner_.refusal(client_, request)) {
      keep_alive_ = false;
      start(reply_with(*refusal));
      discarding_ = true;
    } else {
      start(owner_.answer(request));
    }
  }
  if (!out_.empty()) flush();
  const bool is_done = input_ended_ && !is_busy() && out_.empty();
  if (is_done) close();
}

void Connection::refuse() {
  keep_alive_ = false;
  start(reply_with(of_http(reader_.status(), reader_.problem())));
  discarding_ = true;
}

void Connection::start(Reply reply) {
  active_at_ = linux::monotonic_now();
  if (reply.upgrade) return switch_protocols(*std::move(reply.upgrade));
  if (reply.after_settled) {
    after_settled_ = std::move(reply.after_settled);
    once_kept_ = reply.once_kept;
    return;
  }
  if (reply.stream != nullptr && !chunked_) keep_alive_ = false;
  write_head(reply, reply.stream != nullptr && chunked_);
  stream_ = std::move(reply.stream);
  if (stream_ == nullptr) {
    out_ += reply.body;
    closing_ = !keep_alive_;
  } else {
    write_stream(active_at_);
  }
}

// What is not HTTP any more must find nothing before it or behind it.
void Connection::switch_protocols(Upgrade upgrade) {
  int domain = 0;
  socklen_t size = sizeof domain;
  if (::getsockopt(fd_.get(), SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain != AF_UNIX) {
    return start(reply_with(bad_request("descriptors travel over reeve's unix socket alone: ask there")));
  }
  if (!reader_.is_idle()) {
    keep_alive_ = false;
    return start(reply_with(bad_request("nothing may follow an upgrade before its answer")));
  }
  flush();
  const std::string head =
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " + std::string(upgrade.protocol) +
      "\r\n\r\n";
  const int descriptor = upgrade.descriptor.get();
  const bool is_told =
      fd_ && out_.empty() && linux::send_with_descriptors(fd_.get(), head, {&descriptor, upgrade.descriptor ? 1U : 0U});
  linux::UniqueFd fd = std::move(fd_);
  poll_.reset();
  close();
  if (is_told) owner_.upgrade(std::move(fd), std::move(upgrade));
}

void Connection::write_head(const Reply& reply, bool is_chunked) {
  out_ += "HTTP/1.1 " + std::to_string(reply.code) + ' ';
  out_ += phrase(reply.code);
  out_ += "\r\nContent-Type: ";
  out_ += reply.content_type;
  out_ += "\r\nCache-Control: no-cache, private\r\n";
  if (!reply.allow.empty()) out_ += "Allow: " + std::string(reply.allow) + "\r\n";
  for (const std::string& each : reply.warnings) out_ += "Warning: 299 - " + quoted_string(each) + "\r\n";
  if (is_chunked) {
    out_ += "Transfer-Encoding: chunked\r\n";
  } else if (reply.stream == nullptr) {
    out_ += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
  }
  out_ += keep_alive_ ? "\r\n" : "Connection: close\r\n\r\n";
}

void Connection::write_stream(Instant now) {
  stream_has_more_ = false;
  while (stream_ != nullptr && queued_bytes() < low_water) {
    std::string piece;
    const auto state = stream_->produce(piece, low_water, now);
    if (!piece.empty() && chunked_) {
      char size[24];
      std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
      out_ += size + piece + "\r\n";
    } else {
      out_ += piece;
    }
    if (state == Stream::State::ended) {
      stream_.reset();
      if (chunked_) out_ += "0\r\n\r\n";
      closing_ = !keep_alive_;
      return;
    }
    if (piece.empty()) return;
  }
  stream_has_more_ = stream_ != nullptr;
}

void Connection::pump(Instant now) {
  if (!fd_) return;
  // A reader that keeps up gets several pieces in one go, and then the others have their turn.
  constexpr int turns_max = 8;
  for (int turn = 0; turn < turns_max; ++turn) {
    if (stream_ != nullptr) write_stream(now);
    if (!out_.empty()) flush();
    if (!fd_ || !out_.empty() || !stream_has_more_) break;
  }
  // What was pipelined behind a stream that has ended.
  if (fd_ && !is_busy() && (!reader_.is_idle() || input_ended_)) take_requests();
  if (fd_) watch_events();
}

void Connection::flush() {
  while (sent_ < out_.size()) {
    const ssize_t written = ::send(fd_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) return;
    if (written < 0) return close();
    sent_ += static_cast<std::size_t>(written);
    active_at_ = linux::monotonic_now();
  }
  sent_ = 0;
  out_.clear();
  if (out_.capacity() > kept_buffer_max) std::string().swap(out_);
  if (!closing_) return;
  if (!discarding_ || input_ended_) return close();
  ::shutdown(fd_.get(), SHUT_WR);
}

void Connection::watch_events() {
  int wanted = 0;
  const bool takes_more = !input_ended_ && !reader_.is_full() && (stream_ != nullptr || queued_bytes() < low_water);
  if (takes_more) wanted |= UV_READABLE;
  if (!out_.empty() || stream_has_more_) wanted |= UV_WRITABLE;
  if (stream_ != nullptr && !takes_more) wanted |= UV_DISCONNECT;
  if (wanted == watched_) return;
  watched_ = wanted;
  if (wanted == 0) {
    uv_poll_stop(poll_.get());
    return;
  }
  uv_poll_start(poll_.get(), wanted, [](uv_poll_t* handle, int status, int events) {
    auto* self = static_cast<Connection*>(handle->data);
    if (self == nullptr) return;
    self->on_event(status < 0 ? UV_READABLE | UV_DISCONNECT : events);
  });
}

void Connection::on_settled(Instant now) {
  if (fd_ && after_settled_) answer_settled();
  pump(now);
}

// What it was asked since the last step has not been answered by any.
void Connection::on_kept(Instant now) {
  if (!fd_ || !version_to_keep_) return;
  answer_settled();
  pump(now);
}

// What a client is told of a write is still so after a loss of power.
void Connection::answer_settled() {
  using Fate = runtime::StateStatus::Fate;
  const runtime::StateStatus& state = owner_.state();
  if (once_kept_ && !version_to_keep_) version_to_keep_ = state.wanted;
  const Fate fate = version_to_keep_ ? state.fate_of(*version_to_keep_) : Fate::kept;
  if (fate == Fate::pending) return;
  const auto ask = std::exchange(after_settled_, nullptr);
  version_to_keep_.reset();
  start(fate == Fate::kept ? ask() : reply_with(not_kept(state.problem)));
  take_requests();
}

void Connection::tick(Instant now) {
  const Duration stalls_max = stream_ != nullptr ? follower_stalls_max : reader_stalls_max;
  const bool is_stalled = (!out_.empty() || discarding_) && now - active_at_ > stalls_max;
  const bool is_half = !is_busy() && out_.empty() && !reader_.is_idle() && now - active_at_ > request_takes_max;
  if (is_stalled || is_half) return close();
  const auto deadline = stream_ != nullptr ? stream_->deadline() : std::nullopt;
  if (deadline && *deadline <= now) pump(now);
}

}  // namespace reeve::api
