// Clients of a service without a usable endpoint: refused, held or reset.
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <cerrno>

#include <proxy/support.hpp>

namespace reeve::proxy::test {
namespace {

struct Held {
  struct Way {
    WhenUnready when_unready = WhenUnready::hold;
    Duration hold_for = seconds(30);
    bool start_held = false;
  };

  explicit Held(Way way) {
    ServiceConfig config{.id = service_one, .name = "web", .listen = {front}, .client_ip_affinity = {}};
    config.when_unready = way.when_unready;
    config.hold_for = way.hold_for;
    config.start_held = way.start_held;
    world.proxy->open(config);
    world.settle();
  }
  UniqueFd client(const std::string& says) {
    const std::uint64_t before = counters().held;
    UniqueFd fd = connect_to(front).fd;
    if (!says.empty()) send_text(fd.get(), says);
    BOOST_REQUIRE(wait_for([&] { return counters().held == before + 1; }));
    return fd;
  }
  ProxyCounters counters() const { return world.proxy->counters(service_one); }

  const SocketAddress front = free_address();
  World world;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(hold)

BOOST_AUTO_TEST_CASE(served_in_order_of_arrival_by_the_first_endpoint) {
  Held held({});
  std::vector<UniqueFd> clients;
  for (char name = 'a'; name < 'k'; ++name) clients.push_back(held.client(std::string(1, name)));
  const UniqueFd listener = listen_at(free_address());
  held.world.ready(1, *linux::local_address(listener.get()));
  for (char name = 'a'; name < 'k'; ++name) {
    const UniqueFd server = accept_from(listener.get());
    BOOST_REQUIRE(server);
    BOOST_CHECK_EQUAL(hear(server.get(), 1).text, std::string(1, name));
    send_text(server.get(), "!");
  }
  for (const UniqueFd& client : clients) BOOST_CHECK_EQUAL(hear(client.get(), 1).text, "!");
  clients.clear();
  BOOST_CHECK(held.world.wait([&] { return held.counters().active == 0; }));
  BOOST_CHECK_EQUAL(held.counters().held, 0U);
  BOOST_CHECK_EQUAL(held.counters().held_total, 10U);
  BOOST_CHECK_EQUAL(held.counters().refused, 0U);
  BOOST_CHECK_EQUAL(held.counters().retried, 0U);
}

BOOST_AUTO_TEST_CASE(also_after_the_last_endpoint_is_cut) {
  Held held({});
  Backend a(free_address(), 'a'), b(free_address(), 'b');
  held.world.ready(1, a.address());
  held.world.settle();
  BOOST_CHECK_EQUAL(ask(held.front), 'a');
  held.world.proxy->cut(service_one, PodId{1});
  const UniqueFd client = held.client("x");
  held.world.ready(2, b.address());
  BOOST_CHECK_EQUAL(hear(client.get(), 1).text, "b");
}

BOOST_AUTO_TEST_CASE(for_a_bounded_time) {
  Held held({.when_unready = WhenUnready::hold, .hold_for = milliseconds(100)});
  BOOST_CHECK_EQUAL(ask(held.front), 'r');
  BOOST_CHECK(held.world.wait([&] { return held.counters().hold_timeouts == 1; }));
  BOOST_CHECK_EQUAL(held.counters().refused, 1U);
  BOOST_CHECK_EQUAL(held.counters().held, 0U);
}

BOOST_AUTO_TEST_CASE(who_goes_away_is_noticed) {
  Held held({});
  UniqueFd resets = held.client("x"), leaves = held.client(""), waits = held.client("x");
  // the end of what it says, and not of what it hears
  ::shutdown(waits.get(), SHUT_WR);
  linux::reset_on_close(resets.get());
  resets.reset();
  leaves.reset();
  BOOST_CHECK(held.world.wait([&] { return held.counters().held == 1; }));
  BOOST_CHECK_EQUAL(held.counters().reset, 1U);
  BOOST_CHECK_EQUAL(held.counters().ended_by_client, 1U);
  Backend a(free_address(), 'a');
  held.world.ready(1, a.address());
  BOOST_CHECK_EQUAL(hear(waits.get(), 1).text, "a");
}

BOOST_AUTO_TEST_CASE(the_end_of_the_service_refuses_them) {
  Held held({});
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 300; ++i) clients.push_back(connect_to(held.front).fd);
  BOOST_CHECK(held.world.wait([&] { return held.counters().held == 300; }));
  held.world.proxy->close(service_one);
  for (const UniqueFd& client : clients) BOOST_CHECK_EQUAL(hear(client.get(), 1).error, ECONNRESET);
}

BOOST_AUTO_TEST_CASE(a_refused_connect_is_tried_again) {
  Held held({});
  const SocketAddress back = free_address();
  held.world.ready(1, back);
  const UniqueFd client = held.client("x");
  // it was said to be ready a moment too early
  Backend a(back, 'a');
  BOOST_CHECK_EQUAL(hear(client.get(), 1).text, "a");
}

BOOST_AUTO_TEST_CASE(reset_accepts_and_resets) {
  Held held({.when_unready = WhenUnready::reset});
  BOOST_CHECK_EQUAL(connect_to(held.front).error, 0);
  BOOST_CHECK_EQUAL(ask(held.front), 'r');
  Backend a(free_address(), 'a');
  held.world.ready(1, a.address());
  held.world.settle();
  BOOST_CHECK_EQUAL(ask(held.front), 'a');
}

BOOST_AUTO_TEST_CASE(a_start_holds_until_an_endpoint_is_ready_and_then_refuses) {
  Held held({.when_unready = WhenUnready::refuse, .start_held = true});
  UniqueFd client = held.client("x");
  Backend a(free_address(), 'a');
  held.world.ready(1, a.address());
  BOOST_CHECK_EQUAL(hear(client.get(), 1).text, "a");
  client.reset();
  held.world.unready(1, a.address());
  BOOST_CHECK_EQUAL(ask(held.front), '-');
}

BOOST_AUTO_TEST_CASE(a_start_without_an_endpoint_refuses_in_the_end) {
  Held held({.when_unready = WhenUnready::refuse, .hold_for = milliseconds(300), .start_held = true});
  BOOST_CHECK_EQUAL(connect_to(held.front).error, 0);
  BOOST_CHECK(wait_for([&] { return connect_to(held.front).error == ECONNREFUSED; }));
  BOOST_CHECK(wait_for([&] { return held.counters().held == 0; }));
}

BOOST_AUTO_TEST_CASE(a_start_leaves_in_the_kernel_whom_it_cannot_hold) {
  constexpr std::size_t held_max = 4096, more = 50;
  const rlim_t needed = 2 * held_max + more + 256;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max < needed) {
    BOOST_TEST_MESSAGE("skipped: it takes " << needed << " descriptors, and only " << limit.rlim_max << " are allowed");
    return;
  }
  const rlimit before = limit;
  limit.rlim_cur = std::max(limit.rlim_cur, needed);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  Held held({.when_unready = WhenUnready::refuse, .start_held = true});
  std::vector<UniqueFd> clients;
  for (std::size_t i = 0; i < held_max + more; ++i) {
    Connected client = connect_to(held.front);
    BOOST_REQUIRE_EQUAL(client.error, 0);
    send_text(client.fd.get(), "x");
    clients.push_back(std::move(client.fd));
  }
  BOOST_CHECK(wait_for([&] { return held.counters().held == held_max; }));
  BOOST_CHECK_EQUAL(held.counters().refused, 0u);
  Backend a(free_address(), 'a');
  held.world.ready(1, a.address());
  std::size_t served = 0;
  for (const UniqueFd& client : clients) served += hear(client.get(), 1).text == "a" ? 1 : 0;
  BOOST_CHECK_EQUAL(served, clients.size());
  ::setrlimit(RLIMIT_NOFILE, &before);
}

BOOST_AUTO_TEST_CASE(the_way_may_change) {
  Held held({});
  const UniqueFd client = held.client("x");
  held.world.proxy->open({.id = service_one, .name = "web", .listen = {held.front}, .client_ip_affinity = {}});
  BOOST_CHECK(wait_for([&] { return connect_to(held.front).error == ECONNREFUSED; }));
  // who waits goes on to wait
  Backend a(free_address(), 'a');
  held.world.ready(1, a.address());
  BOOST_CHECK_EQUAL(hear(client.get(), 1).text, "a");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::proxy::test
