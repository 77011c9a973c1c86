#pragma once
// A control loop with a proxy, plain blocking sockets for clients and backends, and waiting with a ceiling.

#include <reeve/linux/fd.hpp>
#include <reeve/linux/network.hpp>
#include <reeve/linux/socket.hpp>
#include <reeve/proxy/proxy.hpp>

#include <uv.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace reeve::proxy::test {

using linux::Network;
using linux::SocketAddress;
using linux::UniqueFd;

SocketAddress address(const std::string& text);

// A TCP address on that host whose port nobody has.
SocketAddress free_address(const std::string& host = "127.0.0.1");

// A unix address in a fresh place.
SocketAddress free_unix_address();

// Blocking, as all sockets here, in the network given or in our own.
UniqueFd make_socket(int family, const Network* network = nullptr);

// Gives up after ten seconds. The errno of a connect that failed is in `error`.
struct Connected {
  UniqueFd fd;
  int error = 0;
};
Connected connect_to(const SocketAddress& to, const Network* network = nullptr, int receive_buffer = 0);

// A listener as any program would make it.
UniqueFd listen_at(const SocketAddress& at, int backlog = 4096, const Network* network = nullptr);
UniqueFd accept_from(int listener, int seconds_max = 10);

void send_text(int fd, const std::string& text);

// What recv says: bytes read until `count`, the end or an error.
struct Heard {
  std::string text;
  bool ended = false;
  int error = 0;
  bool operator==(const Heard&) const = default;
};
Heard hear(int fd, std::size_t count);

std::ostream& operator<<(std::ostream& out, const Heard& heard);

// What a client of a Backend meets: its name, '-' if refused, 'r' for a reset, 'e' for an end.
char ask(const SocketAddress& at, const Network* network = nullptr);

std::size_t open_descriptors();
std::size_t open_pipes();

bool wait_for(const std::function<bool()>& condition, std::chrono::milliseconds ceiling = std::chrono::seconds(20));

// A listener whose queue is full: it answers no SYN.
class Silent {
 public:
  explicit Silent(const SocketAddress& address);

 private:
  UniqueFd listener_;
  std::vector<UniqueFd> crowd_;
};

// Answers every connection with its name after having read one byte, then ends it.
class Backend {
 public:
  explicit Backend(const SocketAddress& at, char name, const Network* network = nullptr);
  ~Backend();
  const SocketAddress& address() const { return address_; }
  unsigned served() const { return served_.load(); }
  // Where the last connection came from.
  SocketAddress last_peer() const;

 private:
  void serve();

  SocketAddress address_;
  char name_;
  UniqueFd listener_;
  std::atomic<bool> stopping_{false};
  std::atomic<unsigned> served_{0};
  mutable std::mutex mutex_;
  SocketAddress last_peer_;
  std::thread thread_;
};

// The control side.
class World : public ProxyEvents {
 public:
  explicit World(ProxyOptions options = {});
  ~World() override;

  void on_listening(const Listening& report) override { listening.push_back(report); }
  void on_listen_failed(const ListenFailed& report) override { failed.push_back(report); }
  void on_connect_refused(const ConnectRefused& report) override { refused.push_back(report); }
  void on_drained(const Drained& report) override { drained.push_back(report); }

  // Turns the control loop until the condition holds.
  bool wait(const std::function<bool()>& condition, std::chrono::milliseconds ceiling = std::chrono::seconds(20));

  // Opens service 1 at the address and waits until it is bound.
  void open(const SocketAddress& at, Balancing balancing = Balancing::least_connections);
  // Opens service 1 at the address with these as its ready pods 1, 2, …; what it was told is done.
  void serve(const SocketAddress& at, const std::vector<SocketAddress>& pods,
             Balancing balancing = Balancing::least_connections);
  void ready(std::uint64_t pod, const SocketAddress& at, bool is_ready = true,
             std::shared_ptr<const Network> network = nullptr);

  // The pod is ready no more; waits until it is drained, and who is not served is refused.
  void unready(std::uint64_t pod, const SocketAddress& at, std::shared_ptr<const Network> network = nullptr);

  // Waits until the worker has done everything it was told.
  void settle();

  std::vector<Listening> listening;
  std::vector<ListenFailed> failed;
  std::vector<ConnectRefused> refused;
  std::vector<Drained> drained;
  std::unique_ptr<Proxy> proxy;

 private:
  uv_loop_t loop_;
};

constexpr ServiceId service_one{1};

}  // namespace reeve::proxy::test
