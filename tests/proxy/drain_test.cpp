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

// Longer than any silence that ends a connection.
constexpr milliseconds long_silence{1150};

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
  UniqueFd accept() { return accept_from(listener_.get()); }
  bool is_drained() {
    return world.wait([&] { return !world.drained.empty(); });
  }
  bool stays_open(milliseconds so_long) {
    return !world.wait([&] { return !world.drained.empty(); }, so_long);
  }
  ProxyCounters counters() const { return world.proxy->counters(service_one); }
  // The client says its next request, so that it ends at once.
  void check_next_request_ends_it() {
    send_text(client.get(), request);
    check_ended_in_order();
  }
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
  BOOST_CHECK(stage.stays_open(long_silence));
  stage.reply();
  stage.check_next_request_ends_it();
}

BOOST_AUTO_TEST_CASE(the_next_request_after_the_answer_is_not_passed_on) {
  // sooner than after a silence, unless this machine sleeps
  bool was_soon = false;
  for (int attempt = 0; attempt < 5 && !was_soon; ++attempt) {
    Stage stage;
    stage.ask();
    stage.drain();
    stage.reply();
    const auto answered = Clock::now();
    stage.check_next_request_ends_it();
    was_soon = since(answered) < milliseconds(900);
    BOOST_CHECK_EQUAL(stage.counters().client_bytes, request.size());
  }
  BOOST_CHECK(was_soon);
}

BOOST_AUTO_TEST_CASE(who_was_silent_for_long_ends_at_once) {
  bool was_soon = false;
  for (int attempt = 0; attempt < 5 && !was_soon; ++attempt) {
    Stage stage;
    stage.ask();
    stage.reply();
    std::this_thread::sleep_for(long_silence);
    const auto began = Clock::now();
    stage.drain();
    stage.check_ended_in_order();
    was_soon = since(began) < milliseconds(900);
  }
  BOOST_CHECK(was_soon);
}

BOOST_AUTO_TEST_CASE(who_never_said_a_thing_ends_after_the_silence) {
  const auto before = Clock::now();
  Stage stage;
  stage.drain();
  stage.check_ended_in_order();
  BOOST_CHECK_GE(since(before).count(), 950);
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
}

BOOST_AUTO_TEST_CASE(ready_again_before_it_is_over) {
  Stage stage;
  stage.ask();
  stage.drain();
  stage.reply();
  stage.world.ready(1, *linux::local_address(stage.server.get()));
  BOOST_CHECK(stage.stays_open(long_silence));
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

// What the head promised is waited for, however long the server pauses; a next request in between is served too.
BOOST_AUTO_TEST_CASE(an_answer_that_pauses_is_not_cut_short) {
  Stage stage;
  stage.ask();
  stage.drain();
  stage.reply("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello");
  BOOST_CHECK(stage.stays_open(long_silence));
  stage.ask();
  stage.reply("world");
  stage.reply();
  stage.check_next_request_ends_it();
}

BOOST_AUTO_TEST_CASE(an_interim_answer_is_no_answer) {
  Stage stage;
  stage.ask("PUT / HTTP/1.1\r\nexpect: 100-continue\r\n\r\n");
  stage.drain();
  stage.reply("HTTP/1.1 100 Continue\r\n\r\n");
  BOOST_CHECK(stage.stays_open(milliseconds(200)));
  stage.ask("the body");
  stage.reply();
  stage.check_next_request_ends_it();
}

BOOST_AUTO_TEST_CASE(a_greeting_is_not_the_answer_to_anything) {
  Stage stage;
  stage.reply("220 ready\r\n");
  stage.drain();
  send_text(stage.client.get(), "EHLO\r\n");
  stage.check_ended_in_order();
  BOOST_CHECK_EQUAL(stage.counters().client_bytes, 0U);
}

BOOST_AUTO_TEST_CASE(full_duplex_is_not_paused) {
  Stage stage;
  stage.ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  stage.reply("something");
  stage.drain();
  // the server is silent for longer than between two parts of an answer
  for (int i = 0; i < 3; ++i) {
    stage.ask("more");
    BOOST_CHECK(stage.stays_open(milliseconds(100)));
  }
  stage.reply("enough");
  stage.check_ended_in_order();
}

BOOST_AUTO_TEST_CASE(websockets_are_full_duplex) {
  Stage stage;
  stage.ask();
  stage.reply("HTTP/1.1 101 Switching Protocols\r\n\r\n");
  stage.ask("hello");
  stage.drain();
  BOOST_CHECK(stage.stays_open(milliseconds(200)));
  stage.reply("hello");
  stage.ask("more");
  stage.reply("more");
}

BOOST_AUTO_TEST_CASE(half_closed_ones_end_by_themselves) {
  Stage stage;
  stage.ask();
  ::shutdown(stage.client.get(), SHUT_WR);
  stage.reply("a part");
  stage.drain();
  BOOST_CHECK(stage.stays_open(long_silence));
  stage.reply("the rest");
  stage.server.reset();
  BOOST_CHECK_EQUAL(hear(stage.client.get(), 1), (Heard{.text = "", .ended = true}));
  BOOST_CHECK(stage.is_drained());
  BOOST_CHECK_EQUAL(stage.counters().ended_by_client, 1U);
}

BOOST_AUTO_TEST_CASE(an_answer_that_waits_for_a_slow_reader_arrives_whole) {
  Stage stage;
  stage.ask();
  stage.drain();
  const std::string much(16U << 20, 'x');
  std::thread writer([&] { ::send(stage.server.get(), much.data(), much.size(), MSG_NOSIGNAL); });
  // longer than any silence, while both our buffers and the kernel's are full
  BOOST_CHECK(stage.stays_open(long_silence));
  send_text(stage.client.get(), request);
  BOOST_CHECK_EQUAL(hear(stage.client.get(), much.size()).text.size(), much.size());
  writer.join();
  stage.check_ended_in_order();
  BOOST_CHECK_EQUAL(stage.counters().client_bytes, request.size());
}

BOOST_AUTO_TEST_CASE(a_download_longer_than_the_drain_is_cut) {
  Stage stage;
  stage.ask();
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    const std::string some(65536, 'x');
    while (!stop && ::send(stage.server.get(), some.data(), some.size(), MSG_NOSIGNAL) > 0) continue;
  });
  std::size_t heard = 0;
  Heard last;
  std::thread reader([&] {
    do {
      last = hear(stage.client.get(), 65536);
      heard += last.text.size();
    } while (last.error == 0 && !last.ended);
  });
  stage.drain();
  BOOST_CHECK(stage.stays_open(milliseconds(300)));
  stage.cut();
  BOOST_CHECK(stage.is_drained());
  reader.join();
  stop = true;
  writer.join();
  // what is cut off must not look whole
  BOOST_CHECK_EQUAL(last.error, ECONNRESET);
  BOOST_CHECK_GT(heard, 65536U);
  BOOST_CHECK_EQUAL(stage.counters().cut, 1U);
}

