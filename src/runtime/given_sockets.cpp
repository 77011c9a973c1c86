#include "runtime/given_sockets.hpp"

#include "runtime/narrator.hpp"
#include "runtime/service_manager.hpp"

#include <reeve/core/hash.hpp>
#include <reeve/linux/socket.hpp>

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>

namespace reeve::runtime {
namespace {

constexpr std::string_view kept_prefix = "reeve/";

// "web" of the port "web:http"; in another namespace "web.prod".
bool is_called(const OpenService& service, const std::string& name) {
  const std::string own = service.name.substr(0, service.name.find(':'));
  return name == own + '.' + service.name_space || (name == own && service.name_space == "default");
}

// The port that clients connect to: its own address is the first.
std::uint16_t port_of(const proxy::ServiceConfig& config) {
  return config.listen.empty() ? std::uint16_t{0} : config.listen.front().port();
}

bool contains(const std::vector<linux::SocketAddress>& list, const linux::SocketAddress& address) {
  return std::ranges::find(list, address) != list.end();
}

}  // namespace

std::string kept_name(const linux::SocketAddress& address) {
  const std::string text = address.to_string();
  std::string name(kept_prefix);
  name += text;
  std::ranges::replace(name, ':', ',');
  if (linux::is_fd_name(name)) return name;
  char digest[24];
  std::snprintf(digest, sizeof digest, "#%016llx", static_cast<unsigned long long>(fnv1a(text)));
  return std::string(kept_prefix) + digest;
}

GivenSockets::GivenSockets(std::vector<linux::PassedDescriptor> passed, ServiceManager& manager, Narrator& narrator)
    : manager_(manager), narrator_(narrator) {
  for (linux::PassedDescriptor& each : passed) take(std::move(each));
  holds_at_start_ = !shared_.empty() || !kept_.empty();
}

void GivenSockets::take(linux::PassedDescriptor passed) {
  const bool is_kept = passed.name.starts_with(kept_prefix);
  const auto kind = linux::socket_kind(passed.fd.get());
  const auto address = is_kept ? linux::listener_address(passed.fd.get()) : linux::local_address(passed.fd.get());
  if (!kind.is_stream || (!is_kept && !kind.listens) || !address || address->family() == AF_UNSPEC) {
    narrator_.warn("the service manager passed \"" + passed.name +
                   "\", which is no listening TCP or unix stream socket: write ListenStream= and no Accept=yes in its "
                   ".socket unit");
    return;
  }
  auto fd = std::make_shared<const linux::UniqueFd>(std::move(passed.fd));
  if (is_kept) {
    kept_.insert_or_assign(*address, std::move(fd));
  } else {
    shared_.push_back({std::move(passed.name), *address, std::move(fd), std::nullopt});
  }
}

void GivenSockets::hand_out(const OpenService& effect, proxy::ServiceConfig& config) {
  config.start_held = is_start_ && holds_at_start_;
  for (const linux::SocketAddress& each : config.listen) {
    if (auto kept = kept_.extract(each)) config.given.push_back({each, std::move(kept.mapped()), false});
  }
  for (Shared& each : shared_) {
    const bool is_free = !each.owner || each.owner == effect.service;
    if (!is_free || !is_called(effect, each.name)) continue;
    const bool is_listed = contains(config.listen, each.address);
    if (!is_listed && !effect.is_only_port && each.address.port() != port_of(config)) continue;
    each.owner = effect.service;
    if (!is_listed) config.listen.push_back(each.address);
    config.given.push_back({each.address, each.fd, true});
  }
}

void GivenSockets::take_back(ServiceId service) {
  for (Shared& each : shared_) {
    if (each.owner != service) continue;
    each.owner.reset();
    tell_unwanted(each);
  }
}

void GivenSockets::tell_unwanted(const Shared& socket) {
  narrator_.warn("no service takes the socket \"" + socket.name + "\" at " + socket.address.to_string() +
                 " that the service manager passed, and its clients wait: FileDescriptorName= of its .socket unit must "
                 "be the name of a service (outside the namespace default NAME.NAMESPACE), and where that has several "
                 "ports, the socket's port one of them; else stop the .socket unit");
}

void GivenSockets::end_start() {
  if (!std::exchange(is_start_, false)) return;
  for (const Shared& each : shared_) {
    if (!each.owner) tell_unwanted(each);
  }
  for (const auto& [address, fd] : std::exchange(kept_, {})) {
    narrator_.say("no service listens on " + address.to_string() + " any more: its kept socket is closed");
    manager_.forget(kept_name(address));
  }
}

std::vector<linux::SocketAddress> GivenSockets::shared_by(ServiceId service) const {
  std::vector<linux::SocketAddress> addresses;
  for (const Shared& each : shared_) {
    if (each.owner == service) addresses.push_back(each.address);
  }
  return addresses;
}

}  // namespace reeve::runtime
