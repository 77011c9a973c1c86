// Going deaf and hearing again: who waits is served, who comes later is refused, and the address stays ours.
#include <linux/filter.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <csignal>
#include <ctime>

#include <proxy/networks.hpp>
#include <proxy/support.hpp>

namespace reeve::proxy::test {
namespace {

void goes_deaf_and_hears_again(const SocketAddress& front) {
  Backend backend(free_address(), 'a');
  World world;
  world.open(front);
  BOOST_CHECK_EQUAL(ask(front), '-');
  for (int round = 0; round < 5; ++round) {
    world.ready(1, backend.address());
    world.settle();
    BOOST_CHECK_EQUAL(ask(front), 'a');
    world.unready(1, backend.address());
    const auto began = std::chrono::steady_clock::now();
    BOOST_CHECK_EQUAL(ask(front), '-');
    // at once, not after a retransmitted SYN
    BOOST_CHECK(std::chrono::steady_clock::now() - began < std::chrono::milliseconds(950));
  }
  BOOST_CHECK(world.failed.empty());
}

std::clock_t cpu_of_everyone() { return std::clock(); }

// A backend with descriptors of its own.
class BackendProcess {
 public:
  explicit BackendProcess(const SocketAddress& at) {
    const UniqueFd listener = listen_at(at);
    child_ = ::fork();
    while (child_ == 0) {
      const UniqueFd client(::accept(listener.get(), nullptr, nullptr));
      char byte;
      if (::recv(client.get(), &byte, 1, 0) == 1) ::send(client.get(), "a", 1, MSG_NOSIGNAL);
    }
  }
  ~BackendProcess() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }

 private:
  pid_t child_ = 0;
};

// A client whose handshake stays open: it does not hear the SYN-ACK until let_finish.
class SlowHandshake {
 public:
  explicit SlowHandshake(const SocketAddress& to, const Network* network = nullptr)
      : fd_(*linux::make_stream_socket(to.family(), network)) {
    sock_filter code[] = {{BPF_RET | BPF_K, 0, 0, 0}};
    const sock_fprog deafness{1, code};
    BOOST_REQUIRE_EQUAL(::setsockopt(fd_.get(), SOL_SOCKET, SO_ATTACH_FILTER, &deafness, sizeof deafness), 0);
    BOOST_REQUIRE(linux::begin_connect(fd_.get(), to));
    BOOST_REQUIRE(wait_for([&] { return *linux::count_embryonic(to, network) == 1; }));
  }
  void let_finish() { linux::remove_filter(fd_.get()); }
  void close() { fd_.reset(); }
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
};

// A handshake under way when readiness is lost.
void is_served_to_its_end(World& world, const SocketAddress& front, const Network* network, const Backend& backend) {
  SlowHandshake client(front, network);
  world.ready(1, backend.address(), false);
  world.settle();
  // long enough for the listener to have gone deaf if it did not wait for us
  BOOST_CHECK(!world.wait([&] { return !world.drained.empty(); }, std::chrono::milliseconds(200)));
  client.let_finish();
  // answered as soon as the SYN-ACK has been sent again
  BOOST_CHECK(wait_for([&] { return ::send(client.fd(), "x", 1, MSG_NOSIGNAL) == 1; }));
  char name = 0;
  BOOST_CHECK(wait_for([&] { return ::recv(client.fd(), &name, 1, 0) == 1; }));
  BOOST_CHECK_EQUAL(name, 'a');
  client.close();
  BOOST_CHECK(world.wait([&] { return !world.drained.empty(); }));
  BOOST_CHECK_EQUAL(ask(front, network), '-');
}

}  // namespace

BOOST_AUTO_TEST_SUITE(deaf)

BOOST_AUTO_TEST_CASE(on_ipv4) { goes_deaf_and_hears_again(free_address()); }
BOOST_AUTO_TEST_CASE(on_ipv6) { goes_deaf_and_hears_again(free_address("[::1]")); }
BOOST_AUTO_TEST_CASE(on_a_unix_socket) {
  const SocketAddress front = free_unix_address();
  goes_deaf_and_hears_again(front);
  struct stat there {};
  BOOST_CHECK_EQUAL(::lstat(front.path().c_str(), &there), -1);
}

