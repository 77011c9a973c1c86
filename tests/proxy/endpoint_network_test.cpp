// Endpoints in the networks of pods: many pods, one port number, and nobody else reaches them.
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include <proxy/networks.hpp>

namespace reeve::proxy::test {
namespace {

// A network that comes to its end.
class MortalNetwork final : public Network {
 public:
  explicit MortalNetwork(SharedNetwork network) : network_(std::move(network)) {}
  Result<UniqueFd> make_socket(int family, int type, int protocol) const override {
    ++asked;
    if (is_gone) return fail("cannot enter the network of a pod", ESRCH);
    return network_->make_socket(family, type, protocol);
  }

  std::atomic<bool> is_gone{false};
  mutable std::atomic<unsigned> asked{0};

 private:
  SharedNetwork network_;
};

struct Pod {
  Pod(const SocketAddress& at, char name) : network(make_network()), backend(at, name, network.get()) {}
  SharedNetwork network;
  Backend backend;
};

// Clients from four threads, until each has come 500 times.
class Crowd {
 public:
  explicit Crowd(const SocketAddress& front) {
    for (int i = 0; i < 4; ++i) {
      threads_.emplace_back([this, front] { come(front); });
    }
  }
  ~Crowd() {
    for (std::thread& each : threads_) each.join();
  }
  bool is_coming() const { return coming_ != 0; }

  std::atomic<unsigned> by_a{0}, by_b{0}, lost{0};

 private:
  void come(const SocketAddress& front) {
    for (int i = 0; i < 500; ++i) {
      const char served = ask(front);
      ++(served == 'a' ? by_a : served == 'b' ? by_b : lost);
    }
    --coming_;
  }

