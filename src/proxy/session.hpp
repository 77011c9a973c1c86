#pragma once
// A relay that belongs to a service and has an endpoint.

#include <reeve/core/id.hpp>
#include <reeve/core/time.hpp>
#include <reeve/proxy/balancer.hpp>
#include <reeve/proxy/relay.hpp>
#include <reeve/proxy/uv.hpp>

#include <cstdint>
#include <list>
#include <optional>
#include <vector>

namespace reeve::proxy {

class Service;
class Session;

// Who waits for room in the accept queue of a unix endpoint. The kernel tells nobody when there is some, so the first
// of them tries now and then. Its timer runs until nobody waits.
struct FullQueue {
  Service& service;
  Endpoint endpoint;
  std::list<Session*> waiting;  // who came first is first
  std::uint64_t next_ms = 1;
  UvHandle<uv_timer_t> timer;
};

// What a session needs only until it is connected.
struct Dial {
  Session* session = nullptr;
  std::optional<Affinity::Client> client;
  std::vector<PodId> tried;   // refused already
  FullQueue* full = nullptr;  // where it waits
  std::list<Session*>::iterator place;
  Instant look_elsewhere_at;
  std::optional<Instant> held_until;  // once it had to wait for an endpoint
  bool is_held = false;
};
using Dials = std::list<Dial>;

class Session final : public Relay {
 public:
  Session(RelayLoop& shared, Service& service, linux::UniqueFd client, linux::UniqueFd server = {}) noexcept;

  // Kept by the service.
  PodId pod;
  Dials::iterator dial{};    // valid until connected or ended
  std::uint64_t due_ms = 0;  // when it may be quiet enough to end; kept by the worker
  std::uint8_t moves = 0;    // from servers that were lost
  bool was_counted = false;  // how it ended
  Session* previous = nullptr;
  Session* next = nullptr;

  Service& service() noexcept { return service_; }

 private:
  void on_connected() override;
  void on_connect_failed(int error) override;
  void on_client_bytes(std::size_t count) override;
  void on_server_bytes(std::size_t count) override;
  void on_ended(RelayEnd how) override;
  void on_stir() override;
  bool on_server_lost(int error) override;

  Service& service_;
};

}  // namespace reeve::proxy
