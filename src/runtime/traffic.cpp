#include "runtime/traffic.hpp"

#include "runtime/narrator.hpp"
#include "runtime/sandbox_runner.hpp"
#include "runtime/service_manager.hpp"

#include <reeve/core/address_pool.hpp>

namespace reeve::runtime {
namespace {

std::string without_endpoints(const OpenService& service) {
  switch (service.when_unready) {
    case WhenUnready::hold:
      return "clients wait for one, at most " + go_duration(service.hold_for);
    case WhenUnready::reset:
      return "connections are reset";
    case WhenUnready::refuse:
      break;
  }
  return "connections are refused";
}

}  // namespace

Traffic::Traffic(Around around, std::vector<linux::PassedDescriptor> passed)
    : sandboxes_(around.sandboxes),
      manager_(around.manager),
      narrator_(around.narrator),
      post_(std::move(around.post)),
      given_(std::move(passed), manager_, narrator_),
      handed_({[this](ServiceId service, const linux::SocketAddress& address) {
                 narrator_.say("service/" + services_.at(service).name + " listens on " + address.to_string() +
                               ", for containers that get its sockets");
               },
               [this](ServiceId service, const linux::SocketAddress& address, const Error& error) {
                 post_(ListenerFailed{service, address.to_string(), error.message()});
               }}) {}

Result<std::unique_ptr<Traffic>> Traffic::start(uv_loop_t& loop, Around around,
                                                std::vector<linux::PassedDescriptor> passed,
                                                const std::string& service_subnet) {
  proxy::ProxyOptions options;
  options.service_network = network_of(service_subnet);
  options.keeps_listeners = around.manager.keeps_descriptors();
  std::unique_ptr<Traffic> traffic(new Traffic(std::move(around), std::move(passed)));
  REEVE_TRY(traffic->proxy_, proxy::Proxy::start(loop, *traffic, std::move(options)));
  return traffic;
}

void Traffic::perform(const OpenService& effect) {
  proxy::ServiceConfig config{.id = effect.service,
                              .name = effect.name,
                              .listen = {},
                              .balancing = effect.balancing,
                              .client_ip_affinity = effect.client_ip_affinity,
                              .on_unready = effect.on_unready,
                              .when_unready = effect.when_unready,
                              .hold_for = effect.hold_for};
  for (const std::string& each : effect.addresses) {
    auto address = linux::SocketAddress::parse(each);
    if (address) {
      config.listen.push_back(*std::move(address));
    } else {
      post_(ListenerFailed{effect.service, each, address.error().message()});
    }
  }
  Known& known = services_[effect.service];
  known.name = effect.name;
  known.without = without_endpoints(effect);
  const bool was_handed_over = std::exchange(known.hands_over, effect.hands_over);
  if (effect.hands_over) {
    if (!was_handed_over) close_proxied(effect.service);
    return handed_.open(effect.service, config.listen);
  }
  if (was_handed_over) handed_.close(effect.service);
  given_.hand_out(effect, config);
  await(effect.service, known, config.listen);
  proxy_->open(std::move(config));
}

// The proxy says nothing anew of where it listens already.
void Traffic::await(ServiceId service, Known& known, const std::vector<linux::SocketAddress>& addresses) {
  std::erase_if(unheard_, [&](const auto& each) { return each.first == service; });
  std::set<linux::SocketAddress> listening;
  for (const linux::SocketAddress& each : addresses) {
    if (known.listening.contains(each)) listening.insert(each);
    if (!known.listening.contains(each)) unheard_.emplace(service, each);
  }
  known.listening = std::move(listening);
}

void Traffic::close_proxied(ServiceId service) {
  given_.take_back(service);
  await(service, services_.at(service), {});
  proxy_->close(service);
}

void Traffic::perform(const CloseService& effect) {
  close_proxied(effect.service);
  handed_.close(effect.service);
  services_.erase(effect.service);
}

void Traffic::perform(const SetEndpoint& effect) {
  auto address = linux::SocketAddress::parse(effect.address);
  REEVE_CHECK(address.has_value());  // the core writes addresses that are addresses
  auto network = effect.in_pod_network ? sandboxes_.network_of(effect.pod) : nullptr;
  // The same address in our own network is somebody else's.
  if (effect.in_pod_network && network == nullptr) return perform(RemoveEndpoint{effect.service, effect.pod});
  proxy_->set_endpoint(effect.service, {effect.pod, *std::move(address), effect.ready, effect.serving,
                                        effect.terminating, std::move(network)});
  const bool leaves = effect.serving && effect.terminating;
  note(effect.service, effect.pod, effect.ready ? Served::by_ready : leaves ? Served::by_leaving : Served::no);
}

void Traffic::perform(const RemoveEndpoint& effect) {
  proxy_->remove_endpoint(effect.service, effect.pod);
  note(effect.service, effect.pod, Served::no);
}

void Traffic::perform(const DrainEndpoint& effect) {
  draining_.emplace(effect.service, effect.pod);
  proxy_->drain(effect.service, effect.pod);
}

void Traffic::perform(const CutEndpoint& effect) {
  proxy_->cut(effect.service, effect.pod);
  note(effect.service, effect.pod, Served::no);
}

void Traffic::perform(const OpenLink& effect) {
  auto network = sandboxes_.network_of(effect.pod);
  auto address = linux::SocketAddress::parse(effect.address);
  REEVE_CHECK(address.has_value());
  if (network == nullptr) return;  // the sandbox broke: another one is made, and its links opened again
  proxy_->open_link(effect.service, effect.pod, *std::move(address), std::move(network));
}

void Traffic::perform(const CloseLink& effect) { proxy_->close_link(effect.service, effect.pod); }

Traffic::Served Traffic::Known::served() const {
  if (!ready.empty()) return Served::by_ready;
  return leaving.empty() ? Served::no : Served::by_leaving;
}

// Says when a service begins to answer and when it ceases to.
void Traffic::note(ServiceId service, PodId pod, Served served) {
  const auto found = services_.find(service);
  if (found == services_.end()) return;
  Known& known = found->second;
  const Served before = known.served();
  known.ready.erase(pod);
  known.leaving.erase(pod);
  if (served == Served::by_ready) known.ready.insert(pod);
  if (served == Served::by_leaving) known.leaving.insert(pod);
  const Served now = known.served();
  if (now == before) return;
  const std::string name = "service/" + known.name;
  switch (now) {
    case Served::by_ready:
      return narrator_.say(name + " has a ready pod: connections are served");
    case Served::by_leaving:
      return narrator_.say(name + " has no ready pod: one that leaves still serves");
    case Served::no:
      return narrator_.warn(name + " has no ready pod: " + known.without);
  }
}

void Traffic::on_listening(const proxy::Listening& told) {
  const auto found = services_.find(told.service);
  if (found == services_.end() || told.pod) return;
  unheard_.erase({told.service, told.address});
  found->second.listening.insert(told.address);
  const std::string whose = told.is_given ? ", by a socket of the service manager" : "";
  narrator_.say("service/" + found->second.name + " listens on " + told.address.to_string() + whose);
}

void Traffic::on_listen_failed(const proxy::ListenFailed& told) {
  if (!told.pod) unheard_.erase({told.service, told.address});
  std::string message = told.error.message();
  if (told.pod) message += " in the network of a linked pod";
  if (!told.remedy.empty()) message += ": " + told.remedy;
  post_(ListenerFailed{told.service, told.address.to_string(), std::move(message)});
}

void Traffic::on_drained(const proxy::Drained& told) {
  if (draining_.erase({told.service, told.pod}) != 0) post_(EndpointDrained{told.service, told.pod});
}

void Traffic::hand_over() {
  if (manager_.keeps_descriptors() || given_.has_shared()) proxy_->hand_over();
}

void Traffic::on_socket_made(const proxy::SocketMade& told) {
  manager_.keep(kept_name(told.address), std::move(*told.fd));
}

void Traffic::on_socket_gone(const proxy::SocketGone& told) { manager_.forget(kept_name(told.address)); }

void Traffic::on_connect_refused(const proxy::ConnectRefused& told) { post_(ConnectionRefused{told.pod}); }

}  // namespace reeve::runtime
