#include <reeve/proxy/proxy.hpp>

#include <malloc.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <malloc.h>
#include <cerrno>

#include <proxy/support.hpp>
#include "proxy/session.hpp"

namespace reeve::proxy::test {
BOOST_AUTO_TEST_SUITE(proxy)

BOOST_AUTO_TEST_CASE(refused_backend_is_tried_elsewhere_before_the_client_notices) {
  const SocketAddress front = free_address(), nobody = free_address();
  Backend backend(free_address(), 'a');
  World world;
  world.serve(front, {nobody, backend.address()}, Balancing::round_robin);
  for (int i = 0; i < 6; ++i) BOOST_CHECK_EQUAL(ask(front), 'a');
  BOOST_REQUIRE(world.wait([&] { return !world.refused.empty(); }));
  BOOST_CHECK(world.refused[0].pod == PodId{1});
  BOOST_CHECK(world.refused[0].service == service_one);
  BOOST_CHECK_EQUAL(world.refused[0].error.code, ECONNREFUSED);
  BOOST_CHECK_EQUAL(world.refused[0].error.what, "cannot connect to " + nobody.to_string());
  BOOST_CHECK_EQUAL(world.proxy->counters(service_one).refused, 0U);
}

BOOST_AUTO_TEST_CASE(all_down_is_a_reset) {
  const SocketAddress front = free_address();
  World world;
  world.serve(front, {free_address(), free_unix_address()});
  BOOST_CHECK_EQUAL(ask(front), 'r');
  BOOST_CHECK(world.wait([&] { return world.refused.size() == 2; }));
  BOOST_CHECK_EQUAL(world.proxy->counters(service_one).refused, 1U);
  BOOST_CHECK_EQUAL(world.proxy->counters(service_one).total, 1U);
  BOOST_CHECK_EQUAL(world.proxy->counters(service_one).active, 0U);
}

BOOST_AUTO_TEST_CASE(one_dies_and_its_clients_see_it_die_while_others_live) {
  const SocketAddress front = free_address();
  UniqueFd dying = listen_at(free_address());
  const SocketAddress dying_at = *linux::local_address(dying.get());
  Backend backend(free_address(), 'b');
  World world;
  world.serve(front, {dying_at, backend.address()}, Balancing::round_robin);
  const Connected victim = connect_to(front);
  UniqueFd server = accept_from(dying.get());
  BOOST_REQUIRE(server);
  const Connected other = connect_to(front);
  send_text(other.fd.get(), "x");
  BOOST_CHECK_EQUAL(hear(other.fd.get(), 1).text, "b");
  // a process that dies with bytes unread resets
  send_text(victim.fd.get(), "unread");
  char byte;
  BOOST_REQUIRE_EQUAL(::recv(server.get(), &byte, 1, MSG_PEEK), 1);
  server.reset();
  dying.reset();
  BOOST_CHECK_EQUAL(hear(victim.fd.get(), 1).error, ECONNRESET);
  for (int i = 0; i < 4; ++i) BOOST_CHECK_EQUAL(ask(front), 'b');
}

BOOST_AUTO_TEST_CASE(a_backend_that_does_not_answer_is_left_for_another) {
  const SocketAddress front = free_address(), silent_at = free_address();
  const Silent silent(silent_at);
  Backend backend(free_address(), 'a');
  World world(ProxyOptions{.connect_timeout = milliseconds(100), .seed = {}});
  world.serve(front, {silent_at, backend.address()}, Balancing::round_robin);
  for (int i = 0; i < 3; ++i) BOOST_CHECK_EQUAL(ask(front), 'a');
  BOOST_REQUIRE(world.wait([&] { return !world.refused.empty(); }));
  BOOST_CHECK_EQUAL(world.refused[0].error.code, ETIMEDOUT);
}

BOOST_AUTO_TEST_CASE(a_client_that_gives_up_while_the_backend_connects_is_forgotten) {
  const SocketAddress front = free_address(), silent_at = free_address();
  const Silent silent(silent_at);
  World world;
  world.serve(front, {silent_at});
  Connected client = connect_to(front);
  BOOST_REQUIRE(world.wait([&] { return world.proxy->counters(service_one).active == 1; }));
  linux::reset_on_close(client.fd.get());
  client.fd.reset();
  BOOST_CHECK(world.wait([&] { return world.proxy->counters(service_one).active == 0; }));
}

BOOST_AUTO_TEST_CASE(removed_endpoints_keep_their_connections_until_they_end) {
  const SocketAddress front = free_address();
  UniqueFd listener = listen_at(free_address());
  World world;
  world.serve(front, {*linux::local_address(listener.get())});
  Connected client = connect_to(front);
  UniqueFd server = accept_from(listener.get());
  world.proxy->remove_endpoint(service_one, PodId{1});
  BOOST_CHECK(wait_for([&] { return connect_to(front).error == ECONNREFUSED; }));
  send_text(client.fd.get(), "still");
  BOOST_CHECK_EQUAL(hear(server.get(), 5).text, "still");
  world.settle();
  BOOST_CHECK(world.drained.empty());
  // and the end of the service does not cut it either
  world.proxy->close(service_one);
  world.settle();
  send_text(server.get(), "here");
  BOOST_CHECK_EQUAL(hear(client.fd.get(), 4).text, "here");
  client.fd.reset();
  server.reset();
  // those that came before it was deaf wait there
  listener.reset();
  BOOST_CHECK(world.wait([&] { return world.drained.size() == 1; }));
}

BOOST_AUTO_TEST_CASE(stop_resets_what_is_left) {
  const SocketAddress front = free_address();
  const UniqueFd listener = listen_at(free_address());
  World world;
  world.serve(front, {*linux::local_address(listener.get())});
  const Connected client = connect_to(front);
  const UniqueFd server = accept_from(listener.get());
  world.proxy->stop();
  BOOST_CHECK_EQUAL(hear(client.fd.get(), 1).error, ECONNRESET);
  BOOST_CHECK_EQUAL(hear(server.get(), 1).error, ECONNRESET);
  BOOST_CHECK_EQUAL(connect_to(front).error, ECONNREFUSED);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_bound_is_told_while_the_rest_works) {
  const SocketAddress good = free_address(), taken = free_address(), foreign = address("192.0.2.1:8080");
  const UniqueFd owner = listen_at(taken);
  Backend backend(free_address(), 'a');
  World world;
  world.proxy->open({service_one, "web", {taken, good, foreign}, Balancing::least_connections, {}});
  world.ready(1, backend.address());
  BOOST_REQUIRE(world.wait([&] { return world.failed.size() == 2 && world.listening.size() == 1; }));
  world.settle();
  BOOST_CHECK(world.failed[0].address == taken);
  BOOST_CHECK_EQUAL(world.failed[0].error.code, EADDRINUSE);
  BOOST_CHECK(world.failed[0].remedy.find("ss -ltnp") != std::string::npos);
  BOOST_CHECK_EQUAL(world.failed[1].error.code, EADDRNOTAVAIL);
  BOOST_CHECK(world.listening[0].address == good);
  BOOST_CHECK_EQUAL(ask(good), 'a');
  // another service cannot have the same address, although SO_REUSEPORT would let it
  world.proxy->open({ServiceId{2}, "other", {good}, Balancing::least_connections, {}});
  BOOST_REQUIRE(world.wait([&] { return world.failed.size() == 3; }));
  BOOST_CHECK(world.failed[2].service == ServiceId{2});
  BOOST_CHECK_EQUAL(world.failed[2].error.code, EADDRINUSE);
}

BOOST_AUTO_TEST_CASE(a_low_port_without_the_right_names_the_remedy) {
  if (::geteuid() != 0) return;
  World world;
  // the worker reads its own credentials, so the whole process steps down for a moment
  BOOST_REQUIRE_EQUAL(::seteuid(65534), 0);
  world.proxy->open({service_one, "web", {address("127.0.0.1:81")}, Balancing::least_connections, {}});
  const bool told = world.wait([&] { return !world.failed.empty() || !world.listening.empty(); });
  BOOST_REQUIRE_EQUAL(::seteuid(0), 0);
  BOOST_REQUIRE(told);
  // a host may allow low ports to everybody
  if (world.failed.empty()) return;
  BOOST_CHECK_EQUAL(world.failed[0].error.code, EACCES);
  BOOST_CHECK(world.failed[0].remedy.find("CAP_NET_BIND_SERVICE") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(opening_again_moves_only_what_differs) {
  const SocketAddress kept = free_address(), gone = free_address(), fresh = free_address();
  Backend backend(free_address(), 'a');
  World world;
  world.proxy->open({service_one, "web", {kept, gone}, Balancing::least_connections, {}});
  world.ready(1, backend.address());
  world.settle();
  BOOST_CHECK_EQUAL(ask(gone), 'a');
  world.proxy->open({service_one, "web", {kept, fresh}, Balancing::random, {}});
  world.settle();
  BOOST_REQUIRE_EQUAL(world.listening.size(), 3U);
  BOOST_CHECK(world.listening[2].address == fresh);
  BOOST_CHECK_EQUAL(ask(fresh), 'a');
  BOOST_CHECK_EQUAL(ask(kept), 'a');
  BOOST_CHECK(wait_for([&] { return connect_to(gone).error == ECONNREFUSED; }));
  // taken back at once: it was still leaving, or is bound anew
  world.proxy->open({service_one, "web", {kept}, Balancing::random, {}});
  world.proxy->open({service_one, "web", {kept, fresh}, Balancing::random, {}});
  world.settle();
  BOOST_CHECK_EQUAL(ask(fresh), 'a');
}

BOOST_AUTO_TEST_CASE(a_client_address_keeps_its_endpoint) {
  const SocketAddress front = free_address();
  Backend a(free_address(), 'a'), b(free_address(), 'b'), c(free_address(), 'c');
  World world;
  world.proxy->open({service_one, "web", {front}, Balancing::round_robin, seconds(10800)});
  world.ready(1, a.address());
  world.ready(2, b.address());
  world.ready(3, c.address());
  world.settle();
  const char first = ask(front);
  for (int i = 0; i < 8; ++i) BOOST_CHECK_EQUAL(ask(front), first);
  world.proxy->remove_endpoint(service_one, PodId{static_cast<std::uint64_t>(first - 'a' + 1)});
  world.settle();
  const char second = ask(front);
  BOOST_CHECK_NE(second, first);
  for (int i = 0; i < 8; ++i) BOOST_CHECK_EQUAL(ask(front), second);
}

BOOST_AUTO_TEST_CASE(a_wildcard_resets_what_was_meant_for_another_service) {
  const std::uint16_t port = free_address("0.0.0.0").port();
  const auto at = [&](const std::string& host) { return address(host + ":" + std::to_string(port)); };
  Backend backend(free_address(), 'a');
  World world;
  world.open(at("0.0.0.0"));
  world.ready(1, backend.address());
  world.proxy->open({ServiceId{2}, "db", {at("127.77.0.2")}, Balancing::least_connections, {}});
  world.settle();
  BOOST_CHECK_EQUAL(ask(at("127.0.0.1")), 'a');
  BOOST_CHECK_EQUAL(ask(at("127.77.0.3")), 'a');
  // deaf, so the wildcard hears it
  BOOST_CHECK_EQUAL(ask(at("127.77.0.2")), 'r');
  Backend db(free_address(), 'd');
  world.proxy->set_endpoint(ServiceId{2}, {PodId{2}, db.address(), true, true, false});
  world.settle();
  BOOST_CHECK_EQUAL(ask(at("127.77.0.2")), 'd');
  BOOST_CHECK_EQUAL(ask(at("127.0.0.1")), 'a');
}

BOOST_AUTO_TEST_CASE(the_last_one_serves_while_it_terminates_and_drains) {
  const SocketAddress front = free_address();
  Backend old_pod(free_address(), 'o'), new_pod(free_address(), 'n');
  World world;
  world.serve(front, {old_pod.address()});
  world.proxy->set_endpoint(service_one, {PodId{1}, old_pod.address(), false, true, true});
  world.settle();
  BOOST_CHECK_EQUAL(ask(front), 'o');
  BOOST_CHECK(world.drained.empty());
  world.ready(2, new_pod.address());
  world.settle();
  BOOST_CHECK_EQUAL(ask(front), 'n');
  // out of the list now
  BOOST_REQUIRE(world.wait([&] { return world.drained.size() == 1; }));
  BOOST_CHECK(world.drained[0].pod == PodId{1});
}

BOOST_AUTO_TEST_CASE(ten_thousand_endpoints_change_quickly) {
  const SocketAddress front = free_address();
  World world;
  world.open(front);
  const SocketAddress nowhere = free_address();
  const auto began = std::chrono::steady_clock::now();
  for (std::uint64_t pod = 1; pod <= 10000; ++pod) world.ready(pod, nowhere);
  for (std::uint64_t pod = 1; pod <= 10000; ++pod) world.proxy->remove_endpoint(service_one, PodId{pod});
  BOOST_CHECK(world.wait([&] { return world.drained.size() == 10000; }));
  BOOST_CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(5));
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_small) {
  BOOST_TEST_MESSAGE("sizeof(Session) = " << sizeof(Session));
  BOOST_CHECK_LE(sizeof(Session), 640U);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit wide{before.rlim_max, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &wide);
  const SocketAddress front = free_address();
  const UniqueFd listener = listen_at(free_address());
  World world;
  world.serve(front, {*linux::local_address(listener.get())});
  constexpr unsigned count = 2000;
  std::vector<UniqueFd> ends;
  ends.reserve(2 * count + 400);
  const auto connect_some = [&](unsigned how_many) {
    for (unsigned i = 0; i < how_many; ++i) {
      Connected client = connect_to(front);
      send_text(client.fd.get(), "x");
      UniqueFd server = accept_from(listener.get());
      BOOST_REQUIRE_EQUAL(hear(server.get(), 1).text, "x");
      ends.push_back(std::move(client.fd));
      ends.push_back(std::move(server));
    }
  };
  connect_some(200);
  const std::size_t used = ::mallinfo2().uordblks;
  connect_some(count);
  const std::size_t each = (::mallinfo2().uordblks - used) / count;
  BOOST_TEST_MESSAGE("user memory per idle connection: " << each << " bytes");
  BOOST_CHECK_LE(each, 700U);
#endif
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::proxy::test
