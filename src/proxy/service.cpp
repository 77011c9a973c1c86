#include "proxy/service.hpp"

#include "proxy/worker.hpp"

#include <algorithm>
#include <utility>

namespace reeve::proxy {
Service::Service(Worker& worker, ServiceId id, std::shared_ptr<Tally> tally)
    : worker_(worker), id_(id), tally_(std::move(tally)), balancer_(BalancerOptions{}), listeners_(worker, id, *this) {}

Service::~Service() { REEVE_CHECK(sessions_ == nullptr); }

void Service::configure(const ServiceConfig& config) {
  balancer_.configure({.balancing = config.balancing, .client_ip_affinity = config.client_ip_affinity});
  on_unready_ = config.on_unready;
  when_unready_ = config.when_unready;
  hold_for_ = config.hold_for;
  switch_listeners(std::nullopt);
  listeners_.listen_at(config.listen, config.given);
}

void Service::close() {
  closed_ = true;
  is_busy_ = true;
  while (!held_.empty()) refuse(*held_.front().session);
  is_busy_ = false;
  hold_timer_.reset();
  listeners_.close_all();
  retire_if_done();
}

void Service::on_all_deaf() {
  forget_last();
  retire_if_done();
}

void Service::retire_if_done() {
  if (!closed_ || is_busy_ || !listeners_.is_all_deaf()) return;
  if (sessions_ == nullptr) return worker_.retire(*this);
  // nobody will ask for an endpoint any more, and their networks may have to go before the last session ends
  if (dialing_ == 0) balancer_.remove_all();
}

void Service::reset_sessions() {
  while (sessions_ != nullptr) sessions_->reset();
}

// Endpoints

template <class Change>
void Service::change_endpoint(PodId pod, Queue queue, Change change) {
  const bool had_ready = balancer_.has_ready();
  std::optional<Endpoint> before;
  if (const Endpoint* found = balancer_.find(pod)) before = *found;
  // held while the change happens, so that the balancer cannot forget it
  if (before) balancer_.acquire(pod);
  change();
  switch_listeners(queue == Queue::to_it ? before : std::nullopt);
  if (before) balancer_.release(pod);
  settle_leaving(pod);
  if (balancer_.has_ready()) end_start();
  serve_held();
  if (had_ready || !balancer_.has_ready()) return;
  // those that serve while they terminate are out of it, now that another is ready
  std::vector<PodId> pods;
  for (const auto& [each, leaving] : leaving_) pods.push_back(each);
  for (const PodId each : pods) settle_leaving(each);
}

void Service::set_endpoint(Endpoint endpoint, Ticket ticket) {
  const PodId pod = endpoint.pod;
  const Endpoint* const before = balancer_.find(pod);
  if (before == nullptr && endpoint.terminating && !endpoint.ready) return;
  const bool was_ready = before != nullptr && before->ready, was_choosable = balancer_.is_choosable(pod);
  const auto leaving = leaving_.find(pod);
  if (endpoint.ready) {
    if (leaving != leaving_.end()) leaving_.erase(leaving);
    if (!was_ready) for_each_session(pod, [](Session& session) { session.set_draining(false); });
  } else if (leaving != leaving_.end()) {
    endpoint.terminating = endpoint.terminating || leaving->second.goes_last;
    leaving->second.ticket = ticket;
  } else if (was_choosable) {
    leaving_[pod] = {ticket};
  }
  change_endpoint(pod, Queue::to_it, [&] { balancer_.set(endpoint); });
  if (was_ready && !endpoint.ready && !endpoint.terminating) act_on_unready(pod);
}

void Service::act_on_unready(PodId pod) {
  switch (on_unready_) {
    case OnUnready::keep:
      break;
    case OnUnready::drain:
      drain_sessions(pod);
      break;
    case OnUnready::reset:
      for_each_session(pod, [this](Session& session) {
        if (session.is_connected() || !goes_elsewhere(session)) session.reset();
      });
      break;
  }
}

void Service::leave(PodId pod, Leave how, Ticket ticket) {
  leaving_[pod].ticket = ticket;
  switch (how) {
    case Leave::remove:
      change_endpoint(pod, Queue::to_it, [&] { balancer_.remove(pod); });
      break;
    case Leave::drain:
      drain(pod);
      break;
    case Leave::cut:
      cut(pod);
      break;
  }
  retire_if_done();
}

void Service::drain(PodId pod) {
  leaving_[pod].goes_last = true;
  drain_sessions(pod);
  const Endpoint* const found = balancer_.find(pod);
  if (found == nullptr) return settle_leaving(pod);
  Endpoint endpoint = *found;
  endpoint.ready = false;
  endpoint.terminating = true;
  change_endpoint(pod, Queue::to_it, [&] { balancer_.set(endpoint); });
}

void Service::drain_sessions(PodId pod) {
  const auto leaving = leaving_.find(pod);
  if (leaving == leaving_.end()) return;
  leaving->second.drains = true;
  for_each_session(pod, [this](Session& session) {
    session.set_draining(true);
    end_if_quiet(session);
  });
}

void Service::cut(PodId pod) {
  change_endpoint(pod, Queue::to_nobody, [&] {
    balancer_.remove(pod);
    if (last_ && last_->pod == pod) forget_last();
  });
  for_each_session(pod, [this](Session& session) { cut(session); });
}

void Service::cut(Session& session) {
  if (!session.is_connected() && goes_elsewhere(session)) return;
  if (!session.is_connected()) return hold_or_refuse(session);
  tally_->cut.add(1);
  session.was_counted = true;
  session.reset();
}

// Calls it for those there are now; it may end them.
template <class Act>
void Service::for_each_session(PodId pod, Act act) {
  std::vector<Session*> sessions;
  for (Session* each = sessions_; each != nullptr; each = each->next) {
    if (each->pod == pod) sessions.push_back(each);
  }
  is_busy_ = true;
  for (Session* const each : sessions) {
    if (!each->has_ended()) act(*each);
  }
  is_busy_ = false;
}

bool Service::wants_to_hear() const noexcept {
  if (balancer_.has_usable()) return true;
  return !closed_ && !worker_.hands_over() && when_unready() != WhenUnready::refuse;
}

void Service::switch_listeners(const std::optional<Endpoint>& last) {
  if (balancer_.has_usable()) forget_last();
  if (wants_to_hear() == hearing_) return;
  hearing_ = !hearing_;
  if (hearing_) return listeners_.hear();
  listeners_.go_deaf();
  if (listeners_.is_all_deaf() || !last) return;
  last_ = last;
  balancer_.acquire(last_->pod);
}

void Service::forget_last() {
  if (!last_) return;
  const PodId pod = last_->pod;
  last_.reset();
  release(pod);
}

void Service::release(PodId pod) {
  balancer_.release(pod);
  settle_leaving(pod);
}

// Takes it out of the list and tells of it, as soon as it has no connection left.
void Service::settle_leaving(PodId pod) {
  const auto leaving = leaving_.find(pod);
  if (leaving == leaving_.end() || balancer_.connections(pod) != 0) return;
  if (leaving->second.goes_last && balancer_.find(pod) != nullptr) {
    return change_endpoint(pod, Queue::to_it, [&] { balancer_.remove(pod); });
  }
  if (balancer_.is_choosable(pod)) return;
  const Ticket ticket = leaving->second.ticket;
  leaving_.erase(leaving);
  worker_.on_left({{id_, pod}, ticket});
}

void Service::end_if_quiet(Session& session) {
  const std::optional<std::uint64_t> at = session.quiet_at();
  if (!at) return;
  if (*at > uv_now(&worker_.loop())) return worker_.quiet_times().add(session, *at);
  // its first bytes are heard in a moment, and we look again
  if (session.is_server_speaking()) return;
  worker_.farewells().add(session.part());
  tally_->drained.add(1);
  end(session);
}

}  // namespace reeve::proxy
