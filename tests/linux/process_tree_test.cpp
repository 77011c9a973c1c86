// However a tree ends, nothing of it is left.

#include "linux/process_tree.hpp"
#include <linux/support.hpp>

#include <reeve/linux/clock.hpp>
#include <reeve/linux/reaper.hpp>
#include <support/sanitized.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

using namespace reeve;
using namespace reeve::linux;
using namespace reeve::linux::test;
using reeve::test::rounds;

namespace {

// A leader with every kind of child that does not want to end.
const std::vector<std::string> stubborn_family = {"--fork-child", "plain",  "--fork-child", "setsid",
                                                  "--fork-child", "daemon", "--print",      "family"};

std::vector<std::string> family_and(const std::vector<std::string>& flags) {
  std::vector<std::string> all = stubborn_family;
  all.insert(all.end(), flags.begin(), flags.end());
  return all;
}

std::vector<pid_t> sorted(const PidList& list) {
  std::vector<pid_t> pids;
  for (std::size_t index = 0; index < list.size(); ++index) pids.push_back(list[index]);
  std::ranges::sort(pids);
  return pids;
}

// A supervisor of its own that starts a family, says its tiny init's pid, and then hangs.
[[noreturn]] void be_supervisor(Isolation isolation, const std::string& mark, int say_fd) {
  const auto running = run(with(isolation), family_and({"--name", mark, "--hang"}));
  if (!running || !running->wait_output("family\n")) ::_exit(1);
  const std::string pid = std::to_string(running->process.pid()) + "\n";
  if (!write_all(say_fd, pid)) ::_exit(1);
  for (;;) ::pause();
}

std::string kill_supervisor(Isolation isolation) {
  const std::string mark = unique_mark();
  auto pipe = make_pipe(Blocking::yes);
  const pid_t supervisor = ::fork();
  if (supervisor == 0) be_supervisor(isolation, mark, pipe->write_end.get());
  char text[32] = {};
  EXPECT(::read(pipe->read_end.get(), text, sizeof text - 1) > 0);
  const pid_t tiny_init = std::atoi(text);
  EXPECT(count_alive(mark) == 4);
  ::kill(supervisor, SIGKILL);
  EXPECT(wait_until([&] { return count_alive(mark) == 0; }, seconds(1)));
  // We are its new parent, for the supervisor was our child.
  EXPECT(wait_until([&] { return has_been_reaped(tiny_init) && has_been_reaped(supervisor); }, seconds(1)));
  return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(process_tree)

BOOST_AUTO_TEST_CASE(nothing_outlives_the_leader) {
  check_everywhere([](Isolation isolation) -> std::string {
    const auto running = run(with(isolation), family_and({"--exit", "7"}));
    EXPECT(running != nullptr);
    EXPECT_SAYING(running->wait_gone(), std::to_string(count_alive(running->mark)) + " live on");
    EXPECT(WEXITSTATUS(*running->wait_status) == 7);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(the_end_is_told_at_once_though_a_child_holds_the_output) {
  check_everywhere([](Isolation isolation) -> std::string {
    Duration best = seconds(60);
    for (int attempt = 0; attempt < 3 && best > milliseconds(100); ++attempt) {
      const auto running = run(with(isolation), {"--hold-stdout", "--print", "now", "--exit", "3"});
      EXPECT(running != nullptr);
      EXPECT(running->wait_output("now\n"));
      const Instant said = monotonic_now();
      EXPECT(running->wait_finished());
      best = std::min(best, monotonic_now() - said);
      EXPECT(running->wait_gone());
    }
    EXPECT_SAYING(best <= milliseconds(100), go_duration(best));
    return "";
  });
}

BOOST_AUTO_TEST_CASE(kill_tree_leaves_nothing) {
  check_everywhere([](Isolation isolation) -> std::string {
    const auto running = run(with(isolation), family_and({"--ignore-signal", "TERM", "--hang"}));
    EXPECT(running != nullptr);
    EXPECT(running->wait_output("family\n"));
    EXPECT(count_alive(running->mark) == 4);
    EXPECT(running->process.kill_tree().has_value());
    EXPECT_SAYING(running->wait_gone(), std::to_string(count_alive(running->mark)) + " live on");
    EXPECT(WIFSIGNALED(*running->wait_status) && WTERMSIG(*running->wait_status) == SIGKILL);
    EXPECT(running->process.kill_tree().has_value());
    EXPECT(!running->process.signal(SIGTERM).has_value());
    EXPECT(!running->process.read_report().has_value());
    return "";
  });
}

BOOST_AUTO_TEST_CASE(kill_tree_during_the_start_leaves_nothing) {
  check_everywhere([](Isolation isolation) -> std::string {
    for (int round = 0; round < 50; ++round) {
      const auto running = run(with(isolation), {"--hang"});
      EXPECT(running != nullptr);
      EXPECT(running->process.kill_tree().has_value());
      EXPECT(running->wait_gone());
    }
    return "";
  });
}

BOOST_AUTO_TEST_CASE(a_fork_bomb_is_ended_too) {
  check_everywhere([](Isolation isolation) -> std::string {
    const auto running = run(with(isolation), {"--fork-bomb", "5", "--print", "boom", "--hang"});
    EXPECT(running != nullptr);
    EXPECT(running->wait_output("boom\n"));
    EXPECT(running->process.kill_tree().has_value());
    EXPECT_SAYING(running->wait_gone(), std::to_string(count_alive(running->mark)) + " live on");
    return "";
  });
}

BOOST_AUTO_TEST_CASE(letting_go_of_a_process_ends_its_tree) {
  check_everywhere([](Isolation isolation) -> std::string {
    auto running = run(with(isolation), family_and({"--hang"}));
    EXPECT(running != nullptr);
    EXPECT(running->wait_output("family\n"));
    const std::string mark = running->mark;
    const pid_t tiny_init = running->process.pid();
    running.reset();
    EXPECT(wait_until([&] { return has_been_reaped(tiny_init); }));
    EXPECT(count_alive(mark) == 0);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(nothing_outlives_a_killed_supervisor) { check_everywhere(kill_supervisor); }

// Without a namespace nobody but the tiny init knows the whole tree; if it is killed, the leader at least goes too.
BOOST_AUTO_TEST_CASE(the_leader_does_not_outlive_a_killed_tiny_init) {
  check_everywhere([](Isolation isolation) -> std::string {
    const auto running = run(with(isolation), {"--print", "ready", "--hang"});
    EXPECT(running != nullptr);
    EXPECT(running->wait_output("ready\n"));
    ::kill(running->process.pid(), SIGKILL);
    EXPECT(running->wait_finished());
    EXPECT(running->wait_status == SIGKILL);
    EXPECT(wait_until([&] { return count_alive(running->mark) == 0; }));
    EXPECT(wait_until([&] { return has_been_reaped(running->process.pid()); }));
    return "";
  });
}

BOOST_AUTO_TEST_CASE(many_ends_in_one_instant_are_all_collected) {
  for (int round = 0; round < rounds(50); ++round) {
    auto gate = make_pipe(Blocking::yes);
    std::vector<pid_t> children;
    for (int child = 0; child < 200; ++child) {
      const pid_t pid = ::fork();
      BOOST_REQUIRE(pid >= 0);
      if (pid == 0) {
        gate->write_end.reset();
        char byte;
        ::_exit(::read(gate->read_end.get(), &byte, 1) == 0 ? child : 255);
      }
      children.push_back(pid);
    }
    gate->write_end.reset();
    for (std::size_t child = 0; child < children.size(); ++child) {
      BOOST_REQUIRE(wait_until([&] { return has_been_reaped(children[child]); }));
      BOOST_REQUIRE_EQUAL(WEXITSTATUS(*reaped_status(children[child])), static_cast<int>(child));
    }
  }
  BOOST_TEST(::waitpid(-1, nullptr, WNOHANG) == -1);
}

BOOST_AUTO_TEST_CASE(many_ends_inside_hide_no_end_of_the_leader) {
  check_everywhere([](Isolation isolation) -> std::string {
    for (int round = 0; round < 10; ++round) {
      const auto running = run(with(isolation), {"--children-exit-at-once", "200", "--exit", "4"});
      EXPECT(running != nullptr);
      EXPECT(running->wait_gone());
      EXPECT(running->wait_status && WEXITSTATUS(*running->wait_status) == 4);
    }
    return "";
  });
}

BOOST_AUTO_TEST_CASE(orphans_leave_no_zombies) {
  check_everywhere([](Isolation isolation) -> std::string {
    const auto running = run(with(isolation), {"--orphans-exit-at-once", "200", "--print", "left", "--hang"});
    EXPECT(running != nullptr);
    EXPECT(running->wait_output("left\n"));
    PidList tree;
    EXPECT(wait_until(
        [&] { return list_tree(tree, running->process.pid(), ListedBy::children_files) && tree.size() == 2; }));
    EXPECT(tree[1] == *running->leader);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(both_ways_to_list_a_tree_agree) {
  check_everywhere([](Isolation isolation) -> std::string {
    const auto running = run(with(isolation), family_and({"--hang"}));
    EXPECT(running != nullptr);
    EXPECT(running->wait_output("family\n"));
    PidList by_children;
    PidList by_stat;
    EXPECT(list_tree(by_children, running->process.pid(), ListedBy::children_files));
    EXPECT(list_tree(by_stat, running->process.pid(), ListedBy::stat_files));
    EXPECT(sorted(by_children).size() == 5);
    EXPECT(sorted(by_children) == sorted(by_stat));
    return "";
  });
}

BOOST_AUTO_TEST_CASE(nothing_is_kept_open) {
  check_everywhere([](Isolation isolation) -> std::string {
    behave();
    const int before = count_descriptors();
    for (int start = 0; start < rounds(200); ++start) {
      const auto running = run(with(isolation), {"--exit", "0"});
      EXPECT(running != nullptr);
      EXPECT(running->wait_gone());
    }
    ProcessSpec refused = with(isolation);
    refused.argv = {"/nowhere/web"};
    EXPECT(run_as_is(refused)->wait_gone());
    EXPECT(count_descriptors() == before);
    return "";
  });
}

// Children are only told apart by who asks for them: starts do not wait for one another.
BOOST_AUTO_TEST_CASE(many_trees_at_once_are_kept_apart) {
  check_everywhere([](Isolation isolation) -> std::string {
    std::vector<std::unique_ptr<Running>> all;
    for (int index = 0; index < 50; ++index) {
      all.push_back(run(with(isolation), {"--print", std::to_string(index), "--exit", std::to_string(index)}));
      EXPECT(all.back() != nullptr);
    }
    for (int index = 0; index < 50; ++index) {
      Running& running = *all[static_cast<std::size_t>(index)];
      EXPECT(running.wait_gone());
      EXPECT(WEXITSTATUS(*running.wait_status) == index);
      EXPECT_SAYING(running.output == std::to_string(index) + "\n", running.output);
    }
    return "";
  });
}

// A thread may hold the allocator's lock in the instant of a clone; nobody in the child would ever give it back.
BOOST_AUTO_TEST_CASE(other_threads_may_allocate_meanwhile) {
  check_everywhere([](Isolation isolation) -> std::string {
    std::vector<std::jthread> allocators;
    for (int thread = 0; thread < 3; ++thread) {
      allocators.emplace_back([](const std::stop_token& stop) {
        while (!stop.stop_requested()) std::string(5000, 'x').swap(*std::make_unique<std::string>(100, 'y'));
      });
    }
    for (int start = 0; start < rounds(50); ++start) {
      const auto running = run(with(isolation), {"--exit", "0"});
      EXPECT(running != nullptr);
      EXPECT(running->wait_gone());
      EXPECT(running->wait_status == 0);
    }
    return "";
  });
}

BOOST_AUTO_TEST_SUITE_END()
