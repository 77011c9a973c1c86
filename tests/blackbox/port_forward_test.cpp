// Ports of pods, reached from here.
#include <blackbox/support.hpp>

#include <boost/test/unit_test.hpp>

#include <csignal>

using namespace reeve::test;

namespace {

struct World {
  Scratch scratch;
  std::optional<Reeve> reeve;

  explicit World(const std::string& more, RunSettings settings = {}) {
    if (settings.uid != 0) BOOST_REQUIRE(::chown(scratch.path().c_str(), settings.uid, settings.uid) == 0);
    const std::string text = "[supervisor]\nsocket = " + reeve::test::quoted(socket()) + "\n[deployment.web]\n" +
                             command_line(scratch, {"--http", "3000"}) + more +
                             "ports = [{ name = \"http\", containerPort = 3000 }]\n" +
                             "[deployment.web.readinessProbe]\nperiodSeconds = 0.1\ntcpSocket = { port = 3000 }\n" +
                             "[service.web]\nport = 80\ntargetPort = \"http\"\ndeployment = \"web\"\n";
    reeve.emplace(std::vector<std::string>{"run", "-f", scratch.write("a.toml", text)}, settings);
    BOOST_REQUIRE_MESSAGE(
        eventually([&] {
          return run_to_end({"get", "pods", "--socket", socket()}).output.find("1/1") != std::string::npos;
        }),
        reeve->output());
  }
  std::string socket() const { return scratch.file("s"); }
  std::vector<std::string> words(const std::vector<std::string>& ports) const {
    std::vector<std::string> words{"port-forward", "--socket", socket()};
    words.insert(words.end(), ports.begin(), ports.end());
    return words;
  }
};

const std::string isolated = "network = \"isolated\"\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(port_forward)

BOOST_AUTO_TEST_CASE(a_port_of_an_isolated_pod_is_reached) {
  for (const uid_t uid : {uid_t{0}, nobody}) {
    const World world(isolated, {.uid = uid});
    const std::string first = std::to_string(free_port()), second = std::to_string(free_port());
    Reeve forward(world.words({"deployment/web", first + ":3000", second + ":http"}));
    BOOST_REQUIRE(forward.prints("Forwarding from 127.0.0.1:" + first + " -> 3000\n"));
    BOOST_REQUIRE(forward.prints("Forwarding from 127.0.0.1:" + second + " -> 3000\n"));
    for (int i = 0; i < 20; ++i) BOOST_REQUIRE(http_get(std::stoi(first), "/").body == "hello\n");
    BOOST_TEST(http_get(std::stoi(second), "/").body == "hello\n");
    BOOST_TEST(forward.prints_times("Handling connection for " + first + "\n", 20));
  }
}

BOOST_AUTO_TEST_CASE(a_service_s_port_leads_to_its_target) {
  const World world(isolated);
  Reeve forward(world.words({"service/web", "0:80"}));
  BOOST_REQUIRE(forward.prints(" -> 3000\n"));
  const std::string head = "Forwarding from 127.0.0.1:";
  const std::string said = forward.output();
  BOOST_REQUIRE(said.starts_with(head));
  BOOST_TEST(http_get(std::stoi(said.substr(head.size())), "/").body == "hello\n");
}

BOOST_AUTO_TEST_CASE(who_refuses_is_told_and_the_listener_goes_on) {
  const World world(isolated);
  const int port = free_port();
  const std::string local = std::to_string(port);
  Reeve forward(world.words({"deployment/web", local + ":3001"}));
  BOOST_REQUIRE(forward.prints("Forwarding from "));
  for (std::size_t times = 1; times <= 2; ++times) {
    BOOST_TEST(http_get(port, "/").status == 0);
    BOOST_TEST(forward.prints_times("error: an error occurred forwarding " + local +
                                        " -> 3001: failed to connect to 127.0.0.1:3001 inside pod web-",
                                    times));
  }
  BOOST_TEST(forward.prints(": connection refused\n"));
  BOOST_TEST(run_to_end(world.words({"deployment/web", local + ":3000"})).output ==
             "error: unable to listen on 127.0.0.1:" + local + ": Address already in use\n");
}

BOOST_AUTO_TEST_SUITE_END()
