#pragma once
// Hands services and endpoints to the proxy, and tells what the proxy says.

#include "runtime/handed_sockets.hpp"

#include <reeve/core/effect.hpp>
#include <reeve/core/input.hpp>
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

  static Result<std::unique_ptr<Traffic>> start(uv_loop_t& loop, const SandboxRunner& sandboxes, Narrator& narrator,
                                                Post post);

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

    Served served() const;
  };

  Traffic(const SandboxRunner& sandboxes, Narrator& narrator, Post post);
  void on_listening(const proxy::Listening& told) override;
  void on_listen_failed(const proxy::ListenFailed& told) override;
  void on_connect_refused(const proxy::ConnectRefused& told) override;
  void on_drained(const proxy::Drained& told) override;
  void note(ServiceId service, PodId pod, Served served);

  const SandboxRunner& sandboxes_;
  Narrator& narrator_;
  Post post_;
  std::unordered_map<ServiceId, Known> services_;
  std::set<std::pair<ServiceId, PodId>> draining_;  // and the core waits for its end
  HandedSockets handed_;
  std::unique_ptr<proxy::Proxy> proxy_;
};

}  // namespace reeve::runtime
