// Links: a service's address inside the network of a pod, like the service's own address in everything.
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <set>

#include <proxy/networks.hpp>

namespace reeve::proxy::test {
namespace {

constexpr PodId pod_seven{7};

const SocketAddress& cluster_address() {
  static const SocketAddress at = address("127.77.0.5:80");
  return at;
}

ServiceConfig service(std::uint64_t id, std::vector<SocketAddress> listen = {}) {
  return {.id = ServiceId{id}, .name = "db", .listen = std::move(listen), .client_ip_affinity = {}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(links)

BOOST_AUTO_TEST_CASE(a_program_inside_reaches_the_service_while_it_has_an_endpoint) {
  if (skip_without_networks()) return;
  const SharedNetwork network = make_network();
  Backend backend(free_address(), 'a');
  World world;
  world.proxy->open(service(1));
  world.proxy->open_link(service_one, pod_seven, cluster_address(), network);
  BOOST_REQUIRE(world.wait([&] { return world.listening.size() == 1; }));
  BOOST_CHECK(world.listening[0].pod == pod_seven);
  BOOST_CHECK(world.listening[0].address == cluster_address());
  for (int round = 0; round < 5; ++round) {
    BOOST_CHECK_EQUAL(ask(cluster_address(), network.get()), '-');
    world.ready(1, backend.address());
    world.settle();
    BOOST_CHECK_EQUAL(ask(cluster_address(), network.get()), 'a');
    // only there
    BOOST_CHECK_EQUAL(ask(cluster_address()), '-');
    world.unready(1, backend.address());
    const auto began = std::chrono::steady_clock::now();
    BOOST_CHECK_EQUAL(ask(cluster_address(), network.get()), '-');
    // at once, not after a retransmitted SYN
    BOOST_CHECK(std::chrono::steady_clock::now() - began < std::chrono::milliseconds(950));
  }
  BOOST_CHECK(world.failed.empty());
  BOOST_CHECK_EQUAL(world.proxy->counters(service_one).total, 5U);
}

BOOST_AUTO_TEST_CASE(the_same_address_in_twenty_pods_and_outside) {
  if (skip_without_networks()) return;
  const std::uint16_t port = free_address("127.77.0.5").port();
  const SocketAddress at = cluster_address().with_port(port);
  std::vector<SharedNetwork> networks;
  Backend backend(free_address(), 'a');
  World world;
  world.proxy->open(service(1, {at}));
  for (std::uint64_t pod = 1; pod <= 20; ++pod) {
    networks.push_back(make_network());
    world.proxy->open_link(service_one, PodId{pod}, at, networks.back());
  }
  BOOST_REQUIRE(world.wait([&] { return world.listening.size() == 21; }));
  const auto everywhere = [&](char expected) {
    BOOST_CHECK_EQUAL(ask(at), expected);
    for (const SharedNetwork& network : networks) BOOST_CHECK_EQUAL(ask(at, network.get()), expected);
  };
  everywhere('-');
  world.ready(1, backend.address());
  world.settle();
  everywhere('a');
  world.unready(1, backend.address());
  everywhere('-');
  BOOST_CHECK(world.failed.empty());
}

BOOST_AUTO_TEST_CASE(a_pod_has_links_to_many_ports_and_services) {
  if (skip_without_networks()) return;
  const SharedNetwork network = make_network();
  Backend a(free_address(), 'a'), b(free_address(), 'b');
  World world;
  const SocketAddress web = cluster_address(), metrics = web.with_port(9090), db = address("127.77.0.6:80");
  world.proxy->open(service(1));
  world.proxy->open(service(2));
  world.proxy->open_link(ServiceId{1}, pod_seven, web, network);
  world.proxy->open_link(ServiceId{1}, pod_seven, metrics, network);
  world.proxy->open_link(ServiceId{2}, pod_seven, db, network);
  world.ready(1, a.address());
  world.proxy->set_endpoint(ServiceId{2}, {PodId{2}, b.address(), true, true, false});
  world.settle();
  BOOST_CHECK_EQUAL(ask(web, network.get()), 'a');
  BOOST_CHECK_EQUAL(ask(metrics, network.get()), 'a');
  BOOST_CHECK_EQUAL(ask(db, network.get()), 'b');
  world.proxy->close_link(ServiceId{1}, pod_seven);
  BOOST_CHECK(wait_for([&] { return ask(web, network.get()) == '-'; }));
  BOOST_CHECK(wait_for([&] { return ask(metrics, network.get()) == '-'; }));
  BOOST_CHECK_EQUAL(ask(db, network.get()), 'b');
}

BOOST_AUTO_TEST_CASE(a_pod_in_its_own_network_serves_another_through_its_link) {
  if (skip_without_networks()) return;
  const SharedNetwork client = make_network(), server = make_network();
  Backend backend(address("127.0.0.1:3000"), 'a', server.get());
  World world;
  world.proxy->open(service(1));
  world.proxy->open_link(service_one, pod_seven, cluster_address(), client);
  world.ready(1, backend.address(), true, server);
  world.settle();
  BOOST_CHECK_EQUAL(ask(cluster_address(), client.get()), 'a');
  BOOST_CHECK_EQUAL(ask(cluster_address(), server.get()), '-');
}

BOOST_AUTO_TEST_CASE(links_outlive_a_change_of_the_service_and_go_with_it) {
  if (skip_without_networks()) return;
  const SharedNetwork network = make_network();
  const SocketAddress front = free_address(), other = free_address();
  Backend backend(free_address(), 'a');
  World world;
  world.serve(front, {backend.address()});
  world.proxy->open_link(service_one, pod_seven, cluster_address(), network);
  world.proxy->open(service(1, {other}));
  world.settle();
  BOOST_CHECK_EQUAL(ask(cluster_address(), network.get()), 'a');
  BOOST_CHECK_EQUAL(ask(other), 'a');
  // closed and open again at once: it was still leaving, or is bound anew
  world.proxy->close_link(service_one, pod_seven);
  world.proxy->open_link(service_one, pod_seven, cluster_address(), network);
  world.settle();
  BOOST_CHECK_EQUAL(ask(cluster_address(), network.get()), 'a');
  world.proxy->close(service_one);
  BOOST_CHECK(wait_for([&] { return ask(cluster_address(), network.get()) == '-'; }));
  BOOST_CHECK(world.failed.empty());
}

BOOST_AUTO_TEST_CASE(a_link_moves_when_its_pod_has_a_new_network) {
  if (skip_without_networks()) return;
  SharedNetwork first = make_network();
  const SharedNetwork second = make_network();
  LiveNetworks live;
  live.watch(*first);
  Backend backend(free_address(), 'a');
  World world;
  world.serve(free_address(), {backend.address()});
  world.proxy->open_link(service_one, pod_seven, cluster_address(), first);
  world.proxy->open_link(service_one, pod_seven, cluster_address(), second);
  world.settle();
  BOOST_CHECK_EQUAL(ask(cluster_address(), second.get()), 'a');
  first.reset();
  BOOST_CHECK(wait_for([&] { return live.count() == 0; }));
  BOOST_CHECK(world.failed.empty());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_linked_is_told_with_its_pod) {
  if (skip_without_networks()) return;
  const SharedNetwork network = make_network();
  const UniqueFd container = listen_at(address("0.0.0.0:80"), 16, network.get());
  Backend backend(free_address(), 'a');
  World world;
  world.serve(free_address(), {backend.address()});
  world.proxy->open_link(service_one, pod_seven, cluster_address(), network);
  BOOST_REQUIRE(world.wait([&] { return world.failed.size() == 1; }));
  BOOST_CHECK(world.failed[0].pod == pod_seven);
  BOOST_CHECK(world.failed[0].service == service_one);
  BOOST_CHECK(world.failed[0].address == cluster_address());
  BOOST_CHECK_EQUAL(world.failed[0].error.code, EADDRINUSE);
  BOOST_CHECK(world.failed[0].remedy.starts_with("a container of the pod has the port"));
  // two services cannot have one address inside a pod either
  const SocketAddress free = cluster_address().with_port(81);
  world.proxy->open(service(2));
  world.proxy->open_link(service_one, pod_seven, free, network);
  world.proxy->open_link(ServiceId{2}, pod_seven, free, network);
  BOOST_REQUIRE(world.wait([&] { return world.failed.size() == 2; }));
  BOOST_CHECK(world.failed[1].service == ServiceId{2});
  BOOST_CHECK(world.failed[1].pod == pod_seven);
  BOOST_CHECK_EQUAL(ask(free, network.get()), 'a');
}

BOOST_AUTO_TEST_CASE(a_link_that_failed_is_tried_again) {
  if (skip_without_networks()) return;
  const SharedNetwork network = make_network();
  UniqueFd container = listen_at(cluster_address(), 16, network.get());
  Backend backend(free_address(), 'a');
  World world;
  world.serve(free_address(), {backend.address()});
  world.proxy->open_link(service_one, pod_seven, cluster_address(), network);
  BOOST_REQUIRE(world.wait([&] { return world.failed.size() == 1; }));
  container.reset();
  world.proxy->open_link(service_one, pod_seven, cluster_address(), network);
  world.settle();
  BOOST_CHECK_EQUAL(ask(cluster_address(), network.get()), 'a');
}

BOOST_AUTO_TEST_CASE(every_pod_is_one_client_to_affinity) {
  if (skip_without_networks()) return;
  Backend a(free_address(), 'a'), b(free_address(), 'b'), c(free_address(), 'c');
  World world;
  ServiceConfig config = service(1);
  config.balancing = Balancing::round_robin;
  config.client_ip_affinity = seconds(10800);
  world.proxy->open(config);
  world.ready(1, a.address());
  world.ready(2, b.address());
  world.ready(3, c.address());
  std::set<char> served;
  for (std::uint64_t pod = 1; pod <= 3; ++pod) {
    const SharedNetwork network = make_network();
    world.proxy->open_link(service_one, PodId{pod}, cluster_address(), network);
    world.settle();
    const char first = ask(cluster_address(), network.get());
    served.insert(first);
    for (int i = 0; i < 4; ++i) BOOST_CHECK_EQUAL(ask(cluster_address(), network.get()), first);
  }
  BOOST_CHECK_EQUAL(served.size(), 3U);
}

BOOST_AUTO_TEST_CASE(a_closed_link_lets_the_network_go_when_its_connections_end) {
  if (skip_without_networks()) return;
  LiveNetworks live;
  const UniqueFd backend = listen_at(free_address());
  World world;
  world.serve(free_address(), {*linux::local_address(backend.get())});
  std::vector<UniqueFd> clients, servers;
  for (std::uint64_t pod = 1; pod <= 20; ++pod) {
    const SharedNetwork network = make_network();
    live.watch(*network);
    world.proxy->open_link(service_one, PodId{pod}, cluster_address(), network);
    world.settle();
    clients.push_back(connect_to(cluster_address(), network.get()).fd);
    servers.push_back(accept_from(backend.get()));
    BOOST_REQUIRE(servers.back());
  }
  BOOST_CHECK_EQUAL(live.count(), 20U);
  for (std::uint64_t pod = 1; pod <= 20; ++pod) world.proxy->close_link(service_one, PodId{pod});
  world.settle();
  send_text(servers[0].get(), "still");
  BOOST_CHECK_EQUAL(hear(clients[0].get(), 5).text, "still");
  BOOST_CHECK_EQUAL(live.count(), 20U);
  // one half of them by an end, the other by a reset
  for (std::size_t i = 0; i < clients.size(); i += 2) linux::reset_on_close(clients[i].get());
  clients.clear();
  servers.clear();
  BOOST_CHECK(wait_for([&] { return live.count() == 0; }));
}

BOOST_AUTO_TEST_CASE(nothing_keeps_a_network_when_all_is_closed) {
  if (skip_without_networks()) return;
  LiveNetworks live;
  static_cast<void>(World());  // the first loop of a process opens descriptors that libuv keeps
  const std::size_t descriptors = open_descriptors();
  {
    World world;
    for (std::uint64_t i = 1; i <= 10; ++i) {
      const SharedNetwork network = make_network();
      live.watch(*network);
      Backend backend(address("127.0.0.1:3000"), 'a', network.get());
      world.proxy->open(service(i));
      world.proxy->set_endpoint(ServiceId{i}, {PodId{i}, backend.address(), true, true, false, network});
      world.proxy->open_link(ServiceId{i}, PodId{i}, cluster_address(), network);
      world.settle();
      BOOST_CHECK_EQUAL(ask(cluster_address(), network.get()), 'a');
    }
    BOOST_CHECK_EQUAL(live.count(), 10U);
    // one half is closed, the other ends with the proxy
    for (std::uint64_t i = 1; i <= 5; ++i) world.proxy->close(ServiceId{i});
    BOOST_CHECK(wait_for([&] { return live.count() == 5; }));
  }
  BOOST_CHECK(wait_for([&] { return live.count() == 0; }));
  BOOST_CHECK_EQUAL(open_descriptors(), descriptors);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::proxy::test
