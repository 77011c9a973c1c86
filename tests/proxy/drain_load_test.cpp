// Endpoints drain in turn under load, and no request is lost: whatever got no answer was not executed either.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cerrno>
#include <map>

#include <proxy/support.hpp>

namespace reeve::proxy::test {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t request_bytes = 8;

// Reads a number, executes it, and answers with it, on connections that stay open.
class Executor {
 public:
  explicit Executor(milliseconds takes) : takes_(takes), listener_(listen_at(free_address())) {
    thread_ = std::thread([this] { accept_all(); });
  }
  ~Executor() {
    stopping_ = true;
    thread_.join();
    for (std::thread& each : connections_) each.join();
  }
  SocketAddress address() const { return *linux::local_address(listener_.get()); }
  // How often each was executed.
  std::map<std::string, unsigned> executed() const {
    const std::lock_guard lock(mutex_);
    return executed_;
  }

 private:
  void accept_all() {
    while (!stopping_) {
      pollfd waiting{listener_.get(), POLLIN, 0};
      if (::poll(&waiting, 1, 20) != 1) continue;
      UniqueFd client = accept_from(listener_.get());
      if (client) connections_.emplace_back([this, fd = std::move(client)] { serve(fd.get()); });
    }
  }
  void serve(int fd) {
    for (;;) {
      const Heard heard = hear(fd, request_bytes);
      if (heard.text.size() != request_bytes) return;
      {
        const std::lock_guard lock(mutex_);
        ++executed_[heard.text];
      }
      if (takes_.count() > 0) std::this_thread::sleep_for(takes_);
      if (::send(fd, heard.text.data(), request_bytes, MSG_NOSIGNAL) != static_cast<ssize_t>(request_bytes)) return;
    }
  }

  milliseconds takes_;
  UniqueFd listener_;
  mutable std::mutex mutex_;
  std::map<std::string, unsigned> executed_;
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> connections_;
  std::thread thread_;
};

enum class Connections { kept, one_each };

// Asks again and again, at once, and once more where there was no answer.
class Client {
 public:
  Client(const SocketAddress& front, unsigned name, Connections way, unsigned requests_max)
      : front_(front), name_(name), way_(way), requests_max_(requests_max), thread_([this] { run(); }) {}
  ~Client() { stop(); }
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::vector<std::string> answered, unanswered;  // once stopped
  unsigned failed = 0;                            // also at the second try
  std::atomic<unsigned> done{0};

 private:
  void run() {
    for (unsigned number = 0; !stopping_ && number < requests_max_; ++number, ++done) {
      if (!ask(number, 0) && !ask(number, 1)) ++failed;
    }
  }
  bool ask(unsigned number, unsigned attempt) {
    char text[request_bytes + 1];
    std::snprintf(text, sizeof text, "%02u%05u%u", name_ % 100, number % 100000, attempt % 10);
    if (!fd_) fd_ = connect_to(front_).fd;
    const bool sent = ::send(fd_.get(), text, request_bytes, MSG_NOSIGNAL) == static_cast<ssize_t>(request_bytes);
    const bool got = sent && hear(fd_.get(), request_bytes).text == text;
    (got ? answered : unanswered).emplace_back(text);
    if (!got || way_ == Connections::one_each) fd_.reset();
    return got;
  }

