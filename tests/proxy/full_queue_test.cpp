// A listener goes deaf at an instant when its queue is known to be full, while others keep coming.
#include <reeve/proxy/listener.hpp>

#include <sys/socket.h>

#include <boost/test/unit_test.hpp>

#include <cerrno>

#include <proxy/networks.hpp>
#include <proxy/support.hpp>

namespace reeve::proxy::test {
namespace {

// Serves whoever is accepted at once, on the test's own loop: nothing is accepted while that does not run.
class Server : public ListenerEvents {
 public:
  explicit Server(const Place& at) {
    uv_loop_init(&loop);
    listener = *Listener::bind(loop, at, *this);
  }
  ~Server() override {
    listener.reset();
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
  }
  bool has_room(Listener&) override { return true; }
  void on_accepted(Listener&, linux::Accepted accepted) override {
    ::send(accepted.fd.get(), "a", 1, MSG_NOSIGNAL);
    served.push_back(std::move(accepted.fd));
  }
  void on_deaf(Listener&) override { is_deaf = true; }
  void on_hear_failed(Listener&, Error error) override { BOOST_ERROR(error.message()); }

  uv_loop_t loop{};
  std::unique_ptr<Listener> listener;
  std::vector<UniqueFd> served;
  bool is_deaf = false;
};

struct Latecomers {
  unsigned connected = 0, refused = 0, lost = 0;
  std::atomic<unsigned> tries{0};
};

// Connects again and again; whoever is connected must be served. A dropped SYN is given up after a moment.
void keep_coming(const Place& to, const std::atomic<bool>& stop, std::vector<UniqueFd>& connected, Latecomers& late) {
  const linux::RawAddress raw = to.address.raw();
  while (!stop) {
    UniqueFd fd = make_socket(to.address.family(), to.network.get());
    const timeval moment{0, 3000};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &moment, sizeof moment);
    const int outcome = ::connect(fd.get(), &raw.any, raw.size);
    ++late.tries;
    if (outcome == 0) {
      connected.push_back(std::move(fd));
    } else if (errno == ECONNREFUSED) {
      ++late.refused;
    }
  }
  late.connected += static_cast<unsigned>(connected.size());
}

// At least so many times, and until latecomers had both fates.
void goes_deaf_with_a_full_queue(const Place& at, int times) {
  Server server(at);
  Latecomers late;
  int round = 0;
  for (; round < times || (round < times * 10 && (late.connected == 0 || late.refused == 0)); ++round) {
    server.is_deaf = false;
    server.listener->hear();
    std::vector<UniqueFd> queued, latecomers;
    for (int i = 0; i < 100; ++i) {
      Connected client = connect_to(at.address, at.network.get());
      BOOST_REQUIRE_EQUAL(client.error, 0);
      queued.push_back(std::move(client.fd));
    }
    BOOST_REQUIRE(server.served.empty());
    std::atomic<bool> stop{false};
    std::thread hammer([&] { keep_coming(at, stop, latecomers, late); });
    // some rounds with the hammer under way, some before it
    const unsigned tries = late.tries;
    if (round % 2 == 0) BOOST_REQUIRE(wait_for([&] { return late.tries > tries; }));
    server.listener->go_deaf();
    const bool went_deaf = wait_for([&] {
      uv_run(&server.loop, UV_RUN_NOWAIT);
      return server.is_deaf;
    });
    BOOST_CHECK_EQUAL(connect_to(at.address, at.network.get()).error, ECONNREFUSED);
    stop = true;
    hammer.join();
    BOOST_REQUIRE(went_deaf);
    BOOST_CHECK_EQUAL(server.served.size(), queued.size() + latecomers.size());
    for (const std::vector<UniqueFd>* clients : {&queued, &latecomers}) {
      for (const UniqueFd& client : *clients) late.lost += hear(client.get(), 1).text == "a" ? 0 : 1;
    }
    BOOST_REQUIRE_EQUAL(late.lost, 0U);
    server.served.clear();
  }
  BOOST_TEST_MESSAGE(at.address.to_string()
                     << ": " << round * 100 << " queued and " << late.connected << " latecomers served, "
                     << late.refused << " refused, " << late.lost << " lost");
  BOOST_CHECK_GT(late.connected, 0U);
  BOOST_CHECK_GT(late.refused, 0U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(full_queue)

BOOST_AUTO_TEST_CASE(on_ipv4_again_and_again) { goes_deaf_with_a_full_queue({free_address()}, 60); }
BOOST_AUTO_TEST_CASE(on_ipv6_again_and_again) { goes_deaf_with_a_full_queue({free_address("[::1]")}, 60); }
BOOST_AUTO_TEST_CASE(on_a_unix_socket_again_and_again) { goes_deaf_with_a_full_queue({free_unix_address()}, 60); }
BOOST_AUTO_TEST_CASE(in_the_network_of_a_pod_again_and_again) {
  if (skip_without_networks()) return;
  goes_deaf_with_a_full_queue({address("127.77.0.5:80"), PodId{1}, make_network()}, 60);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::proxy::test
