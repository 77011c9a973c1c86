// The manifests of the documents reeve follows, run as they are, with their own times: all at once, for a minute.
#include <blackbox/support.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <csignal>

using namespace reeve::test;

namespace {

constexpr int program_port = 3000;  // the manifest's

std::string manifest(const std::string& name) { return REEVE_TEST_DATA "/manifests/" + name; }

// What the images mean here, and a service that shows when the pod of readiness.yml is ready.
std::string images(const Scratch& scratch) {
  return "[images]\n\"*\" = \"/\"\n\"you/address-finder:latest\" = { root = \"/\", entrypoint = [" +
         quoted(scratch.behave()) + ", \"--sleep\", \"10\", \"--log-header\", \"X-Probe\", \"--http\", \"" +
         std::to_string(program_port) +
         "\"] }\n[service.readiness]\nport = 80\ntargetPort = 1\nselector = { test = \"readiness\" }\n";
}

bool program_port_is_free() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(program_port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool is_free = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return is_free;
}

// Watches one run of all manifests, in the order in which things must happen.
class Run {
 public:
  Run()
      : reeve_({"run", "-f", scratch_.write("images.toml", images(scratch_)), "-f", manifest("healthcheck.yml"), "-f",
                manifest("liveness.yml"), "-f", manifest("readiness.yml"), "-f",
                manifest("address-finder-deployment.yaml"), "-f", manifest("address-finder-service.yaml")}) {}

  // Printed, between these seconds after the start.
  void sees(const std::string& text, double earliest, double latest, std::size_t times = 1) {
    const Millis limit(static_cast<int>((latest - age()) * 1000));
    BOOST_TEST(reeve_.prints_times(text, times, limit), text << " by " << latest << " s");
    BOOST_TEST(age() >= earliest, text << " at " << age() << " s");
  }
  double age() const { return std::chrono::duration<double>(Clock::now() - started_).count(); }
  Reeve& reeve() { return reeve_; }

  // The port that the service was given.
  int node_port() {
    const std::string head = "service/address-finder-service listens on 0.0.0.0:";
    BOOST_REQUIRE(reeve_.prints(head));
    const std::string out = reeve_.output();
    return std::atoi(out.c_str() + out.find(head) + head.size());
  }

 private:
  Scratch scratch_;
  Clock::time_point started_ = Clock::now();
  Reeve reeve_;
};

const std::string crash = "pod/healthcheck spec.containers{healthcheck}: ";
const std::string live = "pod/liveness spec.containers{liveness}: ";
const std::string gone = "cat: /tmp/healthy: No such file or directory";

}  // namespace

BOOST_AUTO_TEST_SUITE(manifests)

BOOST_AUTO_TEST_CASE(the_documents_manifests_run_as_they_are_slow) {
  if (!program_port_is_free()) {
    BOOST_TEST_MESSAGE("skipped: port 3000, which the manifest names, is taken on this machine");
    return;
  }
  Run run;
  const int port = run.node_port();
  BOOST_TEST((try_connect(port) == Connected::refused));
  run.sees(crash + "Container started (x2 over 10s)", 9.9, 12);
  run.sees("service/readiness has a ready pod", 9.9, 13);
  // The program begins to listen in the second of the first probe: that one or the next finds it.
  while (run.age() < 23 && try_connect(port) != Connected::yes) {
    BOOST_TEST((try_connect(port) != Connected::failed));
    eventually([&] { return try_connect(port) == Connected::yes; }, Millis(50));
  }
  BOOST_TEST(run.age() >= 9.9);
  BOOST_TEST(http_get(port, "/").status == 200);
  run.sees("/golang] GET /health X-Probe: readiness\n", 9.9, 23);
  run.sees("/golang] GET /health X-Probe: liveness\n", 9.9, 23);
  run.sees("Warning BackOff " + crash + "Back-off restarting failed container healthcheck in pod healthcheck_default(",
           19.9, 23);
  run.sees(crash + "Container started (x3 over 30s)", 29.8, 33);
  // The file goes in the very second of a probe, at 30 s: that one or the next is the first to miss it.
  run.sees("Warning Unhealthy " + live + "Liveness probe failed: " + gone + "\n", 29.8, 37);
  run.sees("Liveness probe failed: " + gone + " (x3 over 10s)\n", 39.8, 48);
  run.sees("Normal Killing " + live + "Container liveness failed liveness probe, will be restarted\n", 39.8, 48);
  run.sees(live + "Container started (x2 over 4", 39.8, 50);
  run.sees("Readiness probe failed: " + gone + " (x3 over 10s)\n", 39.8, 48);
  run.sees("service/readiness has no ready pod", 39.8, 48);
  BOOST_TEST(run.reeve().count("pod/readiness spec.containers{readiness}: Container started") == 1u);
  BOOST_TEST(run.reeve().count("pod/readiness spec.containers{readiness}: Container created") == 1u);
  run.reeve().signal(SIGTERM);
  BOOST_TEST(run.reeve().wait().value_or(-1) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
