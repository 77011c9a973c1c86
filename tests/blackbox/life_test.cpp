// Pods as a user meets them: started, probed, restarted, stopped, with nothing left behind.
#include <blackbox/support.hpp>

#include <boost/test/unit_test.hpp>

#include <csignal>

using namespace reeve::test;

namespace {

const std::vector<std::string> isolations{"private", "none"};

}  // namespace

BOOST_AUTO_TEST_SUITE(life)

BOOST_AUTO_TEST_CASE(a_pod_prints_and_ends_and_reeve_stops_on_term) {
  const Scratch scratch;
  for (const std::string& isolation : isolations) {
    Reeve reeve({"run", "-f",
                 scratch.write("a.toml", pod(scratch, "talker", {"--print", "good morning", "--hang"},
                                             "isolation = " + quoted(isolation)))});
    BOOST_TEST(reeve.prints("[talker/talker] good morning\n"));
    reeve.signal(SIGTERM);
    BOOST_TEST(reeve.wait().value_or(-1) == 0);
    BOOST_TEST(nothing_left(scratch));
  }
}

BOOST_AUTO_TEST_CASE(a_killed_process_is_counted_and_started_again_at_once) {
  const Scratch scratch;
  Reeve reeve({"run", "-f", scratch.write("a.toml", pod(scratch, "web", {"--print", "up", "--hang"}))});
  BOOST_REQUIRE(reeve.prints("[web/web] up\n"));
  const auto before = processes_named(scratch.behave_name());
  BOOST_REQUIRE(before.size() == 1u);
  ::kill(before[0], SIGKILL);
  BOOST_TEST(reeve.prints_times("[web/web] up\n", 2, Millis(1000)));
  BOOST_TEST(reeve.prints("Container started (x2 over "));
}

