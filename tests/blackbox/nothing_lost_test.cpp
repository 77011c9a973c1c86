// Updates, undos, scale changes and reloads under load: no request is lost, and none that was not answered was
// executed. REEVE_SOAK=1 (make soak) does as many of each as one would believe.
#include <blackbox/load.hpp>
#include <blackbox/support.hpp>
#include <support/sanitized.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>

using namespace reeve::test;

namespace {

struct Shape {
  int replicas = 4;
  double drain_seconds = 10;
  std::string more = {};  // of the deployment
};

class World {
 public:
  explicit World(Shape shape) : shape_(std::move(shape)), reeve_({"run", "-f", scratch_.write("web.toml", text("0"))}) {
    rolled_out();
  }

  Finished run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--socket", scratch_.file("s")});
    return run_to_end(std::move(arguments));
  }
  void done(std::vector<std::string> arguments) const {
    const Finished said = run(std::move(arguments));
    BOOST_REQUIRE_MESSAGE(said.code == 0, said.output);
  }
  void rolled_out() {
    Finished said;
    const bool is_through = eventually([&] {
      said = run({"rollout", "status", "deployment/web", "--timeout", "60s"});
      return said.code == 0;
    });
    BOOST_REQUIRE_MESSAGE(is_through, said.output << reeve_.output());
  }
  void update() {
    done({"set", "env", "deployment/web", "VERSION=" + std::to_string(++version_)});
    rolled_out();
  }
  void undo() {
    done({"rollout", "undo", "deployment/web"});
    rolled_out();
  }
  // There and back: by two, or by one from one.
  void scale() {
    for (const int count : {shape_.replicas > 2 ? shape_.replicas - 2 : shape_.replicas + 1, shape_.replicas}) {
      done({"scale", "deployment/web", "--replicas", std::to_string(count)});
      rolled_out();
    }
  }
  void reload() {
    const std::string version = "r" + std::to_string(++version_);
    scratch_.write("web.toml", text(version));
    reeve_.signal(SIGHUP);
    BOOST_REQUIRE(eventually([&] {
      return run({"get", "deployment/web", "-o", "yaml"}).output.find("value: " + version + "\n") != std::string::npos;
    }));
    rolled_out();
  }
  std::string described() const { return run({"describe", "service", "web"}).output; }
  int front() const { return front_; }

  // The ids that a server has executed.
  std::set<std::string> executed() const {
    std::ifstream file(scratch_.file("executed"));
    std::set<std::string> all;
    for (std::string line; std::getline(file, line);) all.insert(line);
    return all;
  }

 private:
  std::string text(const std::string& version) const {
    const std::string port = std::to_string(port_);
    return "[supervisor]\nsocket = " + quoted(scratch_.file("s")) +
           "\n[deployment.web]\nreplicas = " + std::to_string(shape_.replicas) +
           "\nstrategy.rollingUpdate = { maxSurge = 1, maxUnavailable = 0 }\ndrainSeconds = " +
           std::to_string(shape_.drain_seconds) + "\nnetwork = \"isolated\"\nenv = { VERSION = " + quoted(version) +
           " }\n" + shape_.more + command_line(scratch_, {"--executed", scratch_.file("executed"), "--http", port}) +
           "\n[deployment.web.readinessProbe]\nhttpGet = { path = \"/health\", port = " + port +
           " }\nperiodSeconds = 0.05\n[service.web]\nport = 8080\ntargetPort = " + port +
           "\ndeployment = \"web\"\nlisten = [\"127.0.0.1:" + std::to_string(front_) + "\"]\n";
  }

  Shape shape_;
  Scratch scratch_;
  int port_ = free_port();
  int front_ = free_port();
  int version_ = 0;
  Reeve reeve_;
};

// Two ways of asking at once, and what they lived through.
struct Clients {
  Load fresh, kept;
  Clients(const World& world, int takes_milliseconds = 0)
      : fresh(2, {world.front(), Connections::one_each, takes_milliseconds}),
        kept(4, {world.front(), Connections::kept, takes_milliseconds}) {}

