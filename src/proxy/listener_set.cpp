#include "proxy/listener_set.hpp"

#include "proxy/worker.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

namespace reeve::proxy {
namespace {

std::string remedy_in_pod(int error) {
  if (error == EADDRINUSE) return "a container of the pod has the port: choose another one for it or for the service";
  if (error == EADDRNOTAVAIL) return "the loopback interface of the pod's network must be up";
  return "";
}

std::string remedy_for(const Place& place, int error) {
  const linux::SocketAddress& address = place.address;
  if (error == EACCES && !address.is_unix() && address.port() < 1024) {
    return "ports below 1024 are for root: run reeve as root, give it CAP_NET_BIND_SERVICE, lower "
           "net.ipv4.ip_unprivileged_port_start, or listen on a higher port";
  }
  if (place.network) return remedy_in_pod(error);
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

std::optional<PodId> link_of(const Place& place) { return place.pod ? std::optional(place.pod) : std::nullopt; }

// Inside its network every pod is 127.0.0.1, so a link's client is the pod itself. 100::/64 leads nowhere (RFC 6666):
// no other client has such an address.
Affinity::Client client_of(PodId pod) {
  Affinity::Client client{1};
  for (std::size_t i = 0; i < sizeof pod.value; ++i) {
    client[client.size() - 1 - i] = static_cast<std::uint8_t>(pod.value >> (8 * i));
  }
  return client;
}

std::optional<Affinity::Client> client_of(const Place& place, const linux::RawAddress& peer) {
  if (place.pod) return client_of(place.pod);
  if (peer.any.sa_family != AF_INET && peer.any.sa_family != AF_INET6) return std::nullopt;
  return linux::SocketAddress::from_raw(peer).ip();
}

}  // namespace

ListenerSet::ListenerSet(Worker& worker, ServiceId service, ListenerSetEvents& events)
    : worker_(worker), service_(service), events_(events) {}

ListenerSet::~ListenerSet() {
  for (const auto& [key, listener] : listeners_) worker_.unclaim(listener->place());
}

void ListenerSet::listen_at(const std::vector<linux::SocketAddress>& addresses, const std::vector<GivenSocket>& given) {
  for (auto at = listeners_.begin(); at != listeners_.end() && !at->first.first;) {
    const bool stays = std::ranges::find(addresses, at->first.second) != addresses.end();
    at = stays ? std::next(at) : drop(at);
  }
  for (const linux::SocketAddress& address : addresses) {
    const auto found = std::ranges::find(given, address, &GivenSocket::address);
    add({.address = address}, found == given.end() ? nullptr : &*found);
  }
}

void ListenerSet::open_link(Place place) {
  // a path belongs to no network, so it can be taken once only
  if (place.address.is_unix()) place.network.reset();
  const auto found = listeners_.find({place.pod, place.address});
  if (found != listeners_.end() && found->second->place().network != place.network) drop(found);
  add(std::move(place));
}

void ListenerSet::close_links(PodId pod) {
  const Key first{pod, {}};
  for (auto at = listeners_.lower_bound(first); at != listeners_.end() && at->first.first == pod;) at = drop(at);
}

void ListenerSet::close_all() {
  for (auto at = listeners_.begin(); at != listeners_.end();) at = drop(at);
}

void ListenerSet::hear() {
  hearing_ = true;
  for (const auto& [key, listener] : listeners_) hear(*listener);
}

void ListenerSet::hear(Listener& listener) {
  const bool was_deaf = listener.is_deaf();
  listener.hear();
  if (was_deaf && !listener.is_deaf()) ++awake_;
}

void ListenerSet::go_deaf() {
  hearing_ = false;
  for (const auto& [key, listener] : listeners_) listener->go_deaf();
}

void ListenerSet::report_failed(const Place& place, Error error, std::string remedy) {
  worker_.reports().put(ListenFailed{service_, place.address, std::move(error), std::move(remedy), link_of(place)});
}

void ListenerSet::add(Place place, const GivenSocket* given) {
  Key key{place.pod, place.address};
  if (const auto found = listeners_.find(key); found != listeners_.end()) {
    if (hearing_) hear(*found->second);
    return;
  }
  if (!worker_.claim(place, service_)) {
    return report_failed(place, {"cannot bind to " + place.address.to_string(), EADDRINUSE},
                         "another service of reeve listens there: choose another address");
  }
  if (!take_back(place)) {
    auto bound = make(place, given);
    if (!bound) {
      worker_.unclaim(place);
      std::string remedy = remedy_for(place, bound.error().code);
      return report_failed(place, std::move(bound).error(), std::move(remedy));
    }
    listeners_.emplace(key, *std::move(bound));
  }
  worker_.reports().put(Listening{service_, place.address, link_of(place), given != nullptr});
  if (hearing_) hear(*listeners_.at(key));
}

Result<std::unique_ptr<Listener>> ListenerSet::make(const Place& place, const GivenSocket* given) {
  const ListenerOptions options{.backlog = worker_.options().backlog,
                                .handshakes = &worker_.handshakes(),
                                .is_shared = given != nullptr && given->is_shared};
  if (given == nullptr) return Listener::bind(worker_.loop(), place, *this, options);
  auto adopted = Listener::adopt(worker_.loop(), place, given->fd->get(), *this, options);
  if (adopted || given->is_shared) return adopted;
  worker_.reports().put(SocketGone{place.address});
  return Listener::bind(worker_.loop(), place, *this, options);
}

// The address was given up a moment ago and its queue is still emptied: two sockets would share its clients.
bool ListenerSet::take_back(const Place& place) {
  const auto [first, last] = leaving_.equal_range({place.pod, place.address});
  const auto found =
      std::find_if(first, last, [&](const auto& leaving) { return leaving.second->place().network == place.network; });
  if (found == last) return false;
  listeners_.emplace(found->first, std::move(found->second));
  leaving_.erase(found);
  return true;
}

ListenerSet::Listeners::iterator ListenerSet::drop(Listeners::iterator at) {
  auto [key, listener] = std::move(*at);
  worker_.unclaim(listener->place());
  if (!listener->is_deaf()) {
    listener->go_deaf();
    leaving_.emplace(key, std::move(listener));
  }
  return listeners_.erase(at);
}

bool ListenerSet::has_room(Listener&) { return worker_.has_spare_descriptor() && events_.has_room(); }

bool ListenerSet::rests(const Listener& listener) const {
  const bool is_kept = worker_.options().keeps_listeners && !listener.place().pod;
  return worker_.hands_over() && (is_kept || listener.is_shared());
}

void ListenerSet::on_socket_made(const Listener& listener, int fd) {
  if (!worker_.options().keeps_listeners || listener.place().pod) return;
  auto copy = std::make_shared<linux::UniqueFd>(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (*copy) worker_.reports().put(SocketMade{listener.place().address, std::move(copy)});
}

void ListenerSet::on_socket_gone(const Listener& listener) {
  if (!worker_.options().keeps_listeners || listener.place().pod || listener.is_shared()) return;
  worker_.reports().put(SocketGone{listener.place().address});
}

// Another service's cluster address: its own listener is deaf or on other ports, so this connection is not for us.
bool ListenerSet::is_for_another(const Listener& listener, int fd) const {
  if (!listener.place().address.is_wildcard()) return false;
  const Result<linux::SocketAddress> local = linux::local_address(fd);
  if (!local) return false;
  const std::optional<ServiceId> owner = worker_.owner_of(listener.place().network.get(), *local);
  return owner && *owner != service_;
}

void ListenerSet::on_accepted(Listener& listener, linux::Accepted accepted) {
  if (is_for_another(listener, accepted.fd.get())) return linux::reset_on_close(accepted.fd.get());
  events_.on_accepted(std::move(accepted.fd), client_of(listener.place(), accepted.peer));
}

void ListenerSet::on_deaf(Listener& listener) {
  const auto [first, last] = leaving_.equal_range({listener.place().pod, listener.place().address});
  const auto found = std::find_if(first, last, [&](const auto& leaving) { return leaving.second.get() == &listener; });
  if (found != last) leaving_.erase(found);
  if (--awake_ == 0) events_.on_all_deaf();
}

void ListenerSet::on_hear_failed(Listener& listener, Error error) {
  std::string remedy = remedy_for(listener.place(), error.code);
  report_failed(listener.place(), std::move(error), std::move(remedy));
}

}  // namespace reeve::proxy
