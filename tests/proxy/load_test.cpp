// Under load: readiness lost with a full queue, many connections, many bytes.
#include <reeve/proxy/listener.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cerrno>
#include <fstream>

#include <proxy/networks.hpp>
#include <proxy/support.hpp>

namespace reeve::proxy::test {
namespace {

// What became of one client.
enum class Fate {
  connecting,  // its SYN was dropped; the kernel has told it nothing yet
  waiting,     // connected; a reply is due
  served,
  refused,
  lost,  // connected and then reset, ended, or left without a reply: what must not be
};

// Clients of one burst, in one thread.
class Burst {
 public:
  Burst(const Place& to, std::size_t count) {
    const linux::RawAddress raw = to.address.raw();
    for (std::size_t i = 0; i < count; ++i) {
      Client client{*linux::make_stream_socket(to.address.family(), to.network.get()), Fate::connecting};
      const int outcome = ::connect(client.fd.get(), &raw.any, raw.size);
      if (outcome == 0) connected(client);
      if (outcome != 0 && errno != EINPROGRESS) failed(client, errno);
      clients_.push_back(std::move(client));
    }
  }

  // Looks once at everybody whose fate is open.
  void turn() {
    for (Client& client : clients_) {
      if (!is_over(client.fate)) look(client);
    }
  }

  std::size_t count(Fate fate) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(clients_, [&](const Client& client) { return client.fate == fate; }));
  }

 private:
  struct Client {
    UniqueFd fd;
    Fate fate;
  };

  static bool is_over(Fate fate) { return fate == Fate::served || fate == Fate::refused || fate == Fate::lost; }

  static void connected(Client& client) {
    client.fate = ::send(client.fd.get(), "x", 1, MSG_NOSIGNAL) == 1 ? Fate::waiting : Fate::lost;
  }

  // A connection that was never made may be refused; one that was made may not be reset.
  static void failed(Client& client, int error) {
    client.fate = client.fate == Fate::connecting && error == ECONNREFUSED ? Fate::refused : Fate::lost;
  }

  static void look(Client& client) {
    if (client.fate == Fate::connecting) {
      if (const int error = linux::take_socket_error(client.fd.get()); error != 0) return failed(client, error);
      sockaddr_storage peer;
      socklen_t size = sizeof peer;
      if (::getpeername(client.fd.get(), reinterpret_cast<sockaddr*>(&peer), &size) == 0) connected(client);
      return;
    }
    char name;
    const ssize_t got = ::recv(client.fd.get(), &name, 1, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got != 1) BOOST_TEST_MESSAGE("lost: " << (got == 0 ? "ended" : "errno " + std::to_string(errno)));
    client.fate = got == 1 ? Fate::served : Fate::lost;
    if (got == 1) client.fd.reset();
  }

  std::vector<Client> clients_;
};

// Until nobody waits for a reply, and, when patient, nobody for a connection either. All bursts have their turn: the
// backend serves one client after the other, so one that is not looked at would hold up the others.
bool finish(std::unique_ptr<Burst> (&bursts)[2], bool patient) {
  return wait_for([&] {
    std::size_t open = 0;
    for (const std::unique_ptr<Burst>& one : bursts) {
      one->turn();
      open += one->count(Fate::waiting) + (patient ? one->count(Fate::connecting) : 0);
    }
    return open == 0;
  });
}

struct Totals {
  std::size_t served = 0, refused = 0, lost = 0, connecting = 0;
};

using std::chrono::microseconds;

// Readiness is lost while bursts from two threads are under way, at some moment of a span.
void lose_readiness(World& world, const Place& front, const Backend& backend, microseconds moment, std::size_t clients,
                    bool patient, Totals& totals) {
  world.ready(1, backend.address());
  world.settle();
  world.drained.clear();
  std::atomic<int> begun{0};
  const auto burst = [&](std::unique_ptr<Burst>& into) {
    begun.fetch_add(1);
    into = std::make_unique<Burst>(front, clients);
  };
  std::unique_ptr<Burst> bursts[2];
  std::thread threads[2] = {std::thread([&] { burst(bursts[0]); }), std::thread([&] { burst(bursts[1]); })};
  wait_for([&] { return begun.load() == 2; });
  const auto until = std::chrono::steady_clock::now() + moment;
  while (std::chrono::steady_clock::now() < until) continue;
  world.ready(1, backend.address(), false);
  for (std::thread& thread : threads) thread.join();
  BOOST_REQUIRE(world.wait([&] { return finish(bursts, false) && !world.drained.empty(); }));
  const auto began = std::chrono::steady_clock::now();
  BOOST_CHECK_EQUAL(connect_to(front.address, front.network.get()).error, ECONNREFUSED);
  // at once, not after a retransmitted SYN
  BOOST_CHECK(std::chrono::steady_clock::now() - began < std::chrono::milliseconds(950));
  BOOST_CHECK(finish(bursts, patient));
  for (const std::unique_ptr<Burst>& one : bursts) {
    totals.served += one->count(Fate::served);
    totals.refused += one->count(Fate::refused);
    totals.lost += one->count(Fate::lost);
    totals.connecting += one->count(Fate::connecting);
  }
}

