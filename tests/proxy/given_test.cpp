// Sockets that came from outside: of an earlier proxy, or shared with somebody who goes on to poll them.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <cerrno>

#include <proxy/support.hpp>

namespace reeve::proxy::test {
namespace {

std::shared_ptr<const UniqueFd> copy_of(int fd) {
  return std::make_shared<const UniqueFd>(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

// Whether whoever else has the socket would find it hung up.
bool is_hung_up(int fd) {
  pollfd one{fd, POLLIN, 0};
  ::poll(&one, 1, 0);
  return (one.revents & (POLLHUP | POLLERR)) != 0;
}

// One that keeps what it is told of, as a service manager does.
class Keeper : public World {
 public:
  explicit Keeper(bool keeps = true) : World(options(keeps)) {}
  void on_socket_made(const SocketMade& told) override {
    BOOST_CHECK(!kept.contains(told.address));
    kept[told.address] = std::make_shared<const UniqueFd>(std::move(*told.fd));
  }
  void on_socket_gone(const SocketGone& told) override { kept.erase(told.address); }

  static ServiceConfig config(const SocketAddress& at) {
    return {.id = service_one, .name = "web", .listen = {at}, .client_ip_affinity = {}};
  }
  void open(const SocketAddress& at, std::vector<GivenSocket> given = {}, bool start_held = false) {
    ServiceConfig opened = config(at);
    opened.given = std::move(given);
    opened.start_held = start_held;
    proxy->open(std::move(opened));
    settle();
  }

  std::map<SocketAddress, std::shared_ptr<const UniqueFd>> kept;

 private:
  static ProxyOptions options(bool keeps) {
    ProxyOptions options;
    options.keeps_listeners = keeps;
    return options;
  }
};

void each_kind(void (*check)(const SocketAddress& front)) {
  check(free_address());
  check(free_address("[::1]"));
  check(free_unix_address());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(given)

BOOST_AUTO_TEST_CASE(what_is_kept_serves_under_the_next_proxy_whoever_came_in_between) {
  each_kind([](const SocketAddress& front) {
    Backend a(free_address(), 'a');
    std::shared_ptr<const UniqueFd> kept;
    {
      Keeper world;
      world.open(front);
      world.ready(1, a.address());
      world.settle();
      BOOST_CHECK_EQUAL(ask(front), 'a');
      kept = world.kept.at(front);
      world.proxy->hand_over();  // else the path of a unix socket would go with it
      world.settle();
    }
    const Connected client = connect_to(front);
    BOOST_REQUIRE_EQUAL(client.error, 0);
    send_text(client.fd.get(), "x");
    Keeper world;
    world.open(front, {{front, kept, false}}, true);
    world.ready(1, a.address());
    BOOST_CHECK_EQUAL(hear(client.fd.get(), 1).text, "a");
    BOOST_CHECK_EQUAL(ask(front), 'a');
  });
}

BOOST_AUTO_TEST_CASE(what_is_kept_goes_deaf_and_hears_again_as_any_other) {
  each_kind([](const SocketAddress& front) {
    Backend a(free_address(), 'a');
    Keeper world;
    world.open(front);
    for (int turn = 0; turn < 3; ++turn) {
      world.ready(1, a.address());
      world.settle();
      BOOST_CHECK_EQUAL(ask(front), 'a');
      BOOST_CHECK(world.wait([&] { return world.kept.contains(front); }));
      world.unready(1, a.address());
      BOOST_CHECK_EQUAL(ask(front), '-');
    }
    world.proxy->close(service_one);
    BOOST_CHECK(world.wait([&] { return world.kept.empty(); }));
  });
}

BOOST_AUTO_TEST_CASE(a_kept_socket_that_refused_hears_again) {
  const SocketAddress front = free_address();
  std::shared_ptr<const UniqueFd> kept;
  Backend a(free_address(), 'a');
  {
    Keeper world;
    world.open(front);
    world.ready(1, a.address());
    world.settle();
    BOOST_CHECK_EQUAL(ask(front), 'a');
    world.unready(1, a.address());
    kept = world.kept.at(front);
  }
  BOOST_CHECK_EQUAL(ask(front), '-');
  Keeper world;
  world.open(front, {{front, kept, false}}, true);
  const Connected client = connect_to(front);
  BOOST_REQUIRE_EQUAL(client.error, 0);
  send_text(client.fd.get(), "x");
  world.ready(1, a.address());
  BOOST_CHECK_EQUAL(hear(client.fd.get(), 1).text, "a");
}

BOOST_AUTO_TEST_CASE(a_kept_path_that_is_gone_is_bound_anew) {
  const SocketAddress front = free_unix_address();
  const UniqueFd kept = *linux::bind_listener(front);
  ::unlink(front.path().c_str());
  Backend a(free_address(), 'a');
  Keeper world;
  world.open(front, {{front, copy_of(kept.get()), false}}, true);
  world.ready(1, a.address());
  world.settle();
  BOOST_CHECK_EQUAL(ask(front), 'a');
}

BOOST_AUTO_TEST_CASE(a_shared_socket_is_never_shut_down_and_resets) {
  each_kind([](const SocketAddress& front) {
    const UniqueFd unit = listen_at(front);
    Backend a(free_address(), 'a');
    Keeper world;
    world.open(front, {{front, copy_of(unit.get()), true}});
    BOOST_CHECK_EQUAL(ask(front), 'r');
    for (int turn = 0; turn < 3; ++turn) {
      world.ready(1, a.address());
      world.settle();
      BOOST_CHECK_EQUAL(ask(front), 'a');
      world.ready(1, a.address(), false);
      BOOST_CHECK(world.wait([&] { return ask(front) == 'r'; }));
      BOOST_CHECK(!is_hung_up(unit.get()));
    }
    BOOST_CHECK(world.kept.empty());
    BOOST_CHECK(world.drained.size() == 3);
    world.proxy->close(service_one);
    world.settle();
    BOOST_CHECK(!is_hung_up(unit.get()));
    const Connected client = connect_to(front);  // waits for whoever accepts next
    BOOST_CHECK_EQUAL(client.error, 0);
    BOOST_CHECK(accept_from(unit.get()));
  });
}

BOOST_AUTO_TEST_CASE(a_start_takes_who_waits_at_a_shared_socket) {
  each_kind([](const SocketAddress& front) {
    const UniqueFd unit = listen_at(front);
    const Connected client = connect_to(front);
    BOOST_REQUIRE_EQUAL(client.error, 0);
    send_text(client.fd.get(), "x");
    Backend a(free_address(), 'a');
    Keeper world(false);
    world.open(front, {{front, copy_of(unit.get()), true}}, true);
    BOOST_CHECK(world.wait([&] { return world.proxy->counters(service_one).held == 1; }));
    world.ready(1, a.address());
    BOOST_CHECK_EQUAL(hear(client.fd.get(), 1).text, "a");
  });
}

BOOST_AUTO_TEST_CASE(who_comes_after_the_hand_over_is_left_to_the_next) {
  each_kind([](const SocketAddress& front) {
    const UniqueFd unit = listen_at(front);
    Backend a(free_address(), 'a');
    std::optional<Keeper> world;
    world.emplace();
    world->open(front, {{front, copy_of(unit.get()), true}});
    world->ready(1, a.address());
    world->settle();
    world->proxy->hand_over();
    BOOST_CHECK_EQUAL(ask(front), 'a');  // as long as there is one
    world->proxy->drain(service_one, PodId{1});
    BOOST_CHECK(world->wait([&] { return world->drained.size() == 1; }));
    world->settle();
    const Connected client = connect_to(front);
    BOOST_REQUIRE_EQUAL(client.error, 0);
    send_text(client.fd.get(), "x");
    world.reset();
    Keeper next;
    next.open(front, {{front, copy_of(unit.get()), true}}, true);
    next.ready(1, a.address());
    BOOST_CHECK_EQUAL(hear(client.fd.get(), 1).text, "a");
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::proxy::test