BOOST_AUTO_TEST_CASE(a_tree_that_ignores_term_is_gone_when_the_stop_ends) {
  const Scratch scratch;
  for (const std::string& isolation : isolations) {
    for (const std::string kind : {"plain", "setsid", "daemon"}) {
      Reeve reeve({"run", "-f",
                   scratch.write("a.toml", pod(scratch, "tree", {"--fork-child", kind, "--print", "forked", "--hang"},
                                               "isolation = " + quoted(isolation)))});
      BOOST_REQUIRE(reeve.prints("forked\n"));
      BOOST_TEST(processes_named(scratch.behave_name()).size() >= 2u);
      const auto asked = Clock::now();
      reeve.signal(SIGTERM);
      BOOST_TEST(reeve.wait().value_or(-1) == 0);
      BOOST_TEST(processes_named(scratch.behave_name()).empty(), isolation << " " << kind);
      BOOST_TEST((Clock::now() - asked < Millis(5000)));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_leader_that_ignores_term_is_killed_after_its_grace_and_a_second_signal_hastens) {
  const Scratch scratch;
  const std::string file =
      scratch.write("a.toml", pod(scratch, "stubborn", {"--ignore-signal", "TERM", "--print", "deaf", "--hang"},
                                  "terminationGracePeriodSeconds = 3"));
  for (const bool twice : {false, true}) {
    Reeve reeve({"run", "-f", file});
    BOOST_REQUIRE(reeve.prints("deaf\n"));
    const auto asked = Clock::now();
    reeve.signal(SIGTERM);
    BOOST_REQUIRE(reeve.prints("Killing"));
    if (twice) reeve.signal(SIGINT);
    BOOST_TEST(reeve.wait().value_or(-1) == 0);
    const auto took = std::chrono::duration_cast<Millis>(Clock::now() - asked);
    if (twice) BOOST_TEST(took.count() < 1500);
    if (!twice) BOOST_TEST((took.count() >= 2990 && took.count() < 4500), took.count());
    BOOST_TEST(nothing_left(scratch));
  }
}

BOOST_AUTO_TEST_CASE(a_leader_that_dies_while_its_child_holds_stdout_is_seen_at_once) {
  const Scratch scratch;
  for (const std::string& isolation : isolations) {
    Reeve reeve({"run", "-f",
                 scratch.write("a.toml", pod(scratch, "holder", {"--print", "run", "--hold-stdout", "--exit", "3"},
                                             "isolation = " + quoted(isolation)))});
    BOOST_TEST(reeve.prints_times("[holder/holder] run\n", 2, Millis(2000)));
    BOOST_TEST(reeve.prints("BackOff"));
  }
}

BOOST_AUTO_TEST_CASE(a_killed_reeve_leaves_nothing_alive_and_the_next_one_runs_it_once) {
  const Scratch scratch;
  for (const std::string& isolation : isolations) {
    const std::string file = scratch.write(
        "a.toml", pod(scratch, "one", {"--fork-child", "setsid", "--ignore-signal", "TERM", "--print", "up", "--hang"},
                      "isolation = " + quoted(isolation)));
    Reeve first({"run", "-f", file});
    BOOST_REQUIRE(first.prints("up\n"));
    first.signal(SIGKILL);
    BOOST_TEST(first.wait().value_or(-1) == 128 + SIGKILL);
    BOOST_TEST(nothing_left(scratch), isolation);
    Reeve second({"run", "-f", file});
    BOOST_REQUIRE(second.prints("up\n"));
    BOOST_TEST(processes_named(scratch.behave_name()).size() == 2u);
  }
}

BOOST_AUTO_TEST_CASE(a_command_that_does_not_exist_is_told_with_path_and_errno_and_backs_off) {
  const Scratch scratch;
  const std::string text =
      "[pod.broken]\ncommand = [\"/no/such/program\"]\n" + pod(scratch, "fine", {"--print", "still here", "--hang"});
  Reeve reeve({"run", "-f", scratch.write("a.toml", text)});
  BOOST_TEST(reeve.prints("cannot execute /no/such/program: No such file or directory"));
  BOOST_TEST(reeve.prints("Warning BackOff pod/broken"));
  BOOST_TEST(reeve.prints("[fine/fine] still here\n"));
}

BOOST_AUTO_TEST_CASE(init_containers_run_in_turn_before_the_others) {
  const Scratch scratch;
  const std::string command = "command = [" + quoted(scratch.behave()) + ", \"--print\", ";
  const std::string text = "[[pod.steps.initContainers]]\nname = \"one\"\n" + command +
                           "\"first\", \"--sleep\", \"0.2\"]\n[[pod.steps.initContainers]]\nname = \"two\"\n" +
                           command + "\"second\"]\n[pod.steps.containers.main]\n" + command +
                           "\"third\", \"--hang\"]\n";
  Reeve reeve({"run", "-f", scratch.write("a.toml", text)});
  BOOST_REQUIRE(reeve.prints("[steps/main] third\n"));
  const std::string out = reeve.output();
  BOOST_TEST(out.find("[steps/one] first") < out.find("[steps/two] second"));
  BOOST_TEST(out.find("[steps/two] second") < out.find("[steps/main] third"));
}

BOOST_AUTO_TEST_CASE(odd_output_is_passed_on_and_harms_nobody) {
  const Scratch scratch;
  const std::string text =
      pod(scratch, "long", {"--long-line", "1000000", "--print", "after the long line", "--hang"}) +
      pod(scratch, "binary", {"--binary", "--print", "after the bytes", "--hang"}) +
      pod(scratch, "tail", {"--print", "x", "--hang"});
  Reeve reeve({"run", "-f", scratch.write("a.toml", text)});
  BOOST_TEST(reeve.prints("[long/long] after the long line\n"));
  BOOST_TEST(reeve.prints("[binary/binary] after the bytes\n"));
  BOOST_TEST(reeve.prints("[tail/tail] x\n"));
}

BOOST_AUTO_TEST_SUITE_END()
