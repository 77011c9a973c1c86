#include "runtime/notify_listener.hpp"

#include <utility>

namespace reeve::runtime {

Result<void> NotifyListener::listen(uv_loop_t& loop) {
  timer_ = proxy::UvHandle<uv_timer_t>(this);
  uv_timer_init(&loop, timer_.get());
  poll_ = proxy::UvHandle<uv_poll_t>(this);
  if (const int status = uv_poll_init(&loop, poll_.get(), socket_.fd()); status != 0) {
    poll_.abandon();
    return fail("cannot watch a notify socket", -status);
  }
  return poll();
}

Result<void> NotifyListener::poll() {
  const auto readable = [](uv_poll_t* handle, int, int) {
    if (auto* self = static_cast<NotifyListener*>(handle->data)) self->read();
  };
  if (const int status = uv_poll_start(poll_.get(), UV_READABLE, readable); status != 0) {
    return fail("cannot watch a notify socket", -status);
  }
  return {};
}

void NotifyListener::read() {
  for (int i = 0; i < messages_per_turn; ++i) {
    const auto received = socket_.receive();
    if (!received) return;
    take(*received);
  }
  rest();
}

void NotifyListener::rest() {
  uv_poll_stop(poll_.get());
  const auto on_time = [](uv_timer_t* handle) {
    if (auto* self = static_cast<NotifyListener*>(handle->data)) static_cast<void>(self->poll());
  };
  uv_timer_start(timer_.get(), on_time, rest_ms, 0);
}

void NotifyListener::take(const linux::NotifySocket::Received& received) {
  using Member = linux::Process::Member;
  const Member member = events_.member(received.sender);
  const std::string who = "process " + std::to_string(received.sender);
  if (member == Member::no) {
    return refuse(told_of_stranger_, who + " wrote to NOTIFY_SOCKET and is none of this container: not heeded");
  }
  if (member == Member::gone && reach_ == Reach::host) {
    return refuse(told_of_gone_, who +
                                     " wrote to NOTIFY_SOCKET and had ended before anybody could see whose it is: not "
                                     "heeded; let it wait until it was heard (sd_notify_barrier, systemd-notify)");
  }
  if (received.is_cut) {
    return refuse(told_of_long_, "a message on NOTIFY_SOCKET had more than " +
                                     std::to_string(linux::NotifySocket::message_max) + " bytes: not heeded");
  }
  events_.said(parse_notify_message(received.text));
}

void NotifyListener::refuse(bool& was_told, std::string why) {
  if (!std::exchange(was_told, true)) events_.refused(std::move(why));
}

}  // namespace reeve::runtime