BOOST_AUTO_TEST_CASE(what_the_client_says_after_our_end_is_heard_by_nobody) {
  Stage stage;
  stage.ask();
  stage.reply();
  stage.drain();
  stage.check_next_request_ends_it();
  // it may go on to speak for a while, and is not reset for that
  for (int i = 0; i < 20; ++i) send_text(stage.client.get(), std::string(10000, 'x'));
  BOOST_CHECK_EQUAL(stage.counters().client_bytes, request.size());
}

BOOST_AUTO_TEST_CASE(the_last_one_serves_new_clients_until_it_has_none) {
  Stage stage;
  stage.ask();
  stage.drain();
  Connected second = connect_to(stage.front);
  const UniqueFd server = stage.accept();
  send_text(second.fd.get(), request);
  BOOST_CHECK_EQUAL(hear(server.get(), request.size()).text, request);
  stage.reply();
  send_text(stage.client.get(), request);
  BOOST_CHECK_EQUAL(hear(stage.client.get(), 1), (Heard{.text = "", .ended = true}));
  stage.world.settle();
  BOOST_CHECK(stage.world.drained.empty());
  send_text(server.get(), answer);
  send_text(second.fd.get(), request);
  BOOST_CHECK_EQUAL(hear(second.fd.get(), 1000).text, answer);
  BOOST_CHECK(stage.is_drained());
  BOOST_CHECK_EQUAL(ask(stage.front), '-');
}

BOOST_AUTO_TEST_CASE(who_is_being_connected_is_not_cut_but_goes_elsewhere) {
  const SocketAddress front = free_address(), silent_at = free_address();
  const Silent silent(silent_at);
  World world(ProxyOptions{.connect_timeout = seconds(60), .seed = {}});
  world.serve(front, {silent_at});
  Connected client = connect_to(front);
  send_text(client.fd.get(), "x");
  BOOST_REQUIRE(world.wait([&] { return world.proxy->counters(service_one).active == 1; }));
  Backend other(free_address(), 'b');
  world.ready(2, other.address());
  world.proxy->cut(service_one, PodId{1});
  BOOST_CHECK_EQUAL(hear(client.fd.get(), 1).text, "b");
  BOOST_CHECK_EQUAL(world.proxy->counters(service_one).cut, 0U);
  BOOST_CHECK_EQUAL(world.proxy->counters(service_one).retried, 1U);
  BOOST_CHECK(world.wait([&] { return world.drained.size() == 1; }));
}

BOOST_AUTO_TEST_CASE(what_happens_to_connections_when_readiness_is_lost) {
  for (const OnUnready way : {OnUnready::keep, OnUnready::drain, OnUnready::reset}) {
    Stage stage;
    ServiceConfig config{.id = service_one, .name = "web", .listen = {stage.front}, .client_ip_affinity = {}};
    config.on_unready = way;
    stage.world.proxy->open(config);
    stage.ask();
    stage.reply();
    stage.world.ready(1, *linux::local_address(stage.server.get()), false);
    if (way == OnUnready::keep) {
      stage.ask();
    } else if (way == OnUnready::drain) {
      stage.check_next_request_ends_it();
    } else {
      BOOST_CHECK_EQUAL(hear(stage.client.get(), 1).error, ECONNRESET);
      BOOST_CHECK(stage.is_drained());
      BOOST_CHECK_EQUAL(stage.counters().reset, 1U);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_closed_service_drains_too) {
  Stage stage;
  stage.ask();
  stage.world.proxy->close(service_one);
  stage.drain();
  stage.reply();
  send_text(stage.client.get(), request);
  BOOST_CHECK_EQUAL(hear(stage.client.get(), 1), (Heard{.text = "", .ended = true}));
  BOOST_CHECK(stage.is_drained());
  stage.world.settle();
  BOOST_CHECK_EQUAL(stage.world.drained.size(), 1U);
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
