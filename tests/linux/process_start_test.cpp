// What a leader finds when it starts, and what is said when it cannot.

#include <linux/support.hpp>

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace reeve::linux;
using namespace reeve::linux::test;

namespace {

// A file with this text and mode in the scratch directory.
std::string make_file(const std::string& name, const std::string& text, mode_t mode) {
  const std::string path = scratch() + "/" + name;
  std::filesystem::remove(path);
  std::ofstream(path) << text;
  ::chmod(path.c_str(), mode);
  return path;
}

// The message of a start that must fail.
std::string failure_of(const ProcessSpec& spec) {
  const auto running = run_as_is(spec);
  if (!running) return "start itself failed";
  if (!running->wait_gone()) return "it is not gone";
  return running->failed ? running->failed->message : "it started";
}

std::string failure_of_command(Isolation isolation, const std::string& program) {
  ProcessSpec spec = with(isolation);
  spec.argv = {program};
  return failure_of(spec);
}

// A root directory with behave and the given directories in it.
std::string make_root(const std::string& name, const std::vector<std::string>& directories) {
  const std::string root = scratch() + "/" + name;
  std::filesystem::remove_all(root);
  std::filesystem::create_directories(root + "/bin");
  for (const std::string& directory : directories) std::filesystem::create_directories(root + "/" + directory);
  std::filesystem::copy(behave(), root + "/bin/behave");
  return root;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(process_start)

BOOST_AUTO_TEST_CASE(the_exit_code_is_told) {
  check_everywhere([](Isolation isolation) -> std::string {
    const auto running = run(with(isolation), {"--print", "hello", "--print-error", "world", "--exit", "42"});
    EXPECT(running != nullptr);
    EXPECT_SAYING(running->wait_started(), running->message());
    EXPECT(running->wait_gone());
    EXPECT(WIFEXITED(*running->wait_status) && WEXITSTATUS(*running->wait_status) == 42);
    EXPECT_SAYING(running->output == "hello\nworld\n", running->output);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(a_program_under_tmp_is_missed_with_a_word_about_the_private_tmp) {
  const std::string message = failure_of_command(Isolation::private_namespaces, "/tmp/no-such-program");
  BOOST_TEST(message.find("cannot execute /tmp/no-such-program: No such file or directory") == 0u, message);
  BOOST_TEST(message.find("a pod has a /tmp of its own") != std::string::npos, message);
  const std::string none = failure_of_command(Isolation::none, "/tmp/no-such-program");
  BOOST_TEST(none.find("a /tmp of its own") == std::string::npos, none);
}

BOOST_AUTO_TEST_CASE(the_signal_that_ended_it_is_told) {
  check_everywhere([](Isolation isolation) -> std::string {
    const auto running = run(with(isolation), {"--raise", "SEGV", "--hang"});
    EXPECT(running != nullptr);
    EXPECT(running->wait_gone());
    EXPECT(running->wait_status && WIFSIGNALED(*running->wait_status) && WTERMSIG(*running->wait_status) == SIGSEGV);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(the_leader_is_named_as_we_see_it) {
  check_everywhere([](Isolation isolation) -> std::string {
    const auto running = run(with(isolation), {"--hang"});
    EXPECT(running != nullptr);
    EXPECT(running->wait_started());
    // An exec wakes the tiny init a moment before the new command line can be read.
    const std::string path = "/proc/" + std::to_string(*running->leader) + "/cmdline";
    EXPECT(wait_until([&] { return read_file(path, 4096).value_or("").find(running->mark) != std::string::npos; }));
    return "";
  });
}

BOOST_AUTO_TEST_CASE(a_signal_reaches_the_leader_even_before_its_exec) {
  check_everywhere([](Isolation isolation) -> std::string {
    const auto running = run(
        with(isolation), {"--print-on-signal", "USR1", "--exit-on-signal", "TERM", "9", "--print", "ready", "--hang"});
    EXPECT(running != nullptr);
    EXPECT(running->wait_output("ready\n"));
    EXPECT(running->process.signal(SIGUSR1).has_value());
    EXPECT(running->wait_output("signal 10\n"));
    EXPECT(running->process.signal(SIGTERM).has_value());
    EXPECT(running->wait_gone());
    EXPECT(WIFEXITED(*running->wait_status) && WEXITSTATUS(*running->wait_status) == 9);
    EXPECT(!running->process.signal(0).has_value());
    const auto early = run(with(isolation), {"--hang"});
    EXPECT(early->process.signal(SIGKILL).has_value());
    EXPECT(early->wait_gone());
    EXPECT(early->leader && early->wait_status == SIGKILL);
    return "";
  });
}

// The tiny init forwards what is sent to it from outside.
BOOST_AUTO_TEST_CASE(a_signal_to_the_tiny_init_reaches_the_leader) {
  check_everywhere([](Isolation isolation) -> std::string {
    const auto running = run(with(isolation), {"--exit-on-signal", "INT", "5", "--print", "ready", "--hang"});
    EXPECT(running != nullptr);
    EXPECT(running->wait_output("ready\n"));
    ::kill(running->process.pid(), SIGINT);
    EXPECT(running->wait_gone());
    EXPECT(WEXITSTATUS(*running->wait_status) == 5);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(the_environment_is_exactly_what_was_given) {
  check_everywhere([](Isolation isolation) -> std::string {
    ProcessSpec spec = with(isolation);
    spec.environment = {"B=2", "A=one = 1", "EMPTY="};
    const auto running = run(spec, {"--env"});
    EXPECT(running != nullptr);
    EXPECT(running->wait_gone());
    EXPECT_SAYING(running->output == "B=2\nA=one = 1\nEMPTY=\n", running->output);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(only_three_descriptors_are_inherited) {
  const UniqueFd not_close_on_exec(::dup(0));
  check_everywhere([](Isolation isolation) -> std::string {
    const auto running = run(with(isolation), {"--fds"});
    EXPECT(running != nullptr);
    EXPECT(running->wait_gone());
    EXPECT_SAYING(running->output == "0 1 2\n", running->output);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(the_output_ends_when_the_tree_lets_go_of_it) {
  check_everywhere([](Isolation isolation) -> std::string {
    const auto running = run(with(isolation), {"--print", "last words", "--close-output", "--hang"});
    EXPECT(running != nullptr);
    EXPECT(running->wait_output("last words\n"));
    char byte;
    EXPECT(wait_until([&] { return ::read(running->output_end.get(), &byte, 1) == 0; }));
    EXPECT(!running->wait_status.has_value());
    return "";
  });
}

BOOST_AUTO_TEST_CASE(output_may_be_our_own_stdin_stdout_or_stderr) {
  check_as_we_are([]() -> std::string {
    return in_child([] { return std::string(); },
                    []() -> std::string {
                      auto pipe = make_pipe(Blocking::no);
                      ::dup2(pipe->write_end.get(), 0);
                      ProcessSpec spec = with(Isolation::private_namespaces);
                      spec.argv = {behave(), "--print", "here"};
                      spec.stdout_fd = 0;
                      spec.stderr_fd = 0;
                      const auto process = Process::start(spec);
                      char text[16] = {};
                      EXPECT(process.has_value());
                      EXPECT(wait_until([&] { return ::read(pipe->read_end.get(), text, sizeof text) > 0; }));
                      EXPECT_SAYING(std::string(text) == "here\n", text);
                      return "";
                    });
  });
}

BOOST_AUTO_TEST_CASE(signals_umask_and_stdin_are_as_at_a_fresh_start) {
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  const auto handled = ::signal(SIGUSR2, [](int) {});
  sigset_t blocked;
  ::sigfillset(&blocked);
  ::sigprocmask(SIG_BLOCK, &blocked, nullptr);
  check_everywhere([](Isolation isolation) -> std::string {
    const auto running = run(with(isolation), {"--state"});
    EXPECT(running != nullptr);
    EXPECT(running->wait_gone());
    const std::string rest = running->output.substr(running->output.find('\n') + 1);
    EXPECT_SAYING(rest == "blocked\nnot default\numask 022\nstdin is at its end\n", running->output);
    EXPECT_SAYING(running->output.find(" leads its session\n") != std::string::npos, running->output);
    return "";
  });
  ::sigprocmask(SIG_UNBLOCK, &blocked, nullptr);
  ::signal(SIGPIPE, before);
  ::signal(SIGUSR2, handled);
}

BOOST_AUTO_TEST_CASE(it_sees_only_its_own_tmp_and_proc) {
  const std::string in_our_tmp = "/tmp/" + unique_mark();
  std::ofstream(in_our_tmp) << "ours";
  check_as_both([]() -> std::string {
    const auto running = run(with(Isolation::private_namespaces), {"--list", "/tmp", "--touch", "/tmp/theirs",
                                                                   "--print", "that was all", "--list", "/proc"});
    EXPECT(running != nullptr);
    EXPECT_SAYING(running->wait_gone(), running->message());
    EXPECT_SAYING(running->output.starts_with("that was all\n"), running->output);  // nothing was in /tmp
    EXPECT(::access("/tmp/theirs", F_OK) != 0);
    std::string pids;
    std::istringstream lines(running->output);
    for (std::string line; std::getline(lines, line);) {
      if (line.find_first_not_of("0123456789") == std::string::npos) pids += line + " ";
    }
    EXPECT_SAYING(pids == "1 2 ", pids);
    return "";
  });
  ::unlink(in_our_tmp.c_str());
}

BOOST_AUTO_TEST_CASE(the_program_is_looked_for_in_its_path) {
  check_everywhere([](Isolation isolation) -> std::string {
    ProcessSpec spec = with(isolation);
    spec.argv = {"behave"};
    spec.environment = {"PATH=/nowhere:" + scratch() + ":/usr/bin"};
    spec.working_directory = scratch();
    const auto running = run(spec, {"--working-directory"});
    EXPECT(running != nullptr);
    EXPECT(running->wait_gone());
    EXPECT_SAYING(running->output == scratch() + "\n", running->message() + running->output);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(what_cannot_be_executed_is_named_with_its_cause) {
  const std::string no_permission = make_file("no-permission", "#!/bin/sh\n", 0644);
  const std::string no_program = make_file("no-program", "neither a script nor a binary\n", 0755);
  const std::string no_interpreter = make_file("no-interpreter", "#!/nowhere/sh\n", 0755);
  check_everywhere([&](Isolation isolation) -> std::string {
    std::string said = failure_of_command(isolation, "/nowhere/web");
    EXPECT_SAYING(said == "cannot execute /nowhere/web: No such file or directory", said);
    said = failure_of_command(isolation, "nowhere-web");
    EXPECT_SAYING(said == "cannot execute nowhere-web, looked for in PATH \"/bin:/usr/bin\": No such file or directory",
                  said);
    said = failure_of_command(isolation, no_permission);
    EXPECT_SAYING(said == "cannot execute " + no_permission + ": Permission denied", said);
    said = failure_of_command(isolation, no_program);
    EXPECT_SAYING(said.starts_with("cannot execute " + no_program + ": Exec format error; "), said);
    said = failure_of_command(isolation, no_interpreter);
    EXPECT_SAYING(said.find("but not the interpreter") != std::string::npos, said);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(a_missing_working_directory_is_named) {
  check_everywhere([](Isolation isolation) -> std::string {
    ProcessSpec spec = with(isolation);
    spec.argv = {behave()};
    spec.working_directory = "/nowhere/at/all";
    const std::string said = failure_of(spec);
    EXPECT_SAYING(said == "cannot enter the working directory /nowhere/at/all: No such file or directory", said);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(a_missing_root_or_a_directory_missing_in_it_is_named) {
  const std::string incomplete = make_root("incomplete-root", {"tmp"});
  check_as_both([&]() -> std::string {
    ProcessSpec spec = with(Isolation::private_namespaces);
    spec.argv = {"/bin/behave"};
    spec.root_directory = "/nowhere/root";
    std::string said = failure_of(spec);
    EXPECT_SAYING(said == "cannot use /nowhere/root as a root directory: No such file or directory", said);
    spec.root_directory = incomplete;
    said = failure_of(spec);
    EXPECT_SAYING(said == "cannot mount a private /proc in " + incomplete +
                              ": No such file or directory; make that directory in the root directory",
                  said);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(a_root_directory_is_all_there_is) {
  const std::string root = make_root("whole-root", {"tmp", "proc", "dev"});
  check_as_both([&]() -> std::string {
    ProcessSpec spec = with(Isolation::private_namespaces);
    spec.argv = {"behave"};
    spec.root_directory = root;
    const auto running =
        run(spec, {"--list", "/", "--print", "devices", "--list", "/dev", "--touch", "/dev/null", "--mounts"});
    EXPECT(running != nullptr);
    EXPECT(running->wait_gone());
    EXPECT_SAYING(running->wait_status == 0, running->message() + running->output);
    EXPECT_SAYING(running->output.find("etc") == std::string::npos, running->output);
    for (const char* device : {"null", "zero", "full", "random", "urandom", "tty"}) {
      EXPECT_SAYING(running->output.find(std::string(device) + "\n") != std::string::npos, running->output);
    }
    EXPECT_SAYING(running->output.find("/sys ") == std::string::npos, running->output);  // a mount of the host
    return "";
  });
}

// A link in the root must not lead a mount out of it.
BOOST_AUTO_TEST_CASE(links_in_a_root_directory_stay_inside) {
  const std::string root = make_root("linked-root", {"tmp", "proc", "real-dev"});
  std::filesystem::create_directory_symlink("/real-dev", root + "/dev");
  check_as_we_are([&]() -> std::string {
    ProcessSpec spec = with(Isolation::private_namespaces);
    spec.argv = {"/bin/behave"};
    spec.root_directory = root;
    const auto running = run(spec, {"--list", "/real-dev"});
    EXPECT(running->wait_gone());
    EXPECT_SAYING(running->output.find("urandom") != std::string::npos, running->message() + running->output);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(without_namespaces_a_root_needs_root) {
  const std::string root = make_root("plain-root", {});
  ProcessSpec spec = with(Isolation::none);
  spec.argv = {"/bin/behave"};
  spec.root_directory = root;
  check_as_we_are([&]() -> std::string {
    if (::geteuid() != 0) return "skipped: we are not root";
    const auto running = run(spec, {"--list", "/"});
    EXPECT(running->wait_gone());
    EXPECT_SAYING(running->output == "bin\n", running->message() + running->output);
    return "";
  });
  check_as_nobody([&]() -> std::string {
    const std::string said = failure_of(spec);
    EXPECT_SAYING(said == "cannot change the root directory to " + root + ": Operation not permitted", said);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(what_could_never_run_is_refused_at_once) {
  const auto refusal = [](const ProcessSpec& spec) {
    const auto started = Process::start(spec);
    return started ? std::string("started") : started.error().message();
  };
  ProcessSpec spec;
  BOOST_TEST(refusal(spec) == "cannot start a process: its command is empty");
  spec.argv = {"web", std::string("a\0b", 3)};
  BOOST_TEST(refusal(spec) == "cannot start web: an argument, variable or path holds a NUL byte");
  spec.argv = {"web"};
  spec.root_directory = "relative";
  BOOST_TEST(refusal(spec) == "cannot use relative as a root directory: write an absolute path");
  spec.root_directory.clear();
  spec.controlling_terminal = true;
  BOOST_TEST(refusal(spec) == "cannot start web: its standard input is to be its terminal, and there is none");
}

BOOST_AUTO_TEST_SUITE_END()
