#include <reeve/proxy/listener.hpp>

#include "proxy/handshake_counter.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace reeve::proxy {
namespace {

constexpr int accepted_per_turn_max = 128;
constexpr std::uint64_t retry_ms = 20;

// A SYN that passed just before the filter needs an instant to become visible as a handshake.
constexpr std::uint64_t first_check_ms = 2;
constexpr std::uint64_t check_ms_max = 64;

// Long enough for two retransmitted SYN-ACKs (1 s, then 2 s): a client that found the queue full is also served.
constexpr std::uint64_t handshake_ms_max = 3500;

// Where the kernel does not tell about handshakes, they get this long.
constexpr std::uint64_t blind_handshake_ms = 100;

ino_t inode_of(const std::string& path) {
  struct stat there {};
  return ::lstat(path.c_str(), &there) == 0 ? there.st_ino : 0;
}

}  // namespace

Listener::Listener(uv_loop_t& loop, Place place, ListenerEvents& events, ListenerOptions options)
    : place_(std::move(place)), events_(events), options_(options), loop_(loop), timer_(this) {
  uv_timer_init(&loop_, timer_.get());
}

Result<std::unique_ptr<Listener>> Listener::bind(uv_loop_t& loop, Place place, ListenerEvents& events,
                                                 ListenerOptions options) {
  std::unique_ptr<Listener> listener(new Listener(loop, std::move(place), events, options));
  REEVE_TRY_VOID(listener->rebind());
  return listener;
}

Result<std::unique_ptr<Listener>> Listener::adopt(uv_loop_t& loop, Place place, int fd, ListenerEvents& events,
                                                  ListenerOptions options) {
  std::unique_ptr<Listener> listener(new Listener(loop, std::move(place), events, options));
  const linux::SocketAddress& address = listener->place_.address;
  listener->fd_.reset(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!listener->fd_ || ::fcntl(listener->fd_.get(), F_SETFL, O_RDWR | O_NONBLOCK) != 0) {
    return fail("cannot take over " + address.to_string(), errno);
  }
  if (options.is_shared) {
    REEVE_TRY_VOID(listener->poll());
  } else if (listener->is_unix()) {
    listener->inode_ = inode_of(address.path());
    // Nobody would find it.
    if (listener->inode_ == 0) return fail("cannot take over " + address.to_string(), ENOENT);
  }
  return listener;
}

Listener::~Listener() {
  forget_question();
  poll_.reset();
  const bool stays = options_.is_shared || events_.rests(*this);
  close_socket();
  const std::string& path = place_.address.path();
  if (is_unix() && !stays && inode_ != 0 && inode_of(path) == inode_) ::unlink(path.c_str());
}

void Listener::close_socket() {
  if (!fd_) return;
  fd_.reset();
  if (!events_.rests(*this)) events_.on_socket_gone(*this);
}

Result<void> Listener::rebind() {
  REEVE_TRY(fd_, linux::bind_listener(place_.address, place_.network.get()));
  if (is_unix()) inode_ = inode_of(place_.address.path());
  events_.on_socket_made(*this, fd_.get());
  return {};
}

void Listener::hear() {
  if (state_ == State::hearing) return;
  if (state_ == State::leaving) {
    // a unix socket that refuses cannot be talked out of it: it leaves first
    hear_again_ = is_one_way() || is_resting_;
    if (hear_again_) return;
    forget_question();
    linux::remove_filter(fd_.get());
    state_ = State::hearing;
    return;
  }
  if (Result<void> heard = begin_hearing(); !heard) events_.on_hear_failed(*this, std::move(heard).error());
}

Result<void> Listener::begin_hearing() {
  if (!fd_) REEVE_TRY_VOID(rebind());
  if (!options_.is_shared) {
    linux::remove_filter(fd_.get());
    REEVE_TRY_VOID(linux::listen_on(fd_.get(), options_.backlog));
  }
  REEVE_TRY_VOID(poll());
  state_ = State::hearing;
  return {};
}

Result<void> Listener::poll() {
  if (!poll_) {
    UvHandle<uv_poll_t> fresh(this);
    if (const int error = uv_poll_init(&loop_, fresh.get(), fd_.get()); error != 0) {
      fresh.abandon();
      return fail("cannot watch " + place_.address.to_string(), -error);
    }
    poll_ = std::move(fresh);
  }
  uv_poll_start(poll_.get(), UV_READABLE, [](uv_poll_t* handle, int, int) {
    if (auto* self = static_cast<Listener*>(handle->data)) self->accept_waiting();
  });
  return {};
}

