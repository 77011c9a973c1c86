// Not being root: a user namespace gives what root has, and where it is refused, isolation = "none" needs nothing.
#include <blackbox/support.hpp>

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <csignal>

using namespace reeve::test;

namespace {

// Whether this machine lets nobody make a user namespace.
bool has_user_namespaces() {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool became = ::geteuid() != 0 || (::setgid(nobody) == 0 && ::setuid(nobody) == 0);
    ::_exit(became && ::unshare(CLONE_NEWUSER) == 0 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// The isolations that can be had here.
std::vector<std::string> isolations() {
  if (has_user_namespaces()) return {"private", "none"};
  BOOST_TEST_MESSAGE("skipped: user namespaces are refused on this machine; isolation none only");
  return {"none"};
}

std::string isolated(const std::string& isolation) { return "isolation = " + quoted(isolation) + "\n"; }

}  // namespace

BOOST_AUTO_TEST_SUITE(user)

BOOST_AUTO_TEST_CASE(nobody_starts_restarts_and_stops_whole_trees) {
  const Scratch scratch;
  for (const std::string& isolation : isolations()) {
    const std::string file =
        scratch.write("tree.toml", pod(scratch, "tree",
                                       {"--fork-child", "daemon", "--fork-child", "setsid", "--print", "up", "--hang"},
                                       isolated(isolation)));
    Reeve reeve({"run", "-f", file}, {.uid = nobody});
    BOOST_REQUIRE(reeve.prints("[tree/tree] up\n"));
    BOOST_TEST(processes_named(scratch.behave_name()).size() == 3u);
    ::kill(processes_named(scratch.behave_name()).front(), SIGKILL);
    BOOST_TEST(reeve.prints_times("[tree/tree] up\n", 2), isolation);
    reeve.signal(SIGTERM);
    BOOST_TEST(reeve.wait().value_or(-1) == 0, isolation);
    BOOST_TEST(nothing_left(scratch), isolation);
  }
}

BOOST_AUTO_TEST_CASE(nobody_killed_leaves_nothing_alive) {
  const Scratch scratch;
  for (const std::string& isolation : isolations()) {
    const std::string file =
        scratch.write("tree.toml", pod(scratch, "tree",
                                       {"--fork-child", "setsid", "--ignore-signal", "TERM", "--print", "up", "--hang"},
                                       isolated(isolation)));
    Reeve reeve({"run", "-f", file}, {.uid = nobody});
    BOOST_REQUIRE(reeve.prints("[tree/tree] up\n"));
    reeve.signal(SIGKILL);
    BOOST_TEST(reeve.wait().value_or(-1) == 128 + SIGKILL);
    BOOST_TEST(nothing_left(scratch), isolation);
  }
}

BOOST_AUTO_TEST_CASE(nobody_probes_and_serves) {
  const Scratch scratch;
  for (const std::string& isolation : isolations()) {
    const int port = free_port(), front = free_port();
    const std::string inside = "test -e /tmp/reeve-mark-" + std::to_string(front) + " || exit 1";
    const std::string file = scratch.write(
        "web.toml",
        pod(scratch, "web", {"--touch", "/tmp/reeve-mark-" + std::to_string(front), "--http", std::to_string(port)},
            isolated(isolation)) +
            "[pod.web.readinessProbe]\nperiodSeconds = 0.1\nexec = { command = [\"/bin/sh\", \"-c\", " +
            quoted(inside) + "] }\n[pod.web.livenessProbe]\nperiodSeconds = 0.1\nfailureThreshold = 20\n" +
            "httpGet = { path = \"/\", port = " + std::to_string(port) +
            " }\n[service.web]\nport = 80\npod = \"web\"\ntargetPort = " + std::to_string(port) +
            "\nlisten = [\"127.0.0.1:" + std::to_string(front) + "\"]\n");
    Reeve reeve({"run", "-f", file}, {.uid = nobody});
    BOOST_TEST(eventually([&] { return http_get(front, "/").body == "hello\n"; }), isolation << reeve.output());
    const std::string mark = "/tmp/reeve-mark-" + std::to_string(front);
    BOOST_TEST((::access(mark.c_str(), F_OK) == 0) == (isolation == "none"));
    ::unlink(mark.c_str());
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_isolated_is_not_started_and_says_what_to_write) {
  const Scratch scratch;
  // chroot is what an unprivileged program without namespaces cannot have.
  const std::string file = scratch.write("web.toml", "[images]\nroot = " + quoted(scratch.path()) +
                                                         "\n[pod.web]\nimage = \"root\"\nisolation = \"none\"\n" +
                                                         command_line(scratch, {"--print", "up"}));
  Reeve reeve({"run", "-f", file}, {.uid = nobody});
  BOOST_TEST(reeve.prints("Warning Failed pod/web spec.containers{web}: Error: cannot change the root directory to " +
                          scratch.path() + ": Operation not permitted"));
  BOOST_TEST(reeve.prints("Warning BackOff pod/web"));
  BOOST_TEST(reeve.count("] up\n") == 0u);
}

BOOST_AUTO_TEST_CASE(namespaces_that_are_refused_stop_the_pod_and_not_the_others) {
  const Scratch scratch;
  const std::string file =
      scratch.write("web.toml", pod(scratch, "shut", {"--print", "never", "--hang"}) +
                                    pod(scratch, "open", {"--print", "up", "--hang"}, isolated("none")));
  Reeve reeve({"run", "-f", file}, {.uid = nobody, .without_namespaces = true});
  BOOST_TEST(reeve.prints(
      "Warning FailedCreatePodSandBox pod/shut: Failed to create pod sandbox: cannot make private namespaces (write "
      "isolation = \"none\" to run without private namespaces): Operation not permitted"));
  BOOST_TEST(reeve.prints("[open/open] up\n"));
  BOOST_TEST(reeve.count("never\n") == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
