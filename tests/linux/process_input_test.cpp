// Standard input, and a terminal that controls.

#include <linux/sandbox_support.hpp>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

using namespace reeve::linux;
using namespace reeve::linux::test;

namespace {

struct Terminal {
  UniqueFd ours;
  UniqueFd theirs;
};

// What is written on our end is typed on theirs.
Terminal open_terminal() {
  Terminal terminal{UniqueFd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)), {}};
  char name[64];
  if (!terminal.ours || ::grantpt(terminal.ours.get()) != 0 || ::unlockpt(terminal.ours.get()) != 0 ||
      ::ptsname_r(terminal.ours.get(), name, sizeof name) != 0) {
    return terminal;
  }
  terminal.theirs.reset(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
  return terminal;
}

bool type(const Terminal& terminal, std::string_view text) { return write_all(terminal.ours.get(), text).has_value(); }

// The place to run, and the same as something that joins a container there; each does the rest of the scenario.
std::string in_and_beside(const std::function<std::string(ProcessSpec)>& scenario) {
  const auto sandbox = isolated_sandbox();
  EXPECT(sandbox != nullptr);
  std::string said = scenario(inside(*sandbox));
  if (!said.empty()) return said;
  const auto container = run(inside(*sandbox), {"--print", "ready", "--hang"});
  EXPECT(container != nullptr && container->wait_output("ready\n"));
  ProcessSpec joining;
  joining.join_pidfd = container->process.pidfd();
  said = scenario(joining);
  return said.empty() ? scenario(with(Isolation::none)) : said;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(process_input)

BOOST_AUTO_TEST_CASE(what_stands_on_stdin_is_read) {
  check_as_both([] {
    return in_and_beside([](ProcessSpec spec) -> std::string {
      auto pipe = make_pipe(Blocking::yes);
      spec.stdin_fd = pipe->read_end.get();
      const auto running = run(spec, {"--echo", "--echo", "--fds"});
      EXPECT(running != nullptr);
      pipe->read_end.reset();
      EXPECT(write_all(pipe->write_end.get(), std::string_view("first\nsecond")).has_value());
      EXPECT(running->wait_output("echo: first\n"));
      pipe->write_end.reset();
      EXPECT(running->wait_gone());
      EXPECT_SAYING(running->output == "echo: first\necho: second\n0 1 2\n", running->output);
      return "";
    });
  });
}

// The writer notices that nobody is left to read: the tiny init keeps no end of it.
BOOST_AUTO_TEST_CASE(stdin_ends_with_who_reads_it) {
  check_as_both([] {
    return in_and_beside([](ProcessSpec spec) -> std::string {
      const auto before = ::signal(SIGPIPE, SIG_IGN);
      auto pipe = make_pipe(Blocking::yes);
      spec.stdin_fd = pipe->read_end.get();
      spec.argv = {"/bin/sh", "-c", "exec </dev/null; echo closed; exec sleep 100"};
      const auto running = run_as_is(spec);
      EXPECT(running != nullptr);
      pipe->read_end.reset();
      EXPECT(running->wait_output("closed\n"));
      const auto written = write_all(pipe->write_end.get(), std::string_view("x"));
      ::signal(SIGPIPE, before);
      EXPECT(!written && written.error().code == EPIPE);
      EXPECT(running->process.kill_tree().has_value());
      EXPECT(running->wait_gone());
      return "";
    });
  });
}

BOOST_AUTO_TEST_CASE(a_terminal_controls_the_leader) {
  check_as_both([] {
    return in_and_beside([](ProcessSpec spec) -> std::string {
      const Terminal terminal = open_terminal();
      if (!terminal.theirs) return "skipped: no terminal is to be had";
      spec.stdin_fd = terminal.theirs.get();
      spec.controlling_terminal = true;
      const auto running = run(spec, {"--terminal", "--echo", "--print", "hanging", "--hang"});
      EXPECT(running != nullptr);
      EXPECT_SAYING(running->wait_output("a terminal, which controls us, /dev/tty opens\n"),
                    running->message() + running->output);
      EXPECT(type(terminal, "hello\n"));
      EXPECT(running->wait_output("echo: hello\n"));
      EXPECT(running->wait_output("hanging\n"));
      EXPECT(type(terminal, "\x03"));  // Ctrl-C
      EXPECT(running->wait_gone());
      EXPECT(WIFSIGNALED(*running->wait_status) && WTERMSIG(*running->wait_status) == SIGINT);
      return "";
    });
  });
}

// Without being asked for it stays a file like any other.
BOOST_AUTO_TEST_CASE(a_terminal_on_stdin_alone_controls_nobody) {
  check_as_both([] {
    return in_and_beside([](ProcessSpec spec) -> std::string {
      const Terminal terminal = open_terminal();
      if (!terminal.theirs) return "skipped: no terminal is to be had";
      spec.stdin_fd = terminal.theirs.get();
      const std::string said = output_of(spec, {"--terminal"});
      EXPECT_SAYING(said == "a terminal\n", said);
      return "";
    });
  });
}

// A hang-up ends who is at the terminal.
BOOST_AUTO_TEST_CASE(a_closed_terminal_ends_the_leader) {
  check_as_both([] {
    return in_and_beside([](ProcessSpec spec) -> std::string {
      Terminal terminal = open_terminal();
      if (!terminal.theirs) return "skipped: no terminal is to be had";
      spec.stdin_fd = terminal.theirs.get();
      spec.controlling_terminal = true;
      const auto running = run(spec, {"--print", "hanging", "--hang"});
      EXPECT(running != nullptr && running->wait_output("hanging\n"));
      terminal.ours.reset();
      EXPECT(running->wait_gone());
      EXPECT(WTERMSIG(*running->wait_status) == SIGHUP);
      return "";
    });
  });
}

BOOST_AUTO_TEST_CASE(what_is_no_terminal_cannot_control) {
  check_as_both([] {
    return in_and_beside([](ProcessSpec spec) -> std::string {
      auto pipe = make_pipe(Blocking::yes);
      spec.stdin_fd = pipe->read_end.get();
      spec.controlling_terminal = true;
      const std::string said = output_of(spec, {});
      EXPECT_SAYING(said ==
                        "cannot make its standard input the controlling terminal of a new process: "
                        "Inappropriate ioctl for device",
                    said);
      return "";
    });
  });
}

BOOST_AUTO_TEST_SUITE_END()
