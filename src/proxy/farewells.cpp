#include "proxy/farewells.hpp"

#include <reeve/linux/socket.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace reeve::proxy {
namespace {

// Several round trips, and the patience of a program that is busy. One that keeps an idle connection in a pool may not
// look at it for longer: it finds it closed then.
constexpr std::uint64_t farewell_ms_max = 5000;

// True once there is nothing more to come.
bool throw_away(int fd) {
  char bytes[16384];
  for (int turn = 0; turn < 64; ++turn) {
    const ssize_t got = ::recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got == 0) return true;
    if (got < 0 && errno != EINTR) return errno != EAGAIN && errno != EWOULDBLOCK;
  }
  return false;
}

}  // namespace

void Farewells::open(uv_loop_t& loop) {
  loop_ = &loop;
  timer_ = UvHandle<uv_timer_t>(this);
  uv_timer_init(&loop, timer_.get());
}

void Farewells::close() {
  for (Farewell& each : farewells_) linux::reset_on_close(each.fd.get());
  farewells_.clear();
  timer_.reset();
}

void Farewells::add(linux::UniqueFd client) {
  if (!linux::end_writing(client.get())) return;
  farewells_.push_back({*this, std::move(client), uv_now(loop_) + farewell_ms_max, {}, {}});
  Farewell& farewell = farewells_.back();
  farewell.place = std::prev(farewells_.end());
  farewell.poll = UvHandle<uv_poll_t>(&farewell);
  if (uv_poll_init(loop_, farewell.poll.get(), farewell.fd.get()) != 0) {
    farewell.poll.abandon();
    return end(farewell);
  }
  uv_poll_start(farewell.poll.get(), UV_READABLE, [](uv_poll_t* handle, int, int) {
    if (auto* self = static_cast<Farewell*>(handle->data)) self->all.on_readable(*self);
  });
  if (farewells_.size() == 1) arm();
}

void Farewells::on_readable(Farewell& farewell) {
  if (throw_away(farewell.fd.get())) end(farewell);
}

void Farewells::end(Farewell& farewell) {
  farewell.poll.reset();  // before its descriptor
  farewells_.erase(farewell.place);
}

void Farewells::arm() {
  if (farewells_.empty()) return;
  const std::uint64_t now = uv_now(loop_), until = farewells_.front().until_ms;
  const auto fire = [](uv_timer_t* handle) {
    if (auto* self = static_cast<Farewells*>(handle->data)) self->on_timer();
  };
  uv_timer_start(timer_.get(), fire, until > now ? until - now : 0, 0);
}

// With nothing unread, the close is an orderly one too.
void Farewells::on_timer() {
  while (!farewells_.empty() && farewells_.front().until_ms <= uv_now(loop_)) {
    throw_away(farewells_.front().fd.get());
    end(farewells_.front());
  }
  arm();
}

}  // namespace reeve::proxy
