#include <reeve/proxy/relay.hpp>

#include <reeve/linux/socket.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/talk.hpp"

#include <cerrno>
#include <utility>

namespace reeve::proxy {
namespace {

// One connection may move this many scratch buffers before the others have their turn.
constexpr int turns_max = 4;

// So many full reads more than others, and a direction is worth a pipe.
constexpr std::uint8_t hot = 4, heat_max = 8;

// At a reset, what the kernel still holds may be this much.
constexpr int salvage_turns_max = 256;

bool has_bytes(int fd) {
  char byte;
  return ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

bool is_again(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

Relay::Relay(RelayLoop& shared, linux::UniqueFd client, linux::UniqueFd server) noexcept : shared_(shared) {
  client_.fd = std::move(client);
  server_.fd = std::move(server);
}

Result<void> Relay::start() {
  is_waiting_ = !server_.fd;
  for (Side* side : {&client_, &server_}) {
    if (!side->fd) continue;
    if (Result<void> adopted = adopt(*side); !adopted) {
      release_handles();
      return adopted;
    }
  }
  watch(client_);
  watch(server_);
  return {};
}

Result<void> Relay::adopt(Side& side) {
  linux::set_no_delay(side.fd.get());
  if (const int error = uv_poll_init(shared_.loop, &side.poll, side.fd.get()); error != 0) {
    return fail("cannot watch a connection", -error);
  }
  side.poll.data = this;
  ++handles_;
  return {};
}

void Relay::forget_server() noexcept {
  if (server_.fd) uv_poll_stop(&server_.poll);
  server_.watched = server_.heat = 0;
  server_.read_ended = server_.hung_up = false;
  connected_ = broken_ = broken_by_server_ = false;
}

void Relay::postpone() {
  forget_server();
  is_waiting_ = true;
  watch(client_);
}

Result<void> Relay::redial(linux::UniqueFd server) {
  forget_server();
  is_waiting_ = false;
  watch(client_);
  if (!server_.fd) {
    server_.fd = std::move(server);
    REEVE_TRY_VOID(adopt(server_));
    watch(server_);
    return {};
  }
  // the new socket takes the old one's number, so that the same handle watches it
  if (::dup3(server.get(), server_.fd.get(), O_CLOEXEC) < 0) return fail("cannot replace a connection", errno);
  linux::set_no_delay(server_.fd.get());
  watch(server_);
  return {};
}

void Relay::reset() {
  broken_ = true;
  end(RelayEnd::reset);
}

void Relay::on_poll(uv_poll_t* handle, int status, int events) {
  auto* const self = static_cast<Relay*>(handle->data);
  if (self == nullptr || self->ended_) return;
  self->on_event(handle == &self->client_.poll ? self->client_ : self->server_, status, events);
}

void Relay::on_event(Side& side, int status, int events) {
  // libuv stops watching a descriptor in error
  if (status < 0) side.watched = 0;
  if (!connected_) return on_event_while_connecting(side, status, events);
  if (status < 0) break_at(side);
  if (!broken_ && (events & UV_WRITABLE) != 0) flush(side);
  if (!broken_ && (events & UV_READABLE) != 0) {
    &side == &client_&& is_paused() ? look_at_next_request() : pump(side, other(side), turns_max);
  }
  if (events == UV_PRIORITIZED) side.hung_up = true;
  settle();
}

void Relay::on_event_while_connecting(Side& side, int status, int events) {
  if (&side == &server_) {
    if (status < 0 || (events & UV_WRITABLE) != 0) conclude_connect();
    return;
  }
  if (is_waiting_) return on_event_while_waiting(side, status);
  // the client gave up or went away for good; what it said before that is still for the server
  if (status < 0 && !has_bytes(side.fd.get())) return end(RelayEnd::reset);
  broken_ = status < 0;
  side.hung_up = true;
  watch(side);
}

void Relay::on_event_while_waiting(Side& side, int status) {
  if (status < 0) return end(RelayEnd::reset);
  // what it said may be with us already, for the next server
  if (!has_bytes(side.fd.get()) && !server_.pending) return end(RelayEnd::by_client);
  side.hung_up = side.end_seen;
  side.end_seen = true;
  watch(side);
}

void Relay::conclude_connect() {
  const int error = linux::take_socket_error(server_.fd.get());
  // connected, answered and reset before we looked: the answer counts
  if (error != 0 && !has_bytes(server_.fd.get())) return on_connect_failed(error);
  connected_ = true;
  if (error != 0) break_at(server_);
  stamp();
  on_connected();
  settle();
}

void Relay::break_at(const Side& side) noexcept {
  if (broken_) return;
  broken_ = true;
  broken_by_server_ = &side == &server_;
}

void Relay::pump(Side& from, Side& to, int turns) {
  while (turns-- > 0 && !to.pending && !from.read_ended) {
    std::optional<ssize_t> spliced;
    if (from.heat >= hot) spliced = splice(from, to);
    const ssize_t got = spliced ? *spliced : copy(from, to);
    if (got < 0 && is_again(static_cast<int>(-got))) return;
    if (got < 0) return break_at(from);
    if (got == 0) {
      from.read_ended = true;
      server_ended_first_ = &from == &server_ && !client_.read_ended;
      return;
    }
    const bool is_full = static_cast<std::size_t>(got) >= shared_.scratch.size();
    if (is_full && from.heat < heat_max) ++from.heat;
    if (!is_full && from.heat > 0) --from.heat;
    // most often that was all, and to ask would cost a call; a pipe took enough for one turn
    if ((!is_full || spliced) && turns < turns_max) return;
  }
}

void Relay::count_bytes(const Side& from, ssize_t count) {
  if (count <= 0) return;
  const bool is_client = &from == &client_;
  is_client ? on_client_bytes(static_cast<std::size_t>(count)) : on_server_bytes(static_cast<std::size_t>(count));
  (is_client ? client_spoke_ : server_spoke_) = true;
  server_spoke_last_ = !is_client;
  stamp();
}

// What was said tells whose turn it is.
void Relay::take_in(const Side& from, const char* bytes, std::size_t count) {
  const std::string_view said(bytes, count);
  const bool is_client = &from == &client_, was_last = server_spoke_last_;
  if (is_client ? !client_spoke_ && opens_full_duplex(said) : switches_protocols(said)) full_duplex_ = true;
  if (is_client && (was_last || !client_spoke_)) answers_.asked(said);
  if (!is_client) answers_.take(said);
  count_bytes(from, static_cast<ssize_t>(count));
  const bool asks_and_answers_nothing = full_duplex_ ? is_http2_control(said) : !is_client && is_interim_answer(said);
  if (asks_and_answers_nothing) server_spoke_last_ = was_last;
}

// How many bytes came; 0 at the end of the stream, and a negative errno.
ssize_t Relay::copy(Side& from, Side& to) {
  const ssize_t got = ::recv(from.fd.get(), shared_.scratch.data(), shared_.scratch.size(), 0);
  if (got <= 0) return got < 0 ? -errno : 0;
  take_in(from, shared_.scratch.data(), static_cast<std::size_t>(got));
  write(to, shared_.scratch.data(), static_cast<std::size_t>(got));
  return got;
}

// The same without a copy; nothing where no pipe is to be had.
std::optional<ssize_t> Relay::splice(Side& from, Side& to) {
  std::optional<PipePool::Loan> pipe = shared_.pipes.borrow();
  if (!pipe) return std::nullopt;
  const ssize_t got = pipe->fill(from.fd.get());
  if (got <= 0) return got;
  count_bytes(from, got);
  if (&from == &server_) answers_.skip(static_cast<std::size_t>(got));
  if (!flush(to, *pipe)) to.pending = std::make_unique<Pending>(Pending{0, {}, std::move(pipe)});
  return got;
}

// True once nothing is left to be written.
bool Relay::flush(Side& to, PipePool::Loan& pipe) {
  while (pipe.size() > 0) {
    const ssize_t sent = pipe.drain(to.fd.get());
    if (sent < 0 && is_again(static_cast<int>(-sent))) return false;
    if (sent <= 0) {
      break_at(to);
      return true;
    }
    if (&to == &server_) forwarded_ = true;
  }
  return true;
}

void Relay::write(Side& to, const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t sent = ::send(to.fd.get(), bytes, count, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && is_again(errno)) break;
    if (sent < 0) {
      break_at(to);
      // another server may still get them
      if (&to == &server_ && !forwarded_) break;
      return;
    }
    if (&to == &server_) forwarded_ = true;
    bytes += sent;
    count -= static_cast<std::size_t>(sent);
  }
  if (count > 0) to.pending = std::make_unique<Pending>(Pending{0, std::vector<char>(bytes, bytes + count), {}});
}

void Relay::flush(Side& to) {
  if (!to.pending) return;
  Pending& pending = *to.pending;
  if (pending.pipe && !flush(to, *pending.pipe)) return;
  while (pending.written < pending.bytes.size()) {
    const ssize_t sent = ::send(to.fd.get(), pending.bytes.data() + pending.written,
                                pending.bytes.size() - pending.written, MSG_NOSIGNAL);
    if (sent < 0 && is_again(errno)) return;
    if (sent < 0) return break_at(to);
    if (&to == &server_) forwarded_ = true;
    pending.written += static_cast<std::size_t>(sent);
  }
  to.pending.reset();
  stamp();  // whoever was held up by it has its turn from now
}

void Relay::pass_on_end(Side& from, Side& to) {
  if (!from.read_ended || to.write_ended || to.pending) return;
  to.write_ended = true;
  if (!linux::end_writing(to.fd.get())) break_at(to);
}

// Nothing was said to it and nothing came from it: to the client it makes no difference who answers.
bool Relay::is_server_lost() const noexcept {
  return (broken_by_server_ || (server_.read_ended && !broken_)) && !forwarded_ && !server_spoke_ &&
         !server_.write_ended && !client_.write_ended;
}

// Draws the consequences of whatever just happened.
void Relay::settle() {
  if (is_server_lost() && on_server_lost(ECONNRESET)) return;
  if (!broken_) {
    pass_on_end(client_, server_);
    pass_on_end(server_, client_);
  }
  if (broken_) {
    salvage();
    return end(RelayEnd::reset);
  }
  if (client_.write_ended && server_.write_ended) {
    return end(server_ended_first_ ? RelayEnd::by_server : RelayEnd::by_client);
  }
  watch(client_);
  watch(server_);
  if (draining_) on_stir();
}

int Relay::wanted_events(const Side& side) const noexcept {
  if (!connected_ && &side == &server_) return is_waiting_ ? 0 : UV_WRITABLE;
  if (is_waiting_ && !side.end_seen) return UV_DISCONNECT;
  const Side& opposite = &side == &client_ ? server_ : client_;
  int events = 0;
  const bool must_wait = opposite.pending || (client_waits_ && &side == &client_);
  if (connected_ && !side.read_ended && !must_wait) events |= UV_READABLE;
  if (side.pending) events |= UV_WRITABLE;
  // nothing to do here but to hear of a reset: errors come with any event, and this one comes without others
  if (events == 0 && !side.hung_up && !(side.read_ended && side.write_ended)) events = UV_PRIORITIZED;
  return events;
}

void Relay::watch(Side& side) {
  const int events = wanted_events(side);
  if (events == side.watched) return;
  side.watched = static_cast<std::uint8_t>(events);
  if (events == 0) {
    uv_poll_stop(&side.poll);
  } else {
    uv_poll_start(&side.poll, events, on_poll);
  }
}

// A peer that answers and then resets is heard to its last byte, as it would be without us.
void Relay::salvage() {
  flush(client_);
  flush(server_);
  pump(server_, client_, salvage_turns_max);
  if (!is_paused()) pump(client_, server_, salvage_turns_max);
}

void Relay::end(RelayEnd how) {
  ended_ = true;
  if (how == RelayEnd::reset) {
    linux::reset_on_close(client_.fd.get());
    linux::reset_on_close(server_.fd.get());
  }
  on_ended(how);
  release_handles();
}

void Relay::release_handles() {
  ended_ = true;
  if (handles_ == 0) {
    delete this;
    return;
  }
  // client_ was adopted first
  const bool both = handles_ == 2;
  release(client_);
  if (both) release(server_);
}

void Relay::release(Side& side) {
  uv_close(reinterpret_cast<uv_handle_t*>(&side.poll), [](uv_handle_t* handle) {
    auto* const self = static_cast<Relay*>(handle->data);
    if (--self->handles_ == 0) delete self;
  });
  // uv_close has taken it out of epoll
  side.fd.reset();
  side.pending.reset();
}

}  // namespace reeve::proxy
