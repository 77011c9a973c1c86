// Servers that vanish before they heard or said a byte: the client goes to another one and does not notice.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <cerrno>

#include <proxy/support.hpp>

namespace reeve::proxy::test {
namespace {

// A client whose connection waits in the accept queue of the first endpoint.
Connected queued_at(int listener, const SocketAddress& front) {
  Connected client = connect_to(front);
  pollfd waiting{listener, POLLIN, 0};
  BOOST_REQUIRE_EQUAL(::poll(&waiting, 1, 10000), 1);
  return client;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lost_server)

BOOST_AUTO_TEST_CASE(dies_with_the_connection_in_its_accept_queue) {
  const SocketAddress front = free_address();
  for (const SocketAddress& back : {free_address(), free_unix_address()}) {
    UniqueFd dying = listen_at(back);
    Backend other(free_address(), 'b');
    World world;
    world.serve(back.is_unix() ? free_unix_address() : front, {back});
    const SocketAddress at = world.listening[0].address;
    Connected client = queued_at(dying.get(), at);
    world.ready(2, other.address());
    world.settle();
    dying.reset();
    BOOST_REQUIRE(world.wait([&] { return world.proxy->counters(service_one).retried == 1; }));
    send_text(client.fd.get(), "x");
    BOOST_CHECK_EQUAL(hear(client.fd.get(), 1).text, "b");
    BOOST_CHECK(world.wait([&] { return !world.refused.empty(); }));
    BOOST_CHECK_EQUAL(world.proxy->counters(service_one).refused, 0U);
  }
}

BOOST_AUTO_TEST_CASE(ends_without_having_heard_a_byte) {
  const SocketAddress front = free_address();
  const UniqueFd quits = listen_at(free_address());
  Backend other(free_address(), 'b');
  World world;
  world.serve(front, {*linux::local_address(quits.get())});
  Connected client = queued_at(quits.get(), front);
  world.ready(2, other.address());
  world.settle();
  BOOST_REQUIRE(accept_from(quits.get()));
  BOOST_REQUIRE(world.wait([&] { return world.proxy->counters(service_one).retried == 1; }));
  send_text(client.fd.get(), "x");
  BOOST_CHECK_EQUAL(hear(client.fd.get(), 1).text, "b");
}

BOOST_AUTO_TEST_CASE(the_client_is_told_after_a_few) {
  const SocketAddress front = free_address();
  std::vector<UniqueFd> listeners;
  std::vector<SocketAddress> backs;
  for (int i = 0; i < 6; ++i) {
    listeners.push_back(listen_at(free_address()));
    backs.push_back(*linux::local_address(listeners.back().get()));
  }
  World world;
  world.serve(front, backs, Balancing::round_robin);
  Connected client = connect_to(front);
  unsigned connects = 0;
  // each ends at once
  BOOST_CHECK(world.wait([&] {
    for (const UniqueFd& each : listeners) {
      pollfd waiting{each.get(), POLLIN, 0};
      if (::poll(&waiting, 1, 0) == 1 && accept_from(each.get())) ++connects;
    }
    char byte;
    return ::recv(client.fd.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }));
  BOOST_CHECK_EQUAL(connects, 4U);
}

BOOST_AUTO_TEST_CASE(with_nobody_else_the_client_sees_it_as_it_is) {
  const SocketAddress front = free_address();
  UniqueFd dying = listen_at(free_address());
  World world;
  world.serve(front, {*linux::local_address(dying.get())});
  Connected client = queued_at(dying.get(), front);
  dying.reset();
  BOOST_CHECK_EQUAL(hear(client.fd.get(), 1).error, ECONNRESET);
}

BOOST_AUTO_TEST_CASE(who_has_said_something_is_not_moved) {
  const SocketAddress front = free_address();
  const UniqueFd dying = listen_at(free_address());
  Backend other(free_address(), 'b');
  World world;
  world.serve(front, {*linux::local_address(dying.get())});
  Connected client = connect_to(front);
  UniqueFd server = accept_from(dying.get());
  send_text(client.fd.get(), "x");
  BOOST_CHECK_EQUAL(hear(server.get(), 1).text, "x");
  world.ready(2, other.address());
  world.settle();
  linux::reset_on_close(server.get());
  server.reset();
  BOOST_CHECK_EQUAL(hear(client.fd.get(), 1).error, ECONNRESET);
  BOOST_CHECK_EQUAL(other.served(), 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::proxy::test
