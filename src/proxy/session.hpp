#pragma once
// A relay that belongs to a service and has an endpoint.

#include <reeve/core/id.hpp>
#include <reeve/core/time.hpp>
#include <reeve/proxy/balancer.hpp>
#include <reeve/proxy/relay.hpp>

#include <list>
#include <optional>
#include <vector>

namespace reeve::proxy {

class Service;
class Session;

// What a session needs only until it is connected.
struct Dial {
  Session* session = nullptr;
  std::optional<Affinity::Client> client;
  std::vector<PodId> tried;  // refused already
  Instant look_elsewhere_at;
};
using Dials = std::list<Dial>;

class Session final : public Relay {
 public:
  Session(RelayLoop& shared, Service& service, linux::UniqueFd client, linux::UniqueFd server) noexcept;

  // Kept by the service.
  PodId pod;
  Dials::iterator dial{};  // valid until connected or ended
  Session* previous = nullptr;
  Session* next = nullptr;

  Service& service() noexcept { return service_; }

 private:
  void on_connected() override;
  void on_connect_failed(int error) override;
  void on_client_bytes(std::size_t count) override;
  void on_server_bytes(std::size_t count) override;
  void on_ended(RelayEnd how) override;

  Service& service_;
};

}  // namespace reeve::proxy