void tell(const char* what, const Totals& totals) {
  BOOST_TEST_MESSAGE(what << ": served " << totals.served << ", refused " << totals.refused << ", still connecting "
                          << totals.connecting << ", lost " << totals.lost);
}

void lose_readiness_again_and_again(World& world, const Place& front) {
  Backend backend(free_address(), 'a');
  Random random(1);
  Totals totals;
  // How long a burst takes is the machine's: the span shrinks until some of it comes too late, and grows where most
  // does.
  std::uint64_t span = 2000;
  const auto too_late = [&] { return totals.refused + totals.connecting; };
  for (int round = 0; round < 60 || (round < 600 && (totals.served <= 1000 || too_late() <= 100)); ++round) {
    const Totals before = totals;
    // a dropped SYN is sent again after a second; now and then we wait for that and see it refused
    lose_readiness(world, front, backend, microseconds(random.below(span)), 100, round % 50 == 49, totals);
    BOOST_REQUIRE_EQUAL(totals.lost, 0U);
    const std::size_t late = too_late() - before.refused - before.connecting;
    span = late < 10 ? std::max<std::uint64_t>(span * 3 / 4, 10) : late > 100 ? span * 4 / 3 : span;
  }
  tell("lost readiness again and again", totals);
  BOOST_CHECK_EQUAL(backend.served(), totals.served);
  BOOST_CHECK_EQUAL(world.proxy->counters(service_one).refused, 0U);
  // both outcomes happened, or nothing was tested
  BOOST_CHECK_GT(totals.served, 1000U);
  BOOST_CHECK_GT(too_late(), 100U);
}

// The stream number `seed`, as long as one likes.
class Stream {
 public:
  explicit Stream(std::uint64_t seed) : random_(seed) {}
  char next() {
    if (left_ == 0) {
      word_ = random_.next();
      left_ = 8;
    }
    const char byte = static_cast<char>(word_ & 0xff);
    word_ >>= 8;
    --left_;
    return byte;
  }

 private:
  Random random_;
  std::uint64_t word_ = 0;
  int left_ = 0;
};

constexpr std::size_t stream_bytes = 100U << 20;

void send_stream(int fd, std::uint64_t seed) {
  Stream stream(seed);
  Random chance(seed + 1);
  std::vector<char> chunk;
  for (std::size_t sent = 0; sent < stream_bytes;) {
    chunk.resize(std::min<std::size_t>(1 + chance.below(chance.below(4) == 0 ? 200000 : 3000), stream_bytes - sent));
    std::ranges::generate(chunk, [&] { return stream.next(); });
    for (std::size_t done = 0; done < chunk.size();) {
      const ssize_t got = ::send(fd, chunk.data() + done, chunk.size() - done, MSG_NOSIGNAL);
      if (got <= 0) return;
      done += static_cast<std::size_t>(got);
    }
    sent += chunk.size();
  }
  ::shutdown(fd, SHUT_WR);
}

// How many bytes came and were right.
std::size_t check_stream(int fd, std::uint64_t seed) {
  Stream stream(seed);
  Random chance(seed + 2);
  std::vector<char> chunk(200000);
  std::size_t right = 0;
  for (;;) {
    const ssize_t got = ::recv(fd, chunk.data(), 1 + chance.below(chunk.size()), 0);
    if (got <= 0) return right;
    for (ssize_t i = 0; i < got; ++i, ++right) {
      if (chunk[static_cast<std::size_t>(i)] != stream.next()) return right;
    }
  }
}

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * 4096;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(load)

BOOST_AUTO_TEST_CASE(readiness_lost_with_a_full_queue_again_and_again) {
  const SocketAddress front = free_address();
  World world;
  world.open(front);
  lose_readiness_again_and_again(world, {front});
}

BOOST_AUTO_TEST_CASE(readiness_lost_at_a_link_with_a_full_queue_again_and_again) {
  if (skip_without_networks()) return;
  const Place link{address("127.77.0.5:80"), PodId{7}, make_network()};
  World world;
  world.open(free_address());
  world.proxy->open_link(service_one, link.pod, link.address, link.network);
  lose_readiness_again_and_again(world, link);
}

