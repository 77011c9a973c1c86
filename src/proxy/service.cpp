#include "proxy/service.hpp"

#include "proxy/worker.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace reeve::proxy {
Service::Service(Worker& worker, ServiceId id, std::shared_ptr<Tally> tally)
    : worker_(worker), id_(id), tally_(std::move(tally)), balancer_(BalancerOptions{}), listeners_(worker, id, *this) {}

Service::~Service() { REEVE_CHECK(sessions_ == nullptr); }

void Service::configure(const ServiceConfig& config) {
  balancer_.configure({.balancing = config.balancing, .client_ip_affinity = config.client_ip_affinity});
  listeners_.listen_at(config.listen);
}

void Service::close() {
  closed_ = true;
  listeners_.close_all();
  retire_if_done();
}

void Service::retire_if_done() {
  if (!closed_ || !listeners_.is_all_deaf()) return;
  if (sessions_ == nullptr) return worker_.retire(*this);
  // nobody will ask for an endpoint any more, and their networks may have to go before the last session ends
  if (dialing_ == 0) balancer_.remove_all();
}

void Service::reset_sessions() {
  while (sessions_ != nullptr) sessions_->reset();
}

// Endpoints

template <class Change>
void Service::change_endpoint(PodId pod, Change change) {
  const bool was_usable = balancer_.has_usable();
  const bool had_ready = balancer_.has_ready();
  const bool was_choosable = balancer_.is_choosable(pod);
  std::optional<Endpoint> before;
  if (const Endpoint* found = balancer_.find(pod)) before = *found;
  // held while the change happens, so that the balancer cannot forget it
  if (before) balancer_.acquire(pod);
  change();
  const Endpoint* const after = balancer_.find(pod);
  if (after == nullptr || (was_choosable && !after->ready)) draining_.insert(pod);
  if (after != nullptr && after->ready) draining_.erase(pod);
  switch_listeners(was_usable, before);
  if (before) balancer_.release(pod);
  report_if_drained(pod);
  // those that serve while they terminate are out of it, now that another is ready
  if (!had_ready && balancer_.has_ready()) report_drained();
}

void Service::report_drained() {
  const std::vector<PodId> pods(draining_.begin(), draining_.end());
  for (const PodId pod : pods) report_if_drained(pod);
}

void Service::set_endpoint(const Endpoint& endpoint) {
  change_endpoint(endpoint.pod, [&] { balancer_.set(endpoint); });
}

void Service::remove_endpoint(PodId pod) {
  change_endpoint(pod, [&] { balancer_.remove(pod); });
}

void Service::switch_listeners(bool was_usable, const std::optional<Endpoint>& changed) {
  const bool is_usable = balancer_.has_usable();
  if (is_usable) forget_last();
  if (is_usable && !was_usable) listeners_.hear();
  if (is_usable || !was_usable || !changed) return;
  listeners_.go_deaf();
  if (listeners_.is_all_deaf()) return;
  last_ = changed;
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
  report_if_drained(pod);
}

void Service::report_if_drained(PodId pod) {
  if (balancer_.connections(pod) != 0 || balancer_.is_choosable(pod)) return;
  if (draining_.erase(pod) != 0) worker_.reports().put(Drained{id_, pod});
}

// Connections

void Service::on_accepted(linux::UniqueFd connection, const std::optional<Affinity::Client>& client) {
  tally_->total.add(1);
  Dial dial;
  dial.client = client;
  std::optional<Dialed> dialed = dial_next(dial.client, dial.tried);
  if (!dialed) return refuse(std::move(connection));
  begin_session(std::move(connection), std::move(*dialed), std::move(dial));
}

void Service::on_all_deaf() {
  forget_last();
  retire_if_done();
}

void Service::refuse(linux::UniqueFd client) {
  tally_->refused.add(1);
  linux::reset_on_close(client.get());
}

