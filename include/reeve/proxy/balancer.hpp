#pragma once
// Which endpoint gets the next connection. Decides only: knows no socket, is told the time, draws from Random.

#include <reeve/core/id.hpp>
#include <reeve/core/random.hpp>
#include <reeve/core/spec.hpp>
#include <reeve/core/time.hpp>
#include <reeve/linux/network.hpp>
#include <reeve/linux/socket_address.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace reeve::proxy {

// Kubernetes' three conditions decide who gets connections: the ready ones; if none is, those that serve while they
// terminate; else nobody.
struct Endpoint {
  PodId pod;
  linux::SocketAddress address;
  bool ready = false;
  bool serving = false;
  bool terminating = false;
  std::shared_ptr<const linux::Network> network = nullptr;  // where the address is; null: in our own
};

// Which endpoint a client address had last. Bounded; forgets whom it has not seen for longest.
class Affinity {
 public:
  using Client = linux::SocketAddress::Ip;

  Affinity(Duration timeout, std::size_t clients_max) noexcept : timeout_(timeout), clients_max_(clients_max) {}

  std::optional<PodId> find(const Client& client, Instant now) const;
  void remember(const Client& client, PodId pod, Instant now);
  std::size_t size() const noexcept { return records_.size(); }

 private:
  struct Record {
    Client client;
    PodId pod;
    Instant until;
  };

  Duration timeout_;
  std::size_t clients_max_;
  std::list<Record> records_;  // who was seen last is last
  std::map<Client, std::list<Record>::iterator> by_client_;
};

struct BalancerOptions {
  Balancing balancing = Balancing::least_connections;
  std::optional<Duration> client_ip_affinity;
  std::size_t affinity_clients_max = 65536;
};

class Balancer {
 public:
  explicit Balancer(const BalancerOptions& options);
  Balancer(const Balancer&) = delete;
  Balancer& operator=(const Balancer&) = delete;

  // Another way to balance from now on; records of affinity stay unless the timeout changes.
  void configure(const BalancerOptions& options);

  // Adds or changes one endpoint: O(log n), whatever the others are.
  void set(const Endpoint& endpoint);

  // Its open connections are counted on until they are released. Its network is let go.
  void remove(PodId pod);
  void remove_all();

  // Whether a new connection would find an endpoint.
  bool has_usable() const noexcept { return !ready_.members.empty() || !leaving_.members.empty(); }

  bool has_ready() const noexcept { return !ready_.members.empty(); }

  // Whether this one could be chosen now.
  bool is_choosable(PodId pod) const noexcept;

  // As it was set last, unless it was removed.
  const Endpoint* find(PodId pod) const noexcept;

  // An endpoint not in `tried`, or null. A client without an IP address has no affinity.
  const Endpoint* choose(const std::optional<Affinity::Client>& client, Instant now, Random& random,
                         std::span<const PodId> tried);

  // A connection to the pod begins or ends. The pod is known, and stays known until all have ended.
  void acquire(PodId pod);
  void release(PodId pod);
  std::size_t connections(PodId pod) const noexcept;

 private:
  struct Entry;

  // fewest connections first, then who was chosen longest ago
  using Rank = std::tuple<std::size_t, std::uint64_t, Entry*>;

  // Endpoints of equal right to be chosen.
  struct Tier {
    std::vector<Entry*> members;
    std::set<Rank> ranking;
    std::size_t next = 0;  // of round robin
  };

  struct Entry {
    Endpoint endpoint;
    bool removed = false;
    std::size_t connections = 0;
    std::uint64_t chosen_at = 0;
    Tier* tier = nullptr;
    std::size_t position = 0;  // among the tier's members

    Rank rank() noexcept { return {connections, chosen_at, this}; }
  };

  Tier& current() noexcept { return ready_.members.empty() ? leaving_ : ready_; }
  Tier* tier_of(const Entry& entry) noexcept;
  void move(Entry& entry, Tier* tier);
  static void rerank(Entry& entry, std::size_t connections, std::uint64_t chosen_at);
  Entry* choose_affine(const std::optional<Affinity::Client>& client, Instant now, std::span<const PodId> tried);
  static Entry* least_loaded(Tier& tier, std::span<const PodId> tried);
  static Entry* first_from(Tier& tier, std::size_t start, std::span<const PodId> tried);

  Balancing balancing_;
  std::optional<Duration> affinity_timeout_;
  std::optional<Affinity> affinity_;
  std::uint64_t choices_ = 0;
  Tier ready_;
  Tier leaving_;
  std::unordered_map<PodId, Entry> entries_;
};

}  // namespace reeve::proxy