  bool go_on() const {
    const std::uint64_t before[] = {fresh.answered(), kept.answered()};
    return eventually([&] { return fresh.answered() > before[0] + 20 && kept.answered() > before[1] + 20; });
  }
};

void check(const LoadReport& report) {
  BOOST_TEST(report.failures.empty(), (report.failures.empty() ? "" : report.failures.front())
                                          << ", and " << report.failures.size() << " in all");
}

void check_not_executed(const LoadReport& report, const World& world) {
  const std::set<std::string> executed = world.executed();
  const auto both = std::ranges::count_if(report.unanswered, [&](const auto& id) { return executed.contains(id); });
  BOOST_TEST(both == 0);
}

void check_nothing_is_lost(World& world, int count, int takes_milliseconds = 0) {
  Clients clients(world, takes_milliseconds);
  BOOST_TEST(clients.go_on());
  for (int i = 0; i < count; ++i) {
    for (int update = 0; update < 5; ++update) world.update();
    world.undo();
    world.scale();
    world.reload();
  }
  BOOST_TEST(clients.go_on());
  const LoadReport fresh = clients.fresh.stop();
  const LoadReport kept = clients.kept.stop();
  check(fresh);
  check(kept);
  check_not_executed(kept, world);
  BOOST_TEST_MESSAGE(count * 5 << " updates: " << fresh.answered << " connections, " << kept.answered
                               << " requests on kept ones, " << kept.unanswered.size() << " of them asked twice");
}

int soak(int usual) {
  const char* const wanted = std::getenv("REEVE_SOAK");
  return wanted != nullptr && *wanted != '\0' ? 20 * std::max(1, std::atoi(wanted)) : usual;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nothing_lost)

BOOST_AUTO_TEST_CASE(four_replicas_lose_nothing) {
  World world({});
  check_nothing_is_lost(world, soak(2));
}

BOOST_AUTO_TEST_CASE(one_replica_loses_nothing) {
  World world({.replicas = 1});
  check_nothing_is_lost(world, soak(2));
}

BOOST_AUTO_TEST_CASE(a_slow_server_loses_nothing) {
  World world({});
  check_nothing_is_lost(world, soak(20) / 20, 200);
}

BOOST_AUTO_TEST_CASE(a_download_longer_than_the_drain_is_cut_and_an_idle_connection_ends_in_order) {
  World world({.replicas = 1, .drain_seconds = 1.5});
  Client download(world.front());
  BOOST_TEST(download.send("GET /body/500000000 HTTP/1.1\r\n\r\n"));
  Client idle(world.front());
  BOOST_TEST(idle.send("GET / HTTP/1.1\r\n\r\n"));
  BOOST_REQUIRE(eventually([&] { return world.described().find("2 active | 2 total\n") != std::string::npos; }));
  world.update();
  BOOST_TEST(eventually([&] {
               return world.described().find("0 active | 2 total | 1 drained | 1 cut\n") != std::string::npos;
             }),
             world.described());
  BOOST_TEST(idle.read_to_end().ends_with("\r\n\r\nhello\n"));
  BOOST_TEST(idle.read_error() == 0);
  BOOST_TEST(download.read_to_end().size() < 500'000'000u);
  BOOST_TEST(download.read_error() == ECONNRESET);
}

// The control: what is cut in mid-request was executed and not answered, and nobody may ask for it again.
BOOST_AUTO_TEST_CASE(without_a_drain_requests_are_lost) {
  World world({.drain_seconds = 0});
  Clients clients(world, 50);
  BOOST_TEST(clients.go_on());
  for (int i = 0; i < 2; ++i) world.update();
  const LoadReport fresh = clients.fresh.stop();
  const LoadReport kept = clients.kept.stop();
  BOOST_TEST(!fresh.failures.empty());
  const std::set<std::string> executed = world.executed();
  BOOST_TEST(std::ranges::any_of(kept.unanswered, [&](const auto& id) { return executed.contains(id); }));
}

BOOST_AUTO_TEST_SUITE_END()
