// Half-close, reset and back-pressure through the proxy: each scene is played without it first, and must look the same.
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <csignal>

#include <proxy/support.hpp>

namespace reeve::proxy::test {
namespace {

struct Pair {
  UniqueFd client;
  UniqueFd server;
};

using Scene = std::function<std::string(Pair)>;

std::string told(const Heard& heard) {
  return '"' + heard.text + '"' + (heard.ended ? " end" : "") +
         (heard.error == 0            ? ""
          : heard.error == ECONNRESET ? " reset"
                                      : " errno " + std::to_string(heard.error));
}

std::string play_directly(const Scene& scene) {
  const SocketAddress at = free_address();
  const UniqueFd listener = listen_at(at);
  Connected client = connect_to(at);
  return scene({std::move(client.fd), accept_from(listener.get())});
}

std::string play_through_proxy(const Scene& scene, const SocketAddress& front, const SocketAddress& back) {
  const UniqueFd listener = listen_at(back);
  World world;
  world.serve(front, {back});
  Connected client = connect_to(front);
  BOOST_REQUIRE_EQUAL(client.error, 0);
  UniqueFd server = accept_from(listener.get());
  BOOST_REQUIRE(server);
  std::string seen = scene({std::move(client.fd), std::move(server)});
  BOOST_CHECK(world.wait([&] { return world.proxy->counters(service_one).active == 0; }));
  return seen;
}

// Much in one direction.
void pour(int from, int to) {
  const std::string much(4U << 20, 'x');
  std::thread writer([&] { ::send(from, much.data(), much.size(), MSG_NOSIGNAL); });
  BOOST_CHECK_EQUAL(hear(to, much.size()).text.size(), much.size());
  writer.join();
}

// The same after so much was said both ways that the proxy splices.
Scene hot(const Scene& scene) {
  return [scene](Pair pair) {
    const std::size_t pipes = open_pipes();
    // a proxy that reads faster than the other writes never finds much at once
    for (int times = 0; times < 20 && open_pipes() == pipes; ++times) {
      pour(pair.client.get(), pair.server.get());
      pour(pair.server.get(), pair.client.get());
    }
    BOOST_CHECK_GT(open_pipes(), pipes);
    return scene(std::move(pair));
  };
}

void check_same(const Scene& scene, const std::string& expected) {
  BOOST_CHECK_EQUAL(play_directly(scene), expected);
  for (const Scene& each : {scene, hot(scene)}) {
    BOOST_CHECK_EQUAL(play_through_proxy(each, free_address(), free_address()), expected);
    BOOST_CHECK_EQUAL(play_through_proxy(each, free_address("[::1]"), free_address("[::1]")), expected);
  }
}

void reset(UniqueFd fd) { linux::reset_on_close(fd.get()); }

// Fills one direction until nothing more fits; how much that was.
std::size_t fill(int fd) {
  const std::string block(65536, 'x');
  std::size_t filled = 0;
  timeval soon{0, 300000};
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
  for (;;) {
    const ssize_t sent = ::send(fd, block.data(), block.size(), MSG_NOSIGNAL);
    if (sent <= 0) return filled;
    filled += static_cast<std::size_t>(sent);
  }
}

std::string back_pressure(const UniqueFd& writer, const UniqueFd& reader) {
  const std::size_t filled = fill(writer.get());
  if (filled > (64U << 20)) return "no back-pressure";
  if (::send(writer.get(), "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1) return "the writer was not blocked";
  ::shutdown(writer.get(), SHUT_WR);
  const std::size_t got = hear(reader.get(), filled + 1).text.size();
  return got == filled ? "all arrived" : "lost " + std::to_string(filled - got);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(truth)

BOOST_AUTO_TEST_CASE(client_half_closes) {
  check_same(
      [](Pair pair) {
        send_text(pair.client.get(), "question");
        ::shutdown(pair.client.get(), SHUT_WR);
        const Heard question = hear(pair.server.get(), 100);
        send_text(pair.server.get(), "answer");
        pair.server.reset();
        return told(question) + " " + told(hear(pair.client.get(), 100));
      },
      "\"question\" end \"answer\" end");
}

BOOST_AUTO_TEST_CASE(server_half_closes) {
  check_same(
      [](Pair pair) {
        send_text(pair.server.get(), "greeting");
        ::shutdown(pair.server.get(), SHUT_WR);
        const Heard greeting = hear(pair.client.get(), 100);
        send_text(pair.client.get(), "still talking");
        pair.client.reset();
        return told(greeting) + " " + told(hear(pair.server.get(), 100));
      },
      "\"greeting\" end \"still talking\" end");
}

BOOST_AUTO_TEST_CASE(client_resets) {
  check_same(
      [](Pair pair) {
        reset(std::move(pair.client));
        return told(hear(pair.server.get(), 100));
      },
      "\"\" reset");
}

BOOST_AUTO_TEST_CASE(server_resets) {
  check_same(
      [](Pair pair) {
        reset(std::move(pair.server));
        return told(hear(pair.client.get(), 100));
      },
      "\"\" reset");
}

BOOST_AUTO_TEST_CASE(bytes_before_a_reset_arrive_both_ways) {
  const auto scene = [](bool from_client) {
    return [from_client](Pair pair) {
      UniqueFd& speaker = from_client ? pair.client : pair.server;
      UniqueFd& hearer = from_client ? pair.server : pair.client;
      send_text(speaker.get(), "last words");
      reset(std::move(speaker));
      const Heard words = hear(hearer.get(), 10);
      return told(words) + " " + told(hear(hearer.get(), 1));
    };
  };
  check_same(scene(true), "\"last words\" \"\" reset");
  check_same(scene(false), "\"last words\" \"\" reset");
}

BOOST_AUTO_TEST_CASE(server_answers_and_resets_while_the_client_still_writes) {
  check_same(
      [](Pair pair) {
        send_text(pair.client.get(), "a long request");
        hear(pair.server.get(), 2);
        send_text(pair.server.get(), "too long");
        pair.server.reset();  // with bytes unread: a reset
        const Heard answer = hear(pair.client.get(), 8);
        return told(answer) + " " + told(hear(pair.client.get(), 1));
      },
      "\"too long\" \"\" reset");
}

BOOST_AUTO_TEST_CASE(client_resets_after_its_half_close) {
  check_same(
      [](Pair pair) {
        ::shutdown(pair.client.get(), SHUT_WR);
        const Heard end = hear(pair.server.get(), 1);
        send_text(pair.server.get(), "unwanted");
        hear(pair.client.get(), 2);
        pair.client.reset();  // with bytes unread
        const bool told_of_reset = wait_for([&] { return ::send(pair.server.get(), "x", 1, MSG_NOSIGNAL) < 0; });
        return told(end) + (told_of_reset ? " then reset" : " then nothing");
      },
      "\"\" end then reset");
}

BOOST_AUTO_TEST_CASE(client_resets_while_the_server_does_not_read) {
  check_same(
      [](Pair pair) {
        fill(pair.client.get());
        reset(std::move(pair.client));
        const auto is_reset = [&] {
          int error = 0;
          socklen_t size = sizeof error;
          ::getsockopt(pair.server.get(), SOL_SOCKET, SO_ERROR, &error, &size);
          return error == ECONNRESET;
        };
        return std::string(wait_for(is_reset) ? "reset" : "nothing");
      },
      "reset");
}

BOOST_AUTO_TEST_CASE(back_pressure_from_the_server_reaches_the_client) {
  check_same([](Pair pair) { return back_pressure(pair.client, pair.server); }, "all arrived");
}

BOOST_AUTO_TEST_CASE(back_pressure_from_the_client_reaches_the_server) {
  check_same([](Pair pair) { return back_pressure(pair.server, pair.client); }, "all arrived");
}

BOOST_AUTO_TEST_CASE(unix_ends_half_close_too) {
  const Scene scene = [](Pair pair) {
    send_text(pair.client.get(), "question");
    ::shutdown(pair.client.get(), SHUT_WR);
    const Heard question = hear(pair.server.get(), 100);
    send_text(pair.server.get(), "answer");
    pair.server.reset();
    return told(question) + " " + told(hear(pair.client.get(), 100));
  };
  for (const Scene& each : {scene, hot(scene)}) {
    const SocketAddress back = free_unix_address();
    BOOST_CHECK_EQUAL(play_through_proxy(each, free_unix_address(), back), "\"question\" end \"answer\" end");
    BOOST_CHECK_EQUAL(play_through_proxy(each, free_address(), back.with_path(back.path() + "2")),
                      "\"question\" end \"answer\" end");
    ::unlink(back.path().c_str());
    ::unlink((back.path() + "2").c_str());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::proxy::test