// Here clients find the queue full: the kernel drops their last ACK, and only its next SYN-ACK brings them in.
BOOST_AUTO_TEST_CASE(readiness_lost_while_the_queue_overflows) {
  const SocketAddress front = free_address();
  Backend backend(free_address(), 'a');
  World world(ProxyOptions{.backlog = 4, .seed = {}});
  world.open(front);
  Random random(2);
  Totals totals;
  for (int round = 0; round < 3; ++round)
    lose_readiness(world, {front}, backend, microseconds(random.below(1200)), 60, true, totals);
  tell("lost readiness with a queue of 4", totals);
  BOOST_CHECK_EQUAL(totals.lost, 0U);
  BOOST_CHECK_EQUAL(backend.served(), totals.served);
}

BOOST_AUTO_TEST_CASE(readiness_lost_on_a_unix_socket_again_and_again) {
  const SocketAddress front = free_unix_address();
  Backend backend(free_address(), 'a');
  World world;
  world.open(front);
  Random random(3);
  Totals totals;
  for (int round = 0; round < 60; ++round) {
    lose_readiness(world, {front}, backend, microseconds(random.below(1000)), 50, false, totals);
    BOOST_REQUIRE_EQUAL(totals.lost, 0U);
  }
  tell("lost readiness on unix again and again", totals);
  BOOST_CHECK_EQUAL(backend.served(), totals.served);
}

BOOST_AUTO_TEST_CASE(no_descriptor_leaks_over_thousands_of_connections) {
  const SocketAddress front = free_address();
  Backend backend(free_address(), 'a');
  static_cast<void>(World());  // the first loop of a process opens descriptors that libuv keeps
  const std::size_t before_world = open_descriptors();
  {
    World world;
    world.serve(front, {backend.address()});
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 4000; ++i) {
      const Connected client = connect_to(front);
      BOOST_REQUIRE_EQUAL(client.error, 0);
      // every fourth one gives up instead
      if (i % 4 == 3) {
        linux::reset_on_close(client.fd.get());
        continue;
      }
      send_text(client.fd.get(), "x");
      BOOST_REQUIRE_EQUAL(hear(client.fd.get(), 1), (Heard{.text = "a"}));
    }
    const auto all_came_and_went = [&] {
      const ProxyCounters counters = world.proxy->counters(service_one);
      return counters.total == 4000 && counters.active == 0;
    };
    BOOST_CHECK(world.wait(all_came_and_went));
    BOOST_CHECK(wait_for([&] { return open_descriptors() == before; }));
  }
  BOOST_CHECK_EQUAL(open_descriptors(), before_world);
}

BOOST_AUTO_TEST_CASE(a_hundred_megabytes_both_ways_at_once) {
  const SocketAddress front = free_address();
  const UniqueFd listener = listen_at(free_address());
  World world;
  world.serve(front, {*linux::local_address(listener.get())});
  const Connected client = connect_to(front);
  const UniqueFd server = accept_from(listener.get());
  std::size_t at_server = 0;
  std::thread client_writes([&] { send_stream(client.fd.get(), 1); });
  std::thread server_writes([&] { send_stream(server.get(), 2); });
  std::thread server_reads([&] { at_server = check_stream(server.get(), 1); });
  const std::size_t at_client = check_stream(client.fd.get(), 2);
  for (std::thread* thread : {&client_writes, &server_writes, &server_reads}) thread->join();
  BOOST_CHECK_EQUAL(at_client, stream_bytes);
  BOOST_CHECK_EQUAL(at_server, stream_bytes);
  BOOST_CHECK(world.wait([&] { return world.proxy->counters(service_one).active == 0; }));
  BOOST_CHECK_EQUAL(world.proxy->counters(service_one).client_bytes, stream_bytes);
  BOOST_CHECK_EQUAL(world.proxy->counters(service_one).server_bytes, stream_bytes);
}

BOOST_AUTO_TEST_CASE(a_slow_reader_costs_bounded_memory) {
  const SocketAddress front = free_address();
  const UniqueFd listener = listen_at(free_address());
  World world;
  world.serve(front, {*linux::local_address(listener.get())});
  std::vector<Connected> clients;
  std::vector<UniqueFd> servers;
  const std::string block(1 << 16, 'x');
  const std::size_t before = resident_bytes();
  for (int i = 0; i < 20; ++i) {
    clients.push_back(connect_to(front, nullptr, 4096));
    servers.push_back(accept_from(listener.get()));
    const timeval soon{0, 100000};
    ::setsockopt(servers.back().get(), SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
    std::size_t sent = 0;
    // for ever, if nobody stops us
    while (sent < (50U << 20)) {
      const ssize_t got = ::send(servers.back().get(), block.data(), block.size(), MSG_NOSIGNAL);
      if (got <= 0) break;
      sent += static_cast<std::size_t>(got);
    }
    BOOST_CHECK_LT(sent, 50U << 20);
  }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // one scratch buffer's worth each, and some for the allocator
  BOOST_CHECK_LT(resident_bytes() - std::min(before, resident_bytes()), 20 * (128U << 10));
#else
  static_cast<void>(before);
#endif
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::proxy::test
