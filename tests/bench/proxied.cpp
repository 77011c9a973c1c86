#include "proxied.hpp"

#include <reeve/linux/socket.hpp>
#include <reeve/proxy/proxy.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <support/network.hpp>
#include "world.hpp"

namespace reeve::bench {
namespace {

using linux::SocketAddress;
using linux::UniqueFd;

constexpr int at_once = 50, rounds = 60;

UniqueFd blocking_socket(const linux::Network* network = nullptr) {
  auto fd = linux::make_stream_socket(AF_INET, network);
  if (!fd) give_up("make a socket");
  ::fcntl(fd->get(), F_SETFL, ::fcntl(fd->get(), F_GETFL) & ~O_NONBLOCK);
  return *std::move(fd);
}

// Answers each connection once, in a thread of its own.
class Echo {
 public:
  explicit Echo(const linux::Network* network) : listener_(blocking_socket(network)) {
    const linux::RawAddress any = SocketAddress::parse("127.0.0.1:1")->with_port(0).raw();
    if (::bind(listener_.get(), &any.any, any.size) != 0 || ::listen(listener_.get(), 128) != 0) give_up("listen");
    thread_ = std::thread([this] { serve(); });
  }
  ~Echo() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  SocketAddress address() const { return *linux::local_address(listener_.get()); }

 private:
  void serve() {
    for (;;) {
      const UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client) return;
      char request[64];
      const ssize_t got = ::recv(client.get(), request, sizeof request, 0);
      if (got > 0) ::send(client.get(), request, static_cast<std::size_t>(got), MSG_NOSIGNAL);
    }
  }

  UniqueFd listener_;
  std::thread thread_;
};

class NoEvents final : public proxy::ProxyEvents {
  void on_listening(const proxy::Listening&) override {}
  void on_listen_failed(const proxy::ListenFailed&) override {}
  void on_connect_refused(const proxy::ConnectRefused&) override {}
};

// Connects, asks, hears the answer and the end, closes.
bool ask(const SocketAddress& at) {
  const UniqueFd client = blocking_socket();
  const linux::RawAddress raw = at.raw();
  char answer[64] = "a small request";
  if (::connect(client.get(), &raw.any, raw.size) != 0) return false;
  ::send(client.get(), answer, sizeof answer, MSG_NOSIGNAL);
  const bool answered = ::recv(client.get(), answer, sizeof answer, MSG_WAITALL) == sizeof answer;
  return answered && ::recv(client.get(), answer, 1, 0) == 0;
}

Nanos cpu_of_everyone() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * 1'000'000'000L + time.tv_nsec;
}

// Of one connection, in microseconds; the CPU is that of client, proxy and server together.
struct Cost {
  std::vector<double> took, cpu;

  void add(const SocketAddress& at) {
    const Nanos cpu_before = cpu_of_everyone();
    for (int i = 0; i < at_once; ++i) {
      const Nanos began = now();
      if (!ask(at)) give_up("use a connection");
      took.push_back(static_cast<double>(now() - began) / 1e3);
    }
    cpu.push_back(static_cast<double>(cpu_of_everyone() - cpu_before) / 1e3 / at_once);
  }

  void print(const char* what) const {
    std::printf("  %-20s p50 %6.1f us   p99 %7.1f us   CPU %6.1f us\n", what, median(took), percentile(took, 0.99),
                median(cpu));
  }
};

SocketAddress open_service(proxy::Proxy& proxy, std::uint64_t id, const Echo& echo,
                           std::shared_ptr<const linux::Network> network) {
  // a port that was free a moment ago
  const SocketAddress front = Echo(nullptr).address();
  proxy.open({.id = ServiceId{id}, .name = "bench", .listen = {front}, .client_ip_affinity = {}});
  proxy.set_endpoint(ServiceId{id}, {PodId{id}, echo.address(), true, true, false, std::move(network)});
  wait_until("the proxy listens", [&] { return ask(front); });
  return front;
}

void compare(proxy::Proxy& proxy, const std::shared_ptr<const linux::NetworkNamespace>& network) {
  const Echo host(nullptr), isolated(network.get());
  const SocketAddress to_host = open_service(proxy, 1, host, nullptr);
  const SocketAddress to_isolated = open_service(proxy, 2, isolated, network);
  Cost direct, on_host, in_pod;
  for (int round = 0; round < rounds; ++round) {
    direct.add(host.address());
    on_host.add(to_host);
    in_pod.add(to_isolated);
  }
  direct.print("without a proxy");
  on_host.print("host network");
  in_pod.print("isolated network");
}

// All threads on one CPU: what two cost to wake each other differs more than what is measured.
class OneCpu {
 public:
  OneCpu() {
    ::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(::sched_getcpu(), &one);
    ::sched_setaffinity(0, sizeof one, &one);
  }
  ~OneCpu() { ::sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_;
};

}  // namespace

void measure_proxied_connections() {
  std::printf("\na connection: connect, 64 bytes each way, end; %d of each kind, by turns on one CPU\n",
              rounds * at_once);
  const auto network = test::make_network();
  if (!network) {
    std::printf("  skipped: needs the right to make network namespaces (CAP_SYS_ADMIN)\n");
    return;
  }
  const OneCpu here;
  uv_loop_t loop;
  uv_loop_init(&loop);
  NoEvents sink;
  auto proxy = proxy::Proxy::start(loop, sink);
  if (!proxy) give_up("start a proxy");
  compare(**proxy, network);
  proxy->reset();
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
}

}  // namespace reeve::bench
