#include "proxy/service.hpp"

#include "proxy/worker.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace reeve::proxy {
namespace {

std::string remedy_for(const linux::SocketAddress& address, int error) {
  if (error == EACCES && !address.is_unix() && address.port() < 1024) {
    return "ports below 1024 are for root: run reeve as root, give it CAP_NET_BIND_SERVICE, lower "
           "net.ipv4.ip_unprivileged_port_start, or listen on a higher port";
  }
  if (error == EACCES || error == EPERM) return "reeve's user must be allowed to create files in that directory";
  if (error == EADDRINUSE && address.is_unix()) return "another program answers there: stop it or choose another path";
  if (error == EADDRINUSE) {
    return "another program has the port (ss -ltnp shows it), or had it within the last minute: stop it or choose "
           "another port";
  }
  if (error == EADDRNOTAVAIL) return "no interface of this host has that address (ip address shows them)";
  if (error == ENOENT) return "make the directory first";
  if (error == EEXIST) return "remove the file or choose another path";
  return "";
}

std::optional<Affinity::Client> client_of(const linux::RawAddress& peer) {
  if (peer.any.sa_family != AF_INET && peer.any.sa_family != AF_INET6) return std::nullopt;
  return linux::SocketAddress::from_raw(peer).ip();
}

}  // namespace

Service::Service(Worker& worker, ServiceId id, std::shared_ptr<Tally> tally)
    : worker_(worker), id_(id), tally_(std::move(tally)), balancer_(BalancerOptions{}) {}

Service::~Service() {
  REEVE_CHECK(sessions_ == nullptr);
  for (const auto& [address, listener] : listeners_) worker_.unclaim(address, id_);
}

void Service::configure(const ServiceConfig& config) {
  balancer_.configure({.balancing = config.balancing, .client_ip_affinity = config.client_ip_affinity});
  for (auto at = listeners_.begin(); at != listeners_.end();) {
    if (std::ranges::find(config.listen, at->first) != config.listen.end()) {
      ++at;
      continue;
    }
    drop_listener(std::move(at->second));
    at = listeners_.erase(at);
  }
  for (const linux::SocketAddress& address : config.listen) {
    if (!listeners_.contains(address)) add_listener(address);
  }
  if (!balancer_.has_usable()) return;
  for (const auto& [address, listener] : listeners_) listener->hear();
}

void Service::add_listener(const linux::SocketAddress& address) {
  const auto failed = [&](Error error) {
    std::string remedy = remedy_for(address, error.code);
    worker_.reports().put(ListenFailed{id_, address, std::move(error), std::move(remedy)});
  };
  if (!worker_.claim(address, id_)) {
    worker_.reports().put(ListenFailed{id_,
                                       address,
                                       {"cannot bind to " + address.to_string(), EADDRINUSE},
                                       "another service of reeve listens there: choose another address"});
    return;
  }
  if (!take_back_leaving(address)) {
    auto bound = Listener::bind(worker_.loop(), address, *this, {.backlog = worker_.options().backlog});
    if (!bound) {
      worker_.unclaim(address, id_);
      return failed(std::move(bound).error());
    }
    listeners_.emplace(address, *std::move(bound));
  }
  worker_.reports().put(Listening{id_, address});
}

// The address was given up a moment ago and its queue is still emptied: two sockets would share its clients.
bool Service::take_back_leaving(const linux::SocketAddress& address) {
  const auto found = std::ranges::find(leaving_, address, [](const auto& listener) { return listener->address(); });
  if (found == leaving_.end()) return false;
  listeners_.emplace(address, std::move(*found));
  leaving_.erase(found);
  return true;
}

void Service::drop_listener(std::unique_ptr<Listener> listener) {
  worker_.unclaim(listener->address(), id_);
  if (listener->is_deaf()) return;
  listener->go_deaf();
  leaving_.push_back(std::move(listener));
}

void Service::close() {
  closed_ = true;
  for (auto& [address, listener] : listeners_) drop_listener(std::move(listener));
  listeners_.clear();
  retire_if_done();
}

void Service::retire_if_done() {
  if (closed_ && leaving_.empty() && sessions_ == nullptr) worker_.retire(*this);
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
  if (is_usable && !was_usable) {
    for (const auto& [address, listener] : listeners_) listener->hear();
  }
  if (is_usable || !was_usable || !changed) return;
  for (const auto& [address, listener] : listeners_) listener->go_deaf();
  const auto is_deaf = [](const auto& entry) { return entry.second->is_deaf(); };
  if (leaving_.empty() && std::ranges::all_of(listeners_, is_deaf)) return;
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

bool Service::has_room(Listener&) { return worker_.has_spare_descriptor(); }

// Another service's cluster address: its own listener is deaf or on other ports, so this connection is not for us.
bool Service::is_for_another(const Listener& listener, int fd) const {
  if (!listener.address().is_wildcard()) return false;
  const Result<linux::SocketAddress> local = linux::local_address(fd);
  if (!local) return false;
  const std::optional<ServiceId> owner = worker_.owner_of(*local);
  return owner && *owner != id_;
}

void Service::on_accepted(Listener& listener, linux::Accepted accepted) {
  if (is_for_another(listener, accepted.fd.get())) return linux::reset_on_close(accepted.fd.get());
  tally_->total.add(1);
  Dial dial;
  dial.client = client_of(accepted.peer);
  std::optional<Dialed> dialed = dial_next(dial.client, dial.tried);
  if (!dialed) return refuse(std::move(accepted.fd));
  begin_session(std::move(accepted.fd), std::move(*dialed), std::move(dial));
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
    Result<linux::UniqueFd> fd = worker_.make_socket(endpoint->address.family());
    if (!fd) return std::nullopt;
    Result<void> begun = linux::begin_connect(fd->get(), endpoint->address);
    if (begun) {
      balancer_.acquire(endpoint->pod);
      return Dialed{*std::move(fd), endpoint->pod};
    }
    tried.push_back(endpoint->pod);
    report_refused(endpoint->pod, std::move(begun).error());
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
  link(*session);
  tally_->active.add(1);
}

void Service::on_connected(Session& session) { worker_.end_dial(session.dial); }

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
  if (!session.is_connected()) worker_.end_dial(session.dial);
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

// Listeners

void Service::on_deaf(Listener& listener) {
  std::erase_if(leaving_, [&](const auto& leaving) { return leaving.get() == &listener; });
  const auto is_deaf = [](const auto& entry) { return entry.second->is_deaf(); };
  if (leaving_.empty() && std::ranges::all_of(listeners_, is_deaf)) forget_last();
  retire_if_done();
}

void Service::on_hear_failed(Listener& listener, Error error) {
  std::string remedy = remedy_for(listener.address(), error.code);
  worker_.reports().put(ListenFailed{id_, listener.address(), std::move(error), std::move(remedy)});
}

}  // namespace reeve::proxy
