#pragma once
// Hands services and endpoints to the proxy, and tells what the proxy says.

#include "runtime/given_sockets.hpp"
#include "runtime/handed_sockets.hpp"

#include <reeve/core/effect.hpp>
#include <reeve/core/input.hpp>
#include <reeve/linux/notify.hpp>
#include <reeve/proxy/proxy.hpp>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace reeve::runtime {

class Narrator;
class SandboxRunner;

class Traffic final : private proxy::ProxyEvents {
 public:
  using Post = std::function<void(Input)>;

  // Whom it works with; all of them outlive it.
  struct Around {
    const SandboxRunner& sandboxes;
    ServiceManager& manager;
    Narrator& narrator;
    Post post;
  };
  static Result<std::unique_ptr<Traffic>> start(uv_loop_t& loop, Around around,
                                                std::vector<linux::PassedDescriptor> passed,
                                                const std::string& service_subnet);

  void perform(const OpenService& effect);
  void perform(const CloseService& effect);
  void perform(const SetEndpoint& effect);
  void perform(const RemoveEndpoint& effect);
  void perform(const DrainEndpoint& effect);
  void perform(const CutEndpoint& effect);
  void perform(const OpenLink& effect);
  void perform(const CloseLink& effect);

  // The listening sockets of a service that hands them over.
  Result<std::vector<int>> sockets_of(ServiceId service) { return handed_.of(service); }

  // Every service of the start was opened.
  void end_start() { given_.end_start(); }

  // reeve is about to end: what the service manager has too goes on to take clients, for who comes after us.
  void hand_over();

  // The sockets of a port of a service that the service manager has too.
  std::vector<linux::SocketAddress> shared_by(ServiceId service) const { return given_.shared_by(service); }

  // Every address that was to be listened at is, or could not be had.
  bool all_listen() const noexcept { return unheard_.empty(); }

  proxy::ProxyCounters counters(ServiceId service) const { return proxy_->counters(service); }

 private:
  // What new clients meet: of an endpoint, and of a service its best.
  enum class Served { no, by_leaving, by_ready };
  struct Known {
    std::string name;
    std::string without;  // what becomes of new clients while nobody serves
    std::set<PodId> ready;
    std::set<PodId> leaving;  // that still serve
    bool hands_over = false;
    std::set<linux::SocketAddress> listening;

    Served served() const;
  };

  Traffic(Around around, std::vector<linux::PassedDescriptor> passed);
  void on_listening(const proxy::Listening& told) override;
  void on_listen_failed(const proxy::ListenFailed& told) override;
  void on_connect_refused(const proxy::ConnectRefused& told) override;
  void on_drained(const proxy::Drained& told) override;
  void on_socket_made(const proxy::SocketMade& told) override;
  void on_socket_gone(const proxy::SocketGone& told) override;
  void note(ServiceId service, PodId pod, Served served);
  void close_proxied(ServiceId service);
  void await(ServiceId service, Known& known, const std::vector<linux::SocketAddress>& addresses);

  const SandboxRunner& sandboxes_;
  ServiceManager& manager_;
  Narrator& narrator_;
  Post post_;
  GivenSockets given_;
  std::unordered_map<ServiceId, Known> services_;
  std::set<std::pair<ServiceId, linux::SocketAddress>> unheard_;  // that the proxy has said nothing of yet
  std::set<std::pair<ServiceId, PodId>> draining_;                // and the core waits for its end
  HandedSockets handed_;
  std::unique_ptr<proxy::Proxy> proxy_;
};

}  // namespace reeve::runtime
