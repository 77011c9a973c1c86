#include "proxy/quiet_times.hpp"

#include "proxy/service.hpp"

namespace reeve::proxy {

void QuietTimes::open(uv_loop_t& loop) {
  timer_ = UvHandle<uv_timer_t>(this);
  uv_timer_init(&loop, timer_.get());
}

void QuietTimes::add(Session& session, std::uint64_t at_ms) {
  if (session.due_ms != 0 && session.due_ms <= at_ms) return;
  remove(session);
  session.due_ms = at_ms;
  times_.emplace(at_ms, &session);
  if (times_.begin()->second == &session) arm();
}

void QuietTimes::remove(Session& session) {
  if (session.due_ms == 0) return;
  times_.erase({session.due_ms, &session});
  session.due_ms = 0;
}

void QuietTimes::arm() {
  if (times_.empty() || !timer_) return;
  const auto fire = [](uv_timer_t* handle) {
    if (auto* self = static_cast<QuietTimes*>(handle->data)) self->on_timer();
  };
  const std::uint64_t now = uv_now(timer_.get()->loop), at = times_.begin()->first;
  uv_timer_start(timer_.get(), fire, at > now ? at - now : 0, 0);
}

void QuietTimes::on_timer() {
  const std::uint64_t now = uv_now(timer_.get()->loop);
  while (!times_.empty() && times_.begin()->first <= now) {
    Session& session = *times_.begin()->second;
    remove(session);
    session.service().end_if_quiet(session);
  }
  arm();
}

}  // namespace reeve::proxy
