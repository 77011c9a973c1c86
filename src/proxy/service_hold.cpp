// Clients of a service that wait until an endpoint can be connected to.
#include "proxy/service.hpp"

#include "proxy/worker.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace reeve::proxy {
namespace {

// Each is a descriptor and less than a kilobyte; those beyond are refused.
constexpr std::size_t held_max = 4096;

// A ready endpoint that refused may take connections again before anybody tells us.
constexpr Duration retry_after = milliseconds(100);

}  // namespace

void Service::start_held() {
  start_held_until_ = worker_.now() + hold_for_;
  switch_listeners(std::nullopt);
  arm_hold_timer();
}

// At a start nobody is refused: those beyond what we hold wait in the kernel.
bool Service::has_room() const { return !start_held_until_ || held_.size() < held_max || balancer_.has_usable(); }

void Service::end_start() { start_held_until_.reset(); }

bool Service::may_hold() const noexcept {
  return !closed_ && when_unready() == WhenUnready::hold && held_.size() < held_max;
}

void Service::hold(linux::UniqueFd client, Dial dial) {
  auto* const session = new Session(worker_.relay_loop(), *this, std::move(client));
  if (!session->start()) {
    tally_->refused.add(1);
    return;
  }
  link(*session);
  list_as_held(*session, std::move(dial));
}

// One that was being connected.
void Service::hold(Session& session) {
  Dial dial = std::move(*session.dial);
  end_dial(session);
  session.set_draining(false);
  session.postpone();
  tally_->active.subtract(1);
  list_as_held(session, std::move(dial));
  if (const PodId pod = std::exchange(session.pod, PodId{})) release(pod);
}

void Service::hold_or_refuse(Session& session) { may_hold() ? hold(session) : refuse(session); }

void Service::list_as_held(Session& session, Dial dial) {
  dial.session = &session;
  dial.is_held = true;
  dial.full = nullptr;
  dial.tried.clear();
  if (!dial.held_until) {
    dial.held_until = worker_.now() + hold_for_;
    tally_->held_total.add(1);
  }
  tally_->held.add(1);
  auto at = held_.end();
  while (at != held_.begin() && std::prev(at)->held_until > dial.held_until) --at;
  session.dial = held_.insert(at, std::move(dial));
  arm_hold_timer();
}

// As far as endpoints can be connected to, in the order of arrival.
void Service::serve_held() {
  while (!held_.empty() && balancer_.has_usable()) {
    Dial dial = held_.front();
    Session& session = *dial.session;
    std::optional<Dialed> dialed = dial_or_wait(dial);
    if (!dialed) return arm_hold_timer();
    held_.pop_front();
    tally_->held.subtract(1);
    tally_->active.add(1);
    dial.is_held = false;
    begin_dial(session, std::move(dial));
    if (!redial(session, *std::move(dialed))) refuse(session);
  }
}

void Service::arm_hold_timer() {
  if (!hold_timer_) {
    hold_timer_ = UvHandle<uv_timer_t>(this);
    uv_timer_init(&worker_.loop(), hold_timer_.get());
  }
  std::optional<Instant> at = start_held_until_;
  if (!held_.empty()) at = std::min(at.value_or(*held_.front().held_until), *held_.front().held_until);
  if (!at) return;
  if (!held_.empty() && balancer_.has_usable()) at = std::min(*at, worker_.now() + retry_after);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*at - worker_.now()).count();
  const auto fire = [](uv_timer_t* handle) {
    if (auto* self = static_cast<Service*>(handle->data)) self->on_hold_timer();
  };
  uv_timer_start(hold_timer_.get(), fire, static_cast<std::uint64_t>(std::max<std::int64_t>(left, 0)), 0);
}

void Service::on_hold_timer() {
  if (start_held_until_ && *start_held_until_ <= worker_.now()) {
    end_start();
    switch_listeners(std::nullopt);
  }
  serve_held();
  while (!held_.empty() && *held_.front().held_until <= worker_.now()) {
    tally_->hold_timeouts.add(1);
    refuse(*held_.front().session);
  }
  arm_hold_timer();
}

}  // namespace reeve::proxy
