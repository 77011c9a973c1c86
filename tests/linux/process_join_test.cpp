// A probe or `exec` inside a running container.

#include <linux/support.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace reeve::linux;
using namespace reeve::linux::test;

namespace {

std::unique_ptr<Running> start_container() {
  ProcessSpec spec = with(Isolation::private_namespaces);
  auto running = run(spec, {"--touch", "/tmp/inside", "--print", "ready", "--hang"});
  return running && running->wait_output("ready\n") ? std::move(running) : nullptr;
}

ProcessSpec joining(const Running& container) {
  ProcessSpec spec;
  spec.join_pidfd = container.process.pidfd();
  return spec;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(process_join)

BOOST_AUTO_TEST_CASE(it_runs_in_the_namespaces_of_the_container) {
  check_as_both([]() -> std::string {
    const auto container = start_container();
    EXPECT(container != nullptr);
    const auto probe = run(joining(*container), {"--list", "/tmp", "--state", "--fds", "--exit", "6"});
    EXPECT(probe != nullptr);
    EXPECT_SAYING(probe->wait_gone(), probe->message());
    EXPECT_SAYING(probe->output.starts_with("inside\npid 4 leads its session\n"), probe->output);
    EXPECT_SAYING(probe->output.ends_with("\n0 1 2\n"), probe->output);
    EXPECT(WEXITSTATUS(*probe->wait_status) == 6);
    EXPECT(count_alive(container->mark) == 1);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(killing_it_ends_its_tree_and_nothing_else) {
  check_as_both([]() -> std::string {
    const auto container = start_container();
    EXPECT(container != nullptr);
    const auto probe = run(joining(*container), {"--fork-child", "plain", "--fork-child", "setsid", "--fork-child",
                                                 "daemon", "--print", "family", "--hang"});
    EXPECT(probe != nullptr);
    EXPECT(probe->wait_output("family\n"));
    EXPECT(count_alive(probe->mark) == 4);
    EXPECT(probe->process.kill_tree().has_value());
    EXPECT_SAYING(probe->wait_gone(), std::to_string(count_alive(probe->mark)) + " live on");
    EXPECT(probe->wait_status == SIGKILL);
    EXPECT(count_alive(container->mark) == 1);
    EXPECT(!container->wait_status.has_value());
    return "";
  });
}

BOOST_AUTO_TEST_CASE(letting_go_of_it_ends_its_tree) {
  check_as_both([]() -> std::string {
    const auto container = start_container();
    EXPECT(container != nullptr);
    auto probe = run(joining(*container), {"--fork-child", "daemon", "--print", "family", "--hang"});
    EXPECT(probe != nullptr);
    EXPECT(probe->wait_output("family\n"));
    const std::string mark = probe->mark;
    const pid_t tiny_init = probe->process.pid();
    probe.reset();
    EXPECT(wait_until([&] { return has_been_reaped(tiny_init); }));
    EXPECT(count_alive(mark) == 0);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(it_ends_with_its_container) {
  check_as_both([]() -> std::string {
    const auto container = start_container();
    EXPECT(container != nullptr);
    const auto probe = run(joining(*container), {"--fork-child", "daemon", "--print", "family", "--hang"});
    EXPECT(probe != nullptr);
    EXPECT(probe->wait_output("family\n"));
    EXPECT(container->process.kill_tree().has_value());
    EXPECT(probe->wait_finished());
    EXPECT(probe->wait_status == SIGKILL);
    // The kernel lets the container's tiny init go only after everything inside, once we have reaped the probe's.
    EXPECT(wait_until([&] { return has_been_reaped(probe->process.pid()); }));
    EXPECT(container->wait_gone());
    EXPECT(count_alive(probe->mark) == 0);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(what_it_cannot_execute_is_named) {
  check_as_both([]() -> std::string {
    const auto container = start_container();
    EXPECT(container != nullptr);
    ProcessSpec spec = joining(*container);
    spec.argv = {"/nowhere/probe"};
    const auto probe = run_as_is(spec);
    EXPECT(probe != nullptr);
    EXPECT(probe->wait_gone());
    EXPECT_SAYING(probe->message() == "cannot execute /nowhere/probe: No such file or directory", probe->message());
    return "";
  });
}

BOOST_AUTO_TEST_CASE(a_container_that_has_ended_cannot_be_joined) {
  check_as_both([]() -> std::string {
    const auto container = start_container();
    EXPECT(container != nullptr);
    EXPECT(container->process.kill_tree().has_value());
    EXPECT(container->wait_gone());
    ProcessSpec spec = joining(*container);
    spec.argv = {behave()};
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    spec.stdout_fd = null;
    spec.stderr_fd = null;
    const auto probe = Process::start(spec);
    ::close(null);
    EXPECT(!probe.has_value());
    EXPECT_SAYING(probe.error().message() == "cannot join a container: it has ended", probe.error().message());
    return "";
  });
}

BOOST_AUTO_TEST_CASE(joining_keeps_nothing_open_and_leaves_no_child) {
  check_as_both([]() -> std::string {
    const auto container = start_container();
    EXPECT(container != nullptr);
    const int before = count_descriptors();
    for (int round = 0; round < 100; ++round) {
      const auto probe = run(joining(*container), {"--exit", "0"});
      EXPECT(probe != nullptr);
      EXPECT(probe->wait_gone());
      EXPECT(probe->wait_status == 0);
    }
    EXPECT(count_descriptors() == before);
    int status = 0;
    EXPECT(::waitpid(-1, &status, WNOHANG | __WALL) == 0);  // only the container is left, and it lives
    return "";
  });
}

BOOST_AUTO_TEST_SUITE_END()
