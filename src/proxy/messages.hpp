#pragma once
// What the control thread and a worker say to each other, and the numbers they share.

#include <reeve/proxy/listener.hpp>
#include <reeve/proxy/proxy.hpp>

#include "proxy/mailbox.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <variant>

namespace reeve::proxy {

// A count that one thread writes and another reads.
class SharedCount {
 public:
  void add(std::uint64_t amount) noexcept { set(get() + amount); }
  void subtract(std::uint64_t amount) noexcept { set(get() - amount); }
  std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  std::atomic<std::uint64_t> value_{0};
};

struct Tally {
  SharedCount active, total, refused, ended_by_client, ended_by_server, drained, cut, reset, retried, held, held_total,
      hold_timeouts, client_bytes, server_bytes;
};

// Numbers the commands that are answered by Drained, so that a late answer to an earlier one is known as such.
using Ticket = std::uint64_t;

struct OpenService {
  ServiceConfig config;
  std::shared_ptr<Tally> tally;
};
struct CloseService {
  ServiceId service;
};
struct SetEndpoint {
  ServiceId service;
  Endpoint endpoint;
  Ticket ticket;
};

// How an endpoint leaves the list.
enum class Leave { remove, drain, cut };
struct LeaveEndpoint {
  ServiceId service;
  PodId pod;
  Leave how;
  Ticket ticket;
};
struct OpenLink {
  ServiceId service;
  Place place;
};
struct CloseLink {
  ServiceId service;
  PodId pod;
};
struct HandOver {};
struct StopWorker {};

using Command =
    std::variant<OpenService, CloseService, SetEndpoint, LeaveEndpoint, OpenLink, CloseLink, HandOver, StopWorker>;
struct EndpointLeft {
  Drained told;
  Ticket ticket;
};
using Report = std::variant<Listening, ListenFailed, ConnectRefused, EndpointLeft, SocketMade, SocketGone>;
using Reports = Mailbox<Report>;

}  // namespace reeve::proxy
