// How an endpoint's connections end while its pod leaves: each rule of the quiet moment.
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <cerrno>

#include <proxy/support.hpp>

namespace reeve::proxy::test {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

const std::string request = "GET / HTTP/1.1\r\n\r\n", answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

// A connection through the proxy to pod 1, seen from both ends.
class Stage {
 public:
  explicit Stage(const SocketAddress& back = free_address()) : listener_(listen_at(back)) {
    world.serve(front, {back});
    connect();
  }
  void connect() {
    client = connect_to(front).fd;
    server = accept_from(listener_.get());
    BOOST_REQUIRE(server);
  }
  // Both were said and heard.
  void ask(const std::string& text = request) {
    send_text(client.get(), text);
    BOOST_REQUIRE_EQUAL(hear(server.get(), text.size()).text, text);
  }
  void reply(const std::string& text = answer) {
    send_text(server.get(), text);
    BOOST_REQUIRE_EQUAL(hear(client.get(), text.size()).text, text);
  }
  void drain() {
    world.proxy->drain(service_one, PodId{1});
    world.settle();
  }
  void cut() { world.proxy->cut(service_one, PodId{1}); }
  bool is_drained() {
    return world.wait([&] { return !world.drained.empty(); });
  }
  bool stays_open(milliseconds so_long) {
    return !world.wait([&] { return !world.drained.empty(); }, so_long);
  }
  ProxyCounters counters() const { return world.proxy->counters(service_one); }
  // What each side sees at its end.
  void check_ended_in_order() {
    BOOST_CHECK_EQUAL(hear(client.get(), 1), (Heard{.text = "", .ended = true}));
    BOOST_CHECK_EQUAL(hear(server.get(), 1), (Heard{.text = "", .ended = true}));
    BOOST_REQUIRE(is_drained());
    world.settle();
    BOOST_CHECK_EQUAL(world.drained.size(), 1U);
    BOOST_CHECK_EQUAL(counters().drained, 1U);
    BOOST_CHECK_EQUAL(counters().active, 0U);
  }

  const SocketAddress front = free_address();
  World world;
  UniqueFd client, server;

 private:
  UniqueFd listener_;
};

milliseconds since(Clock::time_point began) { return std::chrono::duration_cast<milliseconds>(Clock::now() - began); }

}  // namespace

BOOST_AUTO_TEST_SUITE(drain)

BOOST_AUTO_TEST_CASE(a_request_without_an_answer_is_waited_for) {
  Stage stage;
  stage.ask();
  stage.drain();
  // longer than any silence that ends a connection
  BOOST_CHECK(stage.stays_open(milliseconds(1300)));
  const auto before = Clock::now();
  stage.reply();
  stage.check_ended_in_order();
  BOOST_CHECK_GE(since(before).count(), 950);
}

BOOST_AUTO_TEST_CASE(the_next_request_after_the_answer_is_not_passed_on) {
  Stage stage;
  stage.ask();
  stage.drain();
  stage.reply();
  const auto answered = Clock::now();
  send_text(stage.client.get(), request);
  stage.check_ended_in_order();
  BOOST_CHECK_LT(since(answered).count(), 900);
  BOOST_CHECK_EQUAL(stage.counters().client_bytes, request.size());
}

BOOST_AUTO_TEST_CASE(who_was_silent_for_long_ends_at_once) {
  Stage stage;
  stage.ask();
  stage.reply();
  std::this_thread::sleep_for(milliseconds(1050));
  const auto began = Clock::now();
  stage.drain();
  stage.check_ended_in_order();
  BOOST_CHECK_LT(since(began).count(), 900);
}

BOOST_AUTO_TEST_CASE(who_never_said_a_thing_ends_after_the_silence) {
  Stage stage;
  stage.drain();
  stage.check_ended_in_order();
}

BOOST_AUTO_TEST_CASE(cut_resets_what_is_open) {
  Stage stage;
  stage.ask();
  stage.drain();
  stage.cut();
  BOOST_REQUIRE(stage.is_drained());
  BOOST_CHECK_EQUAL(hear(stage.client.get(), 1).error, ECONNRESET);
  BOOST_CHECK_EQUAL(hear(stage.server.get(), 1).error, ECONNRESET);
  stage.world.settle();
  BOOST_CHECK_EQUAL(stage.world.drained.size(), 1U);
  BOOST_CHECK_EQUAL(stage.counters().cut, 1U);
  BOOST_CHECK_EQUAL(stage.counters().active, 0U);
  BOOST_CHECK_EQUAL(ask(stage.front), '-');
}

BOOST_AUTO_TEST_CASE(ready_again_before_it_is_over) {
  Stage stage;
  stage.ask();
  stage.drain();
  stage.reply();
  stage.world.ready(1, *linux::local_address(stage.server.get()));
  BOOST_CHECK(stage.stays_open(milliseconds(1300)));
  stage.ask();
  stage.reply();
}

BOOST_AUTO_TEST_CASE(without_connections_it_is_out_at_once) {
  const SocketAddress front = free_address();
  Backend a(free_address(), 'a'), b(free_address(), 'b');
  World world;
  world.serve(front, {a.address(), b.address()});
  world.proxy->drain(service_one, PodId{1});
  BOOST_REQUIRE(world.wait([&] { return world.drained.size() == 1; }));
  for (int i = 0; i < 4; ++i) BOOST_CHECK_EQUAL(ask(front), 'b');
  // late news of it
  world.proxy->set_endpoint(service_one, {PodId{1}, a.address(), false, true, true});
  world.proxy->drain(service_one, PodId{2});
  BOOST_REQUIRE(world.wait([&] { return world.drained.size() == 2; }));
  BOOST_CHECK_EQUAL(ask(front), '-');
}

BOOST_AUTO_TEST_CASE(nobody_knows_the_pod_or_the_service) {
  World world;
  world.open(free_address());
  world.proxy->drain(service_one, PodId{7});
  world.proxy->cut(service_one, PodId{8});
  world.proxy->drain(ServiceId{9}, PodId{9});
  world.proxy->cut(ServiceId{9}, PodId{9});
  BOOST_CHECK(world.wait([&] { return world.drained.size() == 3; }));
  world.settle();
  BOOST_CHECK_EQUAL(world.drained.size(), 3U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::proxy::test