BOOST_AUTO_TEST_CASE(the_port_stays_ours_while_deaf) {
  const SocketAddress front = free_address();
  Backend backend(free_address(), 'a');
  World world;
  world.open(front);
  const auto can_be_taken = [&] {
    const UniqueFd thief(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    // the usual way of servers to get a port in spite of TIME_WAIT
    ::setsockopt(thief.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const linux::RawAddress raw = front.raw();
    return ::bind(thief.get(), &raw.any, raw.size) == 0 && ::listen(thief.get(), 1) == 0;
  };
  BOOST_CHECK(!can_be_taken());
  world.ready(1, backend.address());
  world.settle();
  BOOST_CHECK(!can_be_taken());
  world.unready(1, backend.address());
  BOOST_CHECK(!can_be_taken());
  BOOST_CHECK_EQUAL(ask(front), '-');
}

BOOST_AUTO_TEST_CASE(a_handshake_under_way_is_not_reset) {
  for (const char* host : {"127.0.0.1", "[::1]"}) {
    const SocketAddress front = free_address(host);
    Backend backend(free_address(), 'a');
    World world;
    world.serve(front, {backend.address()});
    is_served_to_its_end(world, front, nullptr, backend);
  }
}

BOOST_AUTO_TEST_CASE(a_handshake_under_way_at_a_link_is_not_reset) {
  if (skip_without_networks()) return;
  const SharedNetwork network = make_network();
  const SocketAddress link = address("127.77.0.5:80");
  Backend backend(free_address(), 'a');
  World world;
  world.serve(free_address(), {backend.address()});
  world.proxy->open_link(service_one, PodId{7}, link, network);
  world.settle();
  is_served_to_its_end(world, link, network.get(), backend);
}

BOOST_AUTO_TEST_CASE(a_handshake_that_never_ends_does_not_keep_us_hearing) {
  const SocketAddress front = free_address();
  Backend backend(free_address(), 'a');
  World world;
  world.serve(front, {backend.address()});
  const SlowHandshake client(front);
  world.ready(1, backend.address(), false);
  BOOST_CHECK(world.wait([&] { return !world.drained.empty(); }, std::chrono::seconds(8)));
  BOOST_CHECK_EQUAL(ask(front), '-');
}

BOOST_AUTO_TEST_CASE(ready_again_before_it_was_deaf) {
  for (const SocketAddress& front : {free_address(), free_unix_address()}) {
    Backend backend(free_address(), 'a');
    World world;
    world.open(front);
    for (int round = 0; round < 100; ++round) {
      world.ready(1, backend.address());
      world.ready(1, backend.address(), false);
      world.ready(1, backend.address());
      world.settle();
      // a unix socket that leaves is back a moment later
      BOOST_CHECK(wait_for([&] { return ask(front) == 'a'; }));
      world.ready(1, backend.address(), false);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_deaf_listener_sleeps) {
  Backend backend(free_address(), 'a');
  World world;
  const SocketAddress front = free_address(), front6 = free_address("[::1]"), local = free_unix_address();
  world.proxy->open({service_one, "web", {front, front6, local}, Balancing::least_connections, {}});
  world.ready(1, backend.address());
  world.unready(1, backend.address());
  const std::clock_t before = cpu_of_everyone();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  BOOST_CHECK_LT(cpu_of_everyone() - before, CLOCKS_PER_SEC / 10);
}

BOOST_AUTO_TEST_CASE(without_descriptors_clients_wait_and_nobody_spins) {
  const SocketAddress front = free_address(), back = free_address();
  const BackendProcess backend(back);
  World world;
  world.serve(front, {back});
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(*linux::make_stream_socket(AF_INET));
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  std::vector<UniqueFd> hoard;
  const rlimit tight{open_descriptors() + 8, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &tight);
  for (;;) {
    UniqueFd fd(::dup(0));
    if (!fd) break;
    hoard.push_back(std::move(fd));
  }
  BOOST_CHECK_EQUAL(errno, EMFILE);
  for (const UniqueFd& client : clients) BOOST_REQUIRE(linux::begin_connect(client.get(), front));
  const std::clock_t cpu = cpu_of_everyone();
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  BOOST_CHECK_LT(cpu_of_everyone() - cpu, CLOCKS_PER_SEC / 8);
  // room for a few at a time, so that a client may be accepted whose backend then finds no descriptor
  hoard.resize(hoard.size() - 3);
  for (UniqueFd& client : clients) {
    char name = 0;
    BOOST_CHECK(wait_for([&] { return ::send(client.get(), "x", 1, MSG_NOSIGNAL) == 1; }));
    BOOST_CHECK(wait_for([&] { return ::recv(client.get(), &name, 1, 0) == 1; }));
    BOOST_CHECK_EQUAL(name, 'a');
    client.reset();
  }
  ::setrlimit(RLIMIT_NOFILE, &before);
  BOOST_CHECK_EQUAL(world.proxy->counters(service_one).refused, 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::proxy::test