const Endpoint* Service::next_endpoint(const std::optional<Affinity::Client>& client, const std::vector<PodId>& tried) {
  if (const Endpoint* chosen = balancer_.choose(client, worker_.now(), worker_.random(), tried)) return chosen;
  if (!last_ || std::ranges::find(tried, last_->pod) != tried.end()) return nullptr;
  return &*last_;
}

// Starts to connect to an endpoint not tried yet; those that refuse at once are added to the tried ones.
std::optional<Service::Dialed> Service::dial_next(const std::optional<Affinity::Client>& client,
                                                  std::vector<PodId>& tried) {
  while (const Endpoint* const endpoint = next_endpoint(client, tried)) {
    Result<linux::UniqueFd> fd = worker_.connect(*endpoint);
    if (fd) {
      balancer_.acquire(endpoint->pod);
      return Dialed{*std::move(fd), endpoint->pod};
    }
    if (is_out_of_descriptors(fd.error())) return std::nullopt;
    tried.push_back(endpoint->pod);
    report_refused(endpoint->pod, std::move(fd).error());
  }
  return std::nullopt;
}

void Service::begin_session(linux::UniqueFd client, Dialed dialed, Dial dial) {
  auto* const session = new Session(worker_.relay_loop(), *this, std::move(client), std::move(dialed.fd));
  if (!session->start()) {
    tally_->refused.add(1);
    return release(dialed.pod);
  }
  session->pod = dialed.pod;
  dial.session = session;
  session->dial = worker_.add_dial(std::move(dial));
  ++dialing_;
  link(*session);
  tally_->active.add(1);
}

void Service::on_connected(Session& session) {
  end_dial(session);
  retire_if_done();
}

void Service::end_dial(Session& session) {
  worker_.end_dial(session.dial);
  --dialing_;
}

void Service::on_connect_failed(Session& session, int error) {
  Dial& dial = *session.dial;
  const PodId failed = std::exchange(session.pod, PodId{});
  dial.tried.push_back(failed);
  report_refused(failed, Error{"cannot connect", error});
  std::optional<Dialed> dialed = dial_next(dial.client, dial.tried);
  release(failed);
  if (dialed) session.pod = dialed->pod;
  if (dialed && session.redial(std::move(dialed->fd))) return;
  tally_->refused.add(1);
  session.reset();
}

bool Service::look_elsewhere(Session& session) {
  Dial& dial = *session.dial;
  std::vector<PodId> tried = dial.tried;
  tried.push_back(session.pod);
  std::optional<Dialed> dialed = dial_next(dial.client, tried);
  if (!dialed) return false;
  dial.tried = std::move(tried);
  const PodId slow = std::exchange(session.pod, dialed->pod);
  report_refused(slow, Error{"cannot connect", ETIMEDOUT});
  release(slow);
  if (!session.redial(std::move(dialed->fd))) session.reset();
  return true;
}

void Service::on_ended(Session& session) {
  if (!session.is_connected()) end_dial(session);
  unlink(session);
  tally_->active.subtract(1);
  if (session.pod) release(session.pod);
  retire_if_done();
}

void Service::report_refused(PodId pod, Error error) {
  if (const Endpoint* endpoint = balancer_.find(pod); endpoint != nullptr && error.what == "cannot connect") {
    error.what += " to " + endpoint->address.to_string();
  }
  const auto same = [&](const Report& report) {
    const auto* refused = std::get_if<ConnectRefused>(&report);
    return refused != nullptr && refused->service == id_ && refused->pod == pod;
  };
  worker_.reports().put_once(ConnectRefused{id_, pod, std::move(error)}, same);
}

void Service::link(Session& session) {
  session.next = sessions_;
  if (sessions_ != nullptr) sessions_->previous = &session;
  sessions_ = &session;
}

void Service::unlink(Session& session) {
  if (session.next != nullptr) session.next->previous = session.previous;
  (session.previous != nullptr ? session.previous->next : sessions_) = session.next;
}

}  // namespace reeve::proxy
