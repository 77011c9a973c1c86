// Endpoints that listen on unix sockets. A full queue refuses nobody: another endpoint is tried, or it is waited for.
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <cerrno>

#include <proxy/support.hpp>

namespace reeve::proxy::test {
namespace {

// Listens and accepts nobody until it is told to; its queue is full.
class BusyBackend {
 public:
  BusyBackend() : address_(free_unix_address()), listener_(listen_at(address_, 0)) {
    for (;;) {
      UniqueFd waiting = *linux::make_stream_socket(AF_UNIX);
      if (!linux::begin_connect(waiting.get(), address_)) break;
      queue_.push_back(std::move(waiting));
    }
  }
  ~BusyBackend() { ::unlink(address_.path().c_str()); }
  const SocketAddress& address() const { return address_; }

  // Takes the queue, and then whoever comes.
  UniqueFd accept() {
    for (; !queue_.empty(); queue_.pop_back()) BOOST_REQUIRE(accept_from(listener_.get()));
    return accept_from(listener_.get());
  }
  void die() { listener_.reset(); }

 private:
  SocketAddress address_;
  UniqueFd listener_;
  std::vector<UniqueFd> queue_;
};

// A client that the proxy has accepted.
UniqueFd client_of(World& world, const SocketAddress& front) {
  const std::uint64_t before = world.proxy->counters(service_one).total;
  Connected client = connect_to(front);
  BOOST_REQUIRE(world.wait([&] { return world.proxy->counters(service_one).total > before; }));
  return std::move(client.fd);
}

std::uint64_t active(const World& world) { return world.proxy->counters(service_one).active; }

}  // namespace

BOOST_AUTO_TEST_SUITE(unix_endpoint)

BOOST_AUTO_TEST_CASE(a_service_of_unix_endpoints) {
  const SocketAddress front = free_address();
  Backend a(free_unix_address(), 'a'), b(free_unix_address(), 'b'), c(free_unix_address(), 'c');
  World world;
  world.serve(front, {a.address(), b.address(), c.address()});
  for (int i = 0; i < 30; ++i) BOOST_CHECK_GE(ask(front), 'a');
  for (const Backend* each : {&a, &b, &c}) {
    BOOST_CHECK_EQUAL(each->served(), 10U);
    ::unlink(each->address().path().c_str());
  }
  // nothing is at these paths any more
  BOOST_CHECK_EQUAL(ask(front), 'r');
  BOOST_CHECK(world.wait([&] { return world.refused.size() == 3; }));
  BOOST_CHECK_EQUAL(world.refused[0].error.code, ENOENT);
}

BOOST_AUTO_TEST_CASE(a_full_queue_is_passed_over) {
  const SocketAddress front = free_address();
  const BusyBackend busy;
  Backend other(free_address(), 'b');
  World world;
  world.serve(front, {busy.address(), other.address()}, Balancing::round_robin);
  for (int i = 0; i < 6; ++i) BOOST_CHECK_EQUAL(ask(front), 'b');
  world.settle();
  BOOST_CHECK(world.refused.empty());
}

BOOST_AUTO_TEST_CASE(a_full_queue_is_waited_for_when_there_is_nobody_else) {
  const SocketAddress front = free_address();
  BusyBackend busy;
  World world;
  world.serve(front, {busy.address()});
  const UniqueFd client = client_of(world, front);
  send_text(client.get(), "question");
  const UniqueFd server = busy.accept();
  BOOST_REQUIRE(server);
  BOOST_CHECK_EQUAL(hear(server.get(), 8).text, "question");
  send_text(server.get(), "answer");
  BOOST_CHECK_EQUAL(hear(client.get(), 6).text, "answer");
  BOOST_CHECK_EQUAL(world.proxy->counters(service_one).refused, 0U);
}

BOOST_AUTO_TEST_CASE(who_waits_at_a_full_queue_is_taken_by_another_that_becomes_ready) {
  const SocketAddress front = free_address();
  const BusyBackend busy;
  Backend other(free_address(), 'b');
  World world;
  world.serve(front, {busy.address()});
  const UniqueFd client = client_of(world, front);
  send_text(client.get(), "x");
  const auto began = std::chrono::steady_clock::now();
  world.ready(2, other.address());
  BOOST_CHECK_EQUAL(hear(client.get(), 1).text, "b");
  // soon, and not when connect_timeout has passed
  BOOST_CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(1));
}

BOOST_AUTO_TEST_CASE(who_waits_at_a_full_queue_that_dies_is_refused) {
  const SocketAddress front = free_address();
  BusyBackend busy;
  World world;
  world.serve(front, {busy.address()});
  const UniqueFd client = client_of(world, front);
  busy.die();
  BOOST_CHECK_EQUAL(hear(client.get(), 1).error, ECONNRESET);
  BOOST_CHECK(world.wait([&] { return world.refused.size() == 1; }));
  BOOST_CHECK_EQUAL(world.refused[0].error.code, ECONNREFUSED);
}

BOOST_AUTO_TEST_CASE(a_refused_connect_may_end_at_a_full_queue) {
  const SocketAddress front = free_address();
  BusyBackend busy;
  World world;
  world.serve(front, {free_address(), busy.address()}, Balancing::round_robin);
  const UniqueFd client = client_of(world, front);
  send_text(client.get(), "x");
  const UniqueFd server = busy.accept();
  BOOST_REQUIRE(server);
  BOOST_CHECK_EQUAL(hear(server.get(), 1).text, "x");
}

BOOST_AUTO_TEST_CASE(who_gives_up_waiting_is_forgotten) {
  const SocketAddress front = free_address();
  const BusyBackend busy;
  World world;
  world.serve(front, {busy.address()});
  for (int i = 0; i < 10; ++i) {
    const UniqueFd client = client_of(world, front);
    linux::reset_on_close(client.get());
  }
  BOOST_CHECK(world.wait([&] { return active(world) == 0; }));
  // and the end of everything finds some that still wait
  const UniqueFd client = client_of(world, front);
  world.proxy->stop();
  BOOST_CHECK_EQUAL(hear(client.get(), 1).error, ECONNRESET);
}

BOOST_AUTO_TEST_CASE(hundreds_at_a_small_queue_are_all_served) {
  const SocketAddress front = free_address(), back = free_unix_address();
  const UniqueFd listener = listen_at(back, 1);
  World world;
  world.serve(front, {back});
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 300; ++i) {
    clients.push_back(connect_to(front).fd);
    send_text(clients.back().get(), "x");
  }
  for (int i = 0; i < 300; ++i) {
    const UniqueFd server = accept_from(listener.get());
    BOOST_REQUIRE_EQUAL(hear(server.get(), 1).text, "x");
    send_text(server.get(), "y");
  }
  for (const UniqueFd& client : clients) BOOST_CHECK_EQUAL(hear(client.get(), 1).text, "y");
  BOOST_CHECK_EQUAL(world.proxy->counters(service_one).refused, 0U);
  clients.clear();
  BOOST_CHECK(world.wait([&] { return active(world) == 0; }));
  ::unlink(back.path().c_str());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::proxy::test