  SocketAddress front_;
  unsigned name_;
  Connections way_;
  unsigned requests_max_;
  UniqueFd fd_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

struct Scene {
  Connections way = Connections::kept;
  milliseconds takes{0};
  unsigned clients = 4, requests_max = 90000, rounds = 200;
  bool drains = true;
};

struct Outcome {
  std::size_t answered = 0, unanswered = 0, failed = 0, lost = 0, twice = 0;
  ProxyCounters counters;
};

void leave(World& world, PodId pod, bool drains) {
  world.drained.clear();
  drains ? world.proxy->drain(service_one, pod) : world.proxy->cut(service_one, pod);
  BOOST_REQUIRE(world.wait([&] { return !world.drained.empty(); }));
}

Outcome play(const Scene& scene) {
  // clients of a unix socket use up no ports
  const SocketAddress front = free_unix_address();
  World world;
  std::array<Executor, 2> pods{Executor(scene.takes), Executor(scene.takes)};
  world.serve(front, {pods[0].address(), pods[1].address()});
  std::vector<std::unique_ptr<Client>> clients;
  for (unsigned i = 0; i < scene.clients; ++i) {
    clients.push_back(std::make_unique<Client>(front, i, scene.way, scene.requests_max));
  }
  for (unsigned round = 0; round < scene.rounds; ++round) {
    const std::size_t leaver = round % 2;
    const unsigned before = clients[0]->done;
    leave(world, PodId{leaver + 1}, scene.drains);
    // only where it is known to be gone may its pod be stopped: nobody is at it now
    world.ready(leaver + 1, pods[leaver].address());
    world.wait([&] { return clients[0]->done != before; }, milliseconds(200));
  }
  Outcome outcome;
  std::map<std::string, unsigned> executed;
  for (const auto& client : clients) client->stop();
  for (const Executor& pod : pods) {
    for (const auto& [text, times] : pod.executed()) executed[text] += times;
  }
  for (const auto& client : clients) {
    outcome.answered += client->answered.size();
    outcome.unanswered += client->unanswered.size();
    outcome.failed += client->failed;
    for (const std::string& text : client->unanswered) outcome.lost += executed.contains(text) ? 1 : 0;
    for (const std::string& text : client->answered) outcome.twice += executed[text] == 1 ? 0 : 1;
  }
  clients.clear();
  BOOST_CHECK(world.wait([&] { return world.proxy->counters(service_one).active == 0; }));
  outcome.counters = world.proxy->counters(service_one);
  BOOST_TEST_MESSAGE(outcome.answered << " answered, " << outcome.unanswered << " unanswered, " << outcome.lost
                                      << " of these executed, " << outcome.failed << " failed twice; drained "
                                      << outcome.counters.drained << ", cut " << outcome.counters.cut);
  return outcome;
}

void check_nothing_lost(const Outcome& outcome) {
  BOOST_CHECK_EQUAL(outcome.lost, 0U);
  BOOST_CHECK_EQUAL(outcome.twice, 0U);
  BOOST_CHECK_EQUAL(outcome.failed, 0U);
  BOOST_CHECK_GT(outcome.answered, 0U);
  const ProxyCounters& all = outcome.counters;
  BOOST_CHECK_EQUAL(all.cut + all.refused + all.reset + all.held, 0U);
  BOOST_CHECK_EQUAL(all.total, all.ended_by_client + all.ended_by_server + all.drained);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(drain_load)

BOOST_AUTO_TEST_CASE(keep_alive_clients_200_rounds) {
  // whose end met their next request on its way: some, sooner or later
  std::size_t unanswered = 0;
  for (int times = 0; times < 10 && unanswered == 0; ++times) {
    const Outcome outcome = play({});
    check_nothing_lost(outcome);
    BOOST_CHECK_GT(outcome.counters.drained, 0U);
    unanswered += outcome.unanswered;
  }
  BOOST_CHECK_GT(unanswered, 0U);
}

BOOST_AUTO_TEST_CASE(a_connection_per_request_200_rounds) {
  const Outcome outcome = play({.way = Connections::one_each, .requests_max = 2000});
  check_nothing_lost(outcome);
  BOOST_CHECK_EQUAL(outcome.unanswered, 0U);
}

BOOST_AUTO_TEST_CASE(a_slow_server) {
  const Outcome outcome = play({.takes = milliseconds(200), .rounds = 4});
  check_nothing_lost(outcome);
  BOOST_CHECK_GT(outcome.counters.drained, 0U);
}

// The same without a drain loses requests, or the above proves nothing.
BOOST_AUTO_TEST_CASE(without_a_drain_requests_are_lost) {
  for (const Connections way : {Connections::kept, Connections::one_each}) {
    const Outcome outcome =
        play({.way = way, .takes = milliseconds(2), .requests_max = 2000, .rounds = 20, .drains = false});
    BOOST_CHECK_GT(outcome.lost, 0U);
    BOOST_CHECK_GT(outcome.counters.cut, 0U);
  }
}

BOOST_AUTO_TEST_CASE(a_hundred_idle_websockets_end_in_order) {
  const SocketAddress front = free_unix_address();
  const UniqueFd listener = listen_at(free_address());
  World world;
  world.serve(front, {*linux::local_address(listener.get())});
  std::vector<UniqueFd> clients, servers;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(connect_to(front).fd);
    servers.push_back(accept_from(listener.get()));
    send_text(clients.back().get(), "GET");
    BOOST_REQUIRE_EQUAL(hear(servers.back().get(), 3).text, "GET");
    send_text(servers.back().get(), "HTTP/1.1 101 Switching Protocols\r\n\r\n");
    hear(clients.back().get(), 36);
  }
  leave(world, PodId{1}, true);
  for (const UniqueFd& client : clients) BOOST_CHECK_EQUAL(hear(client.get(), 1), (Heard{.text = "", .ended = true}));
  for (const UniqueFd& server : servers) BOOST_CHECK_EQUAL(hear(server.get(), 1), (Heard{.text = "", .ended = true}));
  BOOST_CHECK_EQUAL(world.proxy->counters(service_one).drained, 100U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::proxy::test