  std::atomic<unsigned> coming_{4};
  std::vector<std::thread> threads_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(endpoint_network)

BOOST_AUTO_TEST_CASE(ten_pods_on_one_port_share_the_work_and_nobody_else_reaches_them) {
  if (skip_without_networks()) return;
  const SocketAddress front = free_address(), inside = free_address();
  std::vector<std::unique_ptr<Pod>> pods;
  World world;
  world.open(front);
  for (std::uint64_t i = 0; i < 10; ++i) {
    pods.push_back(std::make_unique<Pod>(inside, static_cast<char>('a' + i)));
    world.ready(i + 1, inside, true, pods.back()->network);
  }
  world.settle();
  for (int i = 0; i < 50; ++i) BOOST_CHECK_GE(ask(front), 'a');
  for (const auto& pod : pods) {
    BOOST_CHECK_EQUAL(pod->backend.served(), 5U);
    BOOST_CHECK_EQUAL(pod->backend.last_peer().with_port(1).to_string(), "127.77.255.254:1");
  }
  const SharedNetwork stranger = make_network();
  BOOST_CHECK_EQUAL(ask(inside), '-');
  BOOST_CHECK_EQUAL(ask(inside, stranger.get()), '-');
  BOOST_CHECK(world.refused.empty());
}

BOOST_AUTO_TEST_CASE(the_port_of_the_source_is_chosen_when_it_connects) {
  if (skip_without_networks()) return;
  // so that each of a pod's ports can be reached from all source ports
  const SharedNetwork network = make_network();
  const SocketAddress source = address("127.77.255.254:1");
  const UniqueFd one = listen_at(address("127.0.0.1:1000"), 16, network.get());
  const UniqueFd two = listen_at(address("127.0.0.1:2000"), 16, network.get());
  std::vector<UniqueFd> ends;
  for (const char* to : {"127.0.0.1:1000", "127.0.0.1:2000"}) {
    ends.push_back(make_socket(AF_INET, network.get()));
    BOOST_REQUIRE(linux::bind_source(ends.back().get(), source));
    BOOST_CHECK_EQUAL(linux::local_address(ends.back().get())->port(), 0U);
    BOOST_REQUIRE(linux::begin_connect(ends.back().get(), address(to)));
    BOOST_CHECK_EQUAL(linux::local_address(ends.back().get())->with_port(1).to_string(), source.to_string());
  }
}

BOOST_AUTO_TEST_CASE(other_addresses_inside_a_pod_are_reached_as_usual) {
  if (skip_without_networks()) return;
  const SharedNetwork network = make_network("192.0.2.1");
  Backend v6(address("[::1]:3000"), '6', network.get()), remote(address("192.0.2.1:443"), 'r', network.get());
  const SocketAddress front = free_address();
  World world;
  world.open(front);
  world.ready(1, v6.address(), true, network);
  world.settle();
  BOOST_CHECK_EQUAL(ask(front), '6');
  world.ready(2, remote.address(), true, network);
  world.proxy->remove_endpoint(service_one, PodId{1});
  world.settle();
  BOOST_CHECK_EQUAL(ask(front), 'r');
  BOOST_CHECK_EQUAL(remote.last_peer().with_port(1).to_string(), "192.0.2.1:1");
}

BOOST_AUTO_TEST_CASE(a_network_that_is_gone_is_a_failed_connect) {
  if (skip_without_networks()) return;
  const SocketAddress front = free_address(), inside = free_address();
  Pod pod(inside, 'a');
  const auto mortal = std::make_shared<MortalNetwork>(pod.network);
  Backend other(free_address(), 'b');
  World world;
  world.open(front, Balancing::round_robin);
  world.ready(1, inside, true, mortal);
  world.settle();
  BOOST_CHECK_EQUAL(ask(front), 'a');
  mortal->is_gone = true;
  BOOST_CHECK_EQUAL(ask(front), 'r');
  world.ready(2, other.address());
  world.settle();
  for (int i = 0; i < 6; ++i) BOOST_CHECK_EQUAL(ask(front), 'b');
  BOOST_REQUIRE(world.wait([&] { return !world.refused.empty(); }));
  BOOST_CHECK(world.refused[0].pod == PodId{1});
  BOOST_CHECK_EQUAL(world.refused[0].error.message(), "cannot enter the network of a pod: No such process");
  BOOST_CHECK_EQUAL(world.proxy->counters(service_one).refused, 1U);
}

// The network ends between connects, again and again, while clients come from four threads.
BOOST_AUTO_TEST_CASE(a_network_that_goes_in_the_middle_of_connects_costs_nobody) {
  if (skip_without_networks()) return;
  const SocketAddress front = free_address(), inside = free_address();
  Pod pod(inside, 'a');
  Backend other(free_address(), 'b');
  World world;
  world.serve(front, {other.address()}, Balancing::round_robin);
  Crowd crowd(front);
  while (crowd.is_coming()) {
    const auto mortal = std::make_shared<MortalNetwork>(pod.network);
    world.ready(2, inside, true, mortal);
    BOOST_CHECK(wait_for([&] { return mortal->asked > 2 || !crowd.is_coming(); }));
    mortal->is_gone = true;
    world.settle();
    world.proxy->remove_endpoint(service_one, PodId{2});
    world.settle();
  }
  BOOST_CHECK_EQUAL(crowd.lost, 0U);
  BOOST_CHECK_GT(crowd.by_a, 0U);
  BOOST_CHECK_GT(crowd.by_b, 0U);
  BOOST_CHECK_EQUAL(world.proxy->counters(service_one).refused, 0U);
}

BOOST_AUTO_TEST_CASE(pods_come_and_go_under_load_and_leave_no_network) {
  if (skip_without_networks()) return;
  const SocketAddress front = free_address(), inside = address("127.0.0.1:3000");
  LiveNetworks live;
  Backend other(free_address(), 'b');
  World world;
  world.serve(front, {other.address()}, Balancing::round_robin);
  Crowd crowd(front);
  std::uint64_t number = 1;
  while (crowd.is_coming()) {
    const Pod pod(inside, 'a');
    live.watch(*pod.network);
    world.ready(++number, inside, true, pod.network);
    BOOST_CHECK(wait_for([&] { return pod.backend.served() > 2 || !crowd.is_coming(); }));
    world.drained.clear();
    world.proxy->remove_endpoint(service_one, PodId{number});
    BOOST_REQUIRE(world.wait([&] { return !world.drained.empty(); }));
  }
  BOOST_CHECK_EQUAL(crowd.lost, 0U);
  BOOST_CHECK_GT(crowd.by_a, 0U);
  BOOST_CHECK(world.refused.empty());
  BOOST_CHECK(wait_for([&] { return live.count() == 0; }));
}

BOOST_AUTO_TEST_CASE(a_removed_endpoint_lets_its_network_go_when_its_last_connection_ends) {
  if (skip_without_networks()) return;
  const SocketAddress front = free_address(), inside = address("127.0.0.1:3000");
  LiveNetworks live;
  World world;
  world.open(front);
  UniqueFd server, listener;
  std::weak_ptr<const Network> held;
  {
    const SharedNetwork network = make_network();
    live.watch(*network);
    held = network;
    listener = listen_at(inside, 16, network.get());
    world.ready(1, inside, true, network);
    world.settle();
  }
  Connected client = connect_to(front);
  server = accept_from(listener.get());
  listener.reset();
  world.proxy->remove_endpoint(service_one, PodId{1});
  BOOST_CHECK(wait_for([&] { return held.expired(); }));
  send_text(client.fd.get(), "still");
  BOOST_CHECK_EQUAL(hear(server.get(), 5).text, "still");
  BOOST_CHECK_EQUAL(live.count(), 1U);
  client.fd.reset();
  BOOST_CHECK(hear(server.get(), 1).ended);
  server.reset();
  BOOST_CHECK(wait_for([&] { return live.count() == 0; }));
}

BOOST_AUTO_TEST_CASE(a_closed_service_holds_no_network_of_those_who_serve_nobody) {
  if (skip_without_networks()) return;
  const SocketAddress front = free_address(), inside = address("127.0.0.1:3000");
  LiveNetworks live;
  World world;
  const UniqueFd server = listen_at(free_address());
  world.serve(front, {*linux::local_address(server.get())});
  const Connected client = connect_to(front);
  const UniqueFd served = accept_from(server.get());
  {
    const SharedNetwork network = make_network();
    live.watch(*network);
    world.ready(2, inside, true, network);
    world.settle();
  }
  BOOST_CHECK_EQUAL(live.count(), 1U);
  world.proxy->close(service_one);
  BOOST_CHECK(wait_for([&] { return live.count() == 0; }));
  send_text(client.fd.get(), "still");
  BOOST_CHECK_EQUAL(hear(served.get(), 5).text, "still");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::proxy::test
