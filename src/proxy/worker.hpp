#pragma once
// One thread of the proxy: a loop, its services, and what they share.

#include <reeve/core/random.hpp>
#include <reeve/linux/fd.hpp>
#include <reeve/proxy/relay.hpp>
#include <reeve/proxy/uv.hpp>

#include "proxy/farewells.hpp"
#include "proxy/handshake_counter.hpp"
#include "proxy/messages.hpp"
#include "proxy/quiet_times.hpp"
#include "proxy/service.hpp"

#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

namespace reeve::proxy {

// A want of ours, and not what is wrong with an endpoint.
bool is_out_of_descriptors(const Error& error);

class Worker {
 public:
  static Result<std::unique_ptr<Worker>> make(Reports& reports, const ProxyOptions& options, std::uint64_t seed);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  // From any thread.
  void tell(Command command) { commands_.put(std::move(command)); }

  // The thread's whole life: until StopWorker, and until every handle is closed.
  void run();

  // For its services.
  uv_loop_t& loop() noexcept { return loop_; }
  RelayLoop& relay_loop() noexcept { return relay_loop_; }
  Reports& reports() noexcept { return reports_; }
  Random& random() noexcept { return random_; }
  HandshakeCounter& handshakes() noexcept { return handshakes_; }
  QuietTimes& quiet_times() noexcept { return quiet_times_; }
  Farewells& farewells() noexcept { return farewells_; }
  const ProxyOptions& options() const noexcept { return options_; }
  bool hands_over() const noexcept { return hands_over_; }
  Instant now() const noexcept { return Instant(milliseconds(static_cast<std::int64_t>(uv_now(&loop_)))); }

  // Keeps one descriptor back, so that an accepted client can always be given a backend.
  bool has_spare_descriptor();

  // Starts to connect, in the endpoint's network and from the address that stands for us there.
  Result<linux::UniqueFd> connect(const Endpoint& endpoint);

  Dials::iterator add_dial(Dial dial);
  void end_dial(Dials::iterator dial);

  // Who listens where. In each network an address has one listener; only its owner gives the claim back.
  bool claim(const Place& place, ServiceId service);
  void unclaim(const Place& place);

  // The service whose cluster address (of the service network) this is in that network.
  std::optional<ServiceId> owner_of(const linux::Network* network, const linux::SocketAddress& address) const;

  // A service, open or closed, has no connection to the endpoint left. Told once this holds for all of that id.
  void on_left(const EndpointLeft& left);

  // A closed service has nothing left; destroys it.
  void retire(Service& service);

 private:
  Worker(Reports& reports, const ProxyOptions& options, std::uint64_t seed);
  Result<linux::UniqueFd> make_socket(const Endpoint& endpoint);
  void on_commands();
  void perform(const OpenService& command);
  void perform(const CloseService& command);
  void perform(const SetEndpoint& command);
  void perform(const LeaveEndpoint& command);
  void perform(const OpenLink& command);
  void perform(const CloseLink& command);
  void perform(const HandOver& command);
  void perform(const StopWorker& command);
  bool is_cluster_ip(const linux::SocketAddress& address) const;
  std::vector<Service*> services_of(ServiceId id);
  void arm_dial_timer();
  void on_dial_timer();

  uv_loop_t loop_{};
  bool loop_made_ = false;
  Reports& reports_;
  ProxyOptions options_;
  // What connects to a pod's own loopback comes from here, so that its trust in localhost is not lent to the world.
  linux::SocketAddress source_in_pods_;
  bool hands_over_ = false;
  Random random_;
  RelayLoop relay_loop_;
  HandshakeCounter handshakes_;
  QuietTimes quiet_times_;
  Farewells farewells_;
  Mailbox<Command> commands_;
  linux::UniqueFd spare_;
  Dials dials_;  // whoever waits longest is first
  UvHandle<uv_timer_t> dial_timer_;
  std::map<std::pair<const linux::Network*, linux::SocketAddress>, ServiceId> claims_;
  std::unordered_map<ServiceId, std::unique_ptr<Service>> services_;
  std::vector<std::unique_ptr<Service>> closed_;
};

}  // namespace reeve::proxy
