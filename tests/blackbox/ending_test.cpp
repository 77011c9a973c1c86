// As PID 1 meets it without a container around: how reeve ends, what it prints, and places it cannot write to.
#include <blackbox/support.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <csignal>
#include <sstream>

using namespace reeve::test;

namespace {

const std::string never = "restartPolicy = \"Never\"";

std::string supervisor(const std::string& lines) { return "[supervisor]\n" + lines + "\n"; }

// The exit code of a reeve that ends by itself.
int ends(const Scratch& scratch, const std::string& configuration) {
  Reeve reeve({"run", "-f", scratch.write("a.toml", configuration)});
  return reeve.wait().value_or(-1);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ending)

BOOST_AUTO_TEST_CASE(reeve_ends_as_its_pods_do) {
  const Scratch scratch;
  const std::string exit = supervisor("onPodsFinished = \"exit\"");
  const auto job = [&](const std::string& name, const std::vector<std::string>& flags) {
    return pod(scratch, name, flags, never);
  };
  BOOST_TEST(ends(scratch, exit + job("a", {"--exit", "0"})) == 0);
  BOOST_TEST(ends(scratch, exit + job("a", {"--exit", "0"}) + job("b", {"--exit", "5"})) == 5);
  BOOST_TEST(ends(scratch, exit + job("a", {"--raise", "KILL"})) == 137);
  BOOST_TEST(ends(scratch, exit + "[pod.a]\ncommand = [\"/no/such/program\"]\n" + never + "\n") == 128);
  BOOST_TEST(nothing_left(scratch));
}

BOOST_AUTO_TEST_CASE(the_end_of_the_pod_that_is_named_stops_the_others) {
  const Scratch scratch;
  BOOST_TEST(ends(scratch, supervisor("onPodsFinished = \"exit\"\nexitCodeFrom = \"job\"") +
                               pod(scratch, "web", {"--hang"}) + pod(scratch, "other", {"--exit", "9"}, never) +
                               pod(scratch, "job", {"--sleep", "0.2", "--exit", "42"}, never)) == 42);
  BOOST_TEST(nothing_left(scratch));
}

BOOST_AUTO_TEST_CASE(every_signal_that_means_stop_stops_in_order) {
  const Scratch scratch;
  const std::string file = scratch.write("a.toml", pod(scratch, "web", {"--print", "up", "--hang"}));
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGPWR, SIGRTMIN + 3, SIGRTMIN + 4, SIGRTMIN + 5}) {
    Reeve reeve({"run", "-f", file});
    BOOST_REQUIRE(reeve.prints("[web/web] up\n"));
    reeve.signal(signal);
    BOOST_TEST(reeve.wait().value_or(-1) == 0, signal);
    BOOST_TEST(reeve.count("stopping every pod") == 1u);
    BOOST_TEST(nothing_left(scratch));
  }
}

BOOST_AUTO_TEST_CASE(json_is_one_object_per_line_whatever_is_printed) {
  const Scratch scratch;
  Reeve reeve({"run", "-f",
               scratch.write("a.toml", supervisor("logFormat = \"json\"\nonPodsFinished = \"exit\"") +
                                           pod(scratch, "job",
                                               {"--print", "good words", "--print-error", "trouble", "--binary",
                                                "--long-line", "50000", "--exit", "3"},
                                               never))});
  BOOST_TEST(reeve.wait().value_or(-1) == 3);
  std::istringstream lines(reeve.output());
  std::size_t words = 0, errors = 0, pieces = 0, own = 0;
  for (std::string line; std::getline(lines, line);) {
    boost::system::error_code error;
    const auto value = boost::json::parse(line, error);
    BOOST_TEST(!error, line);
    if (error) continue;
    const auto& object = value.as_object();
    BOOST_TEST(object.contains("time"));
    if (!object.contains("pod")) {
      own += 1;
      continue;
    }
    BOOST_TEST(object.at("pod").as_string() == "job");
    BOOST_TEST(object.at("container").as_string() == "job");
    words += object.at("message") == "good words" && object.at("stream") == "stdout" ? 1u : 0u;
    errors += object.at("message") == "trouble" && object.at("stream") == "stderr" ? 1u : 0u;
    pieces += object.contains("partial") ? 1u : 0u;
  }
  BOOST_TEST(words == 1u);
  BOOST_TEST(errors == 1u);
  BOOST_TEST(pieces == 3u);
  BOOST_TEST(own >= 2u);
}

BOOST_AUTO_TEST_CASE(nobody_without_a_runtime_directory_is_asked_below_tmp) {
  if (::geteuid() != 0) {
    BOOST_TEST_MESSAGE("skipped: only root becomes somebody else");
    return;
  }
  const Scratch scratch;
  const std::string file =
      scratch.write("a.toml", pod(scratch, "web", {"--print", "up", "--hang"}, "isolation = \"none\""));
  constexpr uid_t somebody = 61234;
  Reeve reeve({"run", "-f", file}, {.uid = somebody, .environment = {"XDG_RUNTIME_DIR="}});
  BOOST_REQUIRE(reeve.prints("[web/web] up\n"));
  BOOST_TEST(reeve.prints("the control API is at /tmp/reeve-61234/reeve.sock"));
  Reeve get({"get", "pods"}, {.uid = somebody, .environment = {"XDG_RUNTIME_DIR="}});
  BOOST_TEST(get.wait().value_or(-1) == 0);
  BOOST_TEST(get.prints("web "));
  reeve.signal(SIGTERM);
  BOOST_TEST(reeve.wait().value_or(-1) == 0);
  // In a directory that somebody else made there nobody listens, and nobody is asked.
  ::chown("/tmp/reeve-61234", nobody, nobody);
  Reeve other({"run", "-f", file}, {.uid = somebody, .environment = {"XDG_RUNTIME_DIR="}});
  BOOST_TEST(other.prints("the control API is at /dev/shm/reeve-61234/reeve.sock"));
  other.signal(SIGTERM);
  BOOST_TEST(other.wait().value_or(-1) == 0);
  ::rmdir("/tmp/reeve-61234");
  ::rmdir("/dev/shm/reeve-61234");
}

BOOST_AUTO_TEST_CASE(a_state_directory_that_cannot_be_written_is_fatal_only_where_it_was_written) {
  const Scratch scratch;
  const std::string web = pod(scratch, "web", {"--print", "up", "--hang"});
  Reeve reeve({"run", "-f", scratch.write("a.toml", web)}, {.environment = {"STATE_DIRECTORY=/proc/no/state"}});
  BOOST_TEST(reeve.prints("$STATE_DIRECTORY: cannot make /proc/no"));
  BOOST_TEST(reeve.prints("[web/web] up\n"));
  reeve.signal(SIGTERM);
  BOOST_TEST(reeve.wait().value_or(-1) == 0);
  Reeve written({"run", "-f", scratch.write("b.toml", supervisor("stateDirectory = \"/proc/no/state\"") + web)});
  BOOST_TEST(written.wait().value_or(-1) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
