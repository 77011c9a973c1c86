// Directions that run hot: their bytes go through pipes, which nobody holds who has nothing to say.
#include <reeve/proxy/pipe_pool.hpp>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <cerrno>

#include <proxy/support.hpp>

namespace reeve::proxy::test {
namespace {

constexpr std::size_t pipes_at_rest = 4;

struct Pair {
  UniqueFd client;
  UniqueFd server;
};

// Connections through a proxy, and what they were told so far.
class Pairs {
 public:
  explicit Pairs(std::size_t count) : listener_(listen_at(free_address())) {
    world.serve(front_, {*linux::local_address(listener_.get())});
    for (std::size_t i = 0; i < count; ++i) {
      UniqueFd client = connect_to(front_, nullptr, 4096).fd;
      all.push_back({std::move(client), accept_from(listener_.get())});
      BOOST_REQUIRE(all.back().server);
    }
  }

  World world;
  std::vector<Pair> all;

 private:
  SocketAddress front_ = free_address();
  UniqueFd listener_;
};

// The byte at each place of a stream.
char byte_at(std::size_t place) { return static_cast<char>((place * 2654435761U) >> 13); }

// Says the next `count` bytes of the stream, as many as are taken within a moment.
std::size_t say(int fd, std::size_t from, std::size_t count) {
  std::string bytes(count, 0);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = byte_at(from + i);
  const timeval moment{0, 100000};
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &moment, sizeof moment);
  std::size_t said = 0;
  while (said < count) {
    const ssize_t sent = ::send(fd, bytes.data() + said, count - said, MSG_NOSIGNAL);
    if (sent <= 0) break;
    said += static_cast<std::size_t>(sent);
  }
  return said;
}

// Whether these are the next `count` bytes.
bool hears(int fd, std::size_t from, std::size_t count) {
  const Heard heard = hear(fd, count);
  for (std::size_t i = 0; i < heard.text.size(); ++i) {
    if (heard.text[i] != byte_at(from + i)) return false;
  }
  return heard.text.size() == count;
}

bool passes(const Pair& pair, std::size_t from, std::size_t count) {
  bool right = false;
  std::thread reader([&] { right = hears(pair.client.get(), from, count); });
  std::size_t said = 0;
  while (said < count) said += say(pair.server.get(), from + said, count - said);
  reader.join();
  return right;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(splice)

BOOST_AUTO_TEST_CASE(who_has_nothing_to_say_holds_no_pipe) {
  Pairs pairs(20);
  const std::size_t before = open_pipes();
  // a proxy that reads faster than the other writes never finds much at once
  for (int times = 0; times < 20 && open_pipes() == before; ++times) {
    for (const Pair& pair : pairs.all) BOOST_CHECK(passes(pair, 0, 2U << 20));
  }
  BOOST_CHECK_GT(open_pipes(), before);
  BOOST_CHECK(wait_for([&] { return open_pipes() <= before + 2 * pipes_at_rest; }));
}

BOOST_AUTO_TEST_CASE(small_talk_needs_no_pipe) {
  Pairs pairs(1);
  const std::size_t before = open_pipes();
  for (std::size_t i = 0; i < 200; ++i) BOOST_CHECK(passes(pairs.all[0], i * 100, 100));
  BOOST_CHECK_EQUAL(open_pipes(), before);
}

BOOST_AUTO_TEST_CASE(what_waits_in_a_pipe_for_a_slow_reader_arrives) {
  Pairs pairs(3);
  const std::size_t before = open_pipes();
  std::vector<std::size_t> said;
  for (const Pair& pair : pairs.all) said.push_back(say(pair.server.get(), 0, 64U << 20));
  BOOST_CHECK_EQUAL(open_pipes(), before + 2 * pairs.all.size());
  for (std::size_t i = 0; i < pairs.all.size(); ++i) {
    BOOST_CHECK_LT(said[i], 64U << 20);
    BOOST_CHECK(hears(pairs.all[i].client.get(), 0, said[i]));
  }
  for (const Pair& pair : pairs.all) BOOST_CHECK(passes(pair, 0, 1000));
}

BOOST_AUTO_TEST_CASE(a_pool_lends_a_bounded_number_and_keeps_a_few) {
  const std::size_t before = open_pipes();
  PipePool pool;
  std::vector<PipePool::Loan> loans;
  while (auto loan = pool.borrow()) loans.push_back(*std::move(loan));
  BOOST_CHECK_EQUAL(loans.size(), 32U);
  loans.clear();
  BOOST_CHECK_EQUAL(open_pipes(), before + 2 * pipes_at_rest);
  // one that holds bytes is nobody else's
  int ends[2];
  BOOST_REQUIRE_EQUAL(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd one(ends[0]), other(ends[1]);
  send_text(one.get(), "left behind");
  BOOST_CHECK_EQUAL(pool.borrow()->fill(other.get()), 11);
  BOOST_CHECK_EQUAL(open_pipes(), before + 2 * (pipes_at_rest - 1));
  BOOST_CHECK_EQUAL(pool.borrow()->fill(other.get()), -EAGAIN);
}

BOOST_AUTO_TEST_CASE(without_descriptors_bytes_are_copied) {
  Pairs pairs(1);
  const std::size_t before = open_pipes();
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit none{3, limit.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  const bool right = passes(pairs.all[0], 0, 8U << 20);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  BOOST_CHECK(right);
  BOOST_CHECK_EQUAL(open_pipes(), before);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::proxy::test