// Out of descriptors: not polling is what keeps the level-triggered poll from spinning. Clients wait in the kernel.
void Listener::pause() {
  if (poll_) uv_poll_stop(poll_.get());
  arm(retry_ms);
}

void Listener::arm(std::uint64_t after_ms) {
  uv_update_time(&loop_);
  const auto fire = [](uv_timer_t* handle) {
    if (auto* self = static_cast<Listener*>(handle->data)) self->on_timer();
  };
  uv_timer_start(timer_.get(), fire, after_ms, 0);
}

void Listener::go_deaf() {
  hear_again_ = false;
  if (state_ != State::hearing) return;
  state_ = State::leaving;
  leaving_since_ms_ = uv_now(&loop_);
  check_after_ms_ = first_check_ms;
  is_resting_ = events_.rests(*this);
  if (is_resting_) {
    uv_poll_stop(poll_.get());
    return arm(0);
  }
  if (options_.is_shared) return arm(0);
  if (is_unix()) {
    // refuses and keeps the queue in one step; nothing is lost between the last accept and the close
    static_cast<void>(linux::refuse_connections(fd_.get()));
    uv_poll_stop(poll_.get());
    arm(0);
    return;
  }
  // a kernel without socket filters leaves a small gap between the last accept and the shutdown
  static_cast<void>(linux::filter_new_connections(fd_.get()));
  arm(first_check_ms);
}

// True once the queue is empty; false if some may be left.
bool Listener::accept_waiting() {
  for (int turn = 0; turn < accepted_per_turn_max; ++turn) {
    if (!events_.has_room(*this)) return pause(), false;
    Result<linux::Accepted> accepted = linux::accept_connection(fd_.get());
    if (!accepted) {
      // a unix socket that was shut down says EINVAL in place of EAGAIN
      if (accepted.error().code == EAGAIN || accepted.error().code == EINVAL) return true;
      return pause(), false;
    }
    if (state_ == State::leaving) linux::remove_filter(accepted->fd.get());
    events_.on_accepted(*this, std::move(*accepted));
  }
  return false;
}

void Listener::on_timer() {
  if (state_ == State::leaving) return advance_leaving();
  if (state_ != State::hearing && !options_.is_shared) return;
  if (Result<void> polled = poll(); !polled) arm(retry_ms);
}

std::uint64_t Listener::leaving_for_ms() const noexcept { return uv_now(&loop_) - leaving_since_ms_; }

void Listener::forget_question() noexcept {
  if (question_) question_->answered = nullptr;
  question_.reset();
}

// The kernel is asked before the last look into the queue: a handshake that is over has put its connection there.
void Listener::advance_leaving() {
  if (question_) return;
  if (is_resting_) return finish_leaving();
  if (is_unix() || options_.is_shared || leaving_for_ms() >= handshake_ms_max) return empty_queue(true);
  if (options_.handshakes == nullptr) {
    return on_counted(linux::count_embryonic(place_.address, place_.network.get()));
  }
  question_ = options_.handshakes->ask(place_, [this](const Result<std::size_t>& embryonic) { on_counted(embryonic); });
}

void Listener::on_counted(const Result<std::size_t>& embryonic) {
  question_.reset();
  empty_queue(embryonic ? *embryonic == 0 : leaving_for_ms() >= blind_handshake_ms);
}

void Listener::empty_queue(bool handshakes_are_over) {
  const bool empty = accept_waiting();
  if (handshakes_are_over && empty) return finish_leaving();
  if (!handshakes_are_over) check_after_ms_ = std::min(check_after_ms_ * 2, check_ms_max);
  if (uv_is_active(reinterpret_cast<uv_handle_t*>(timer_.get())) == 0) arm(empty ? check_after_ms_ : 0);
}

void Listener::stop_hearing() {
  const bool rests = std::exchange(is_resting_, false);
  if (options_.is_shared && !rests) return;
  // a deaf socket is always "hung up": polled, it would spin
  poll_.reset();
  if (rests) return;
  if (is_unix()) return close_socket();
  static_cast<void>(linux::refuse_connections(fd_.get()));
}

void Listener::finish_leaving() {
  state_ = State::deaf;
  stop_hearing();
  if (std::exchange(hear_again_, false)) hear();
  if (state_ == State::deaf) events_.on_deaf(*this);
}

}  // namespace reeve::proxy
