// What reeve does where something runs out, or comes in masses.
#include <blackbox/support.hpp>

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <fstream>
#include <iterator>

using namespace reeve::test;

namespace {

std::string probed(const std::string& name, int port) {
  return "[pod." + name + ".livenessProbe]\ntcpSocket = { port = " + std::to_string(port) +
         " }\nperiodSeconds = 0.2\n[service." + name + "]\nport = 80\ntargetPort = " + std::to_string(port) +
         "\npod = " + quoted(name) + "\nlisten = [\"127.0.0.1:" + std::to_string(port + 1) + "\"]\n";
}

// Children of a process that nobody collects.
std::size_t zombies_below(pid_t parent) {
  std::size_t count = 0;
  for (const pid_t each : processes_mentioning("")) {
    std::ifstream stream("/proc/" + std::to_string(each) + "/stat");
    const std::string stat{std::istreambuf_iterator<char>(stream), {}};
    const std::size_t close = stat.rfind(')');
    if (close == std::string::npos) continue;
    const bool is_zombie = stat.substr(close, 4) == ") Z ";
    count += is_zombie && std::atoi(stat.c_str() + close + 4) == parent ? 1 : 0;
  }
  return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(limits)

// Each container ends 200 children and 200 orphans in one instant, then itself, and is started again at once.
BOOST_AUTO_TEST_CASE(two_hundred_children_that_end_in_one_instant_are_all_collected) {
  const Scratch scratch;
  for (const std::string isolation : {"private", "none"}) {
    const std::string file = scratch.write(
        "masses.toml",
        pod(scratch, "masses", {"--children-exit-at-once", "200", "--orphans-exit-at-once", "200", "--print", "again"},
            "isolation = " + quoted(isolation) +
                "\nrestartBackoff = { initialSeconds = 0.001, maxSeconds = 0.001 }\n"));
    Reeve reeve({"run", "-f", file});
    BOOST_TEST(reeve.prints_times("[masses/masses] again\n", 20, Millis(30'000)), isolation);
    reeve.signal(SIGTERM);
    BOOST_TEST(reeve.wait().value_or(-1) == 0);
    BOOST_TEST(nothing_left(scratch), isolation);
  }
}

BOOST_AUTO_TEST_CASE(two_hundred_containers_that_end_in_one_instant_are_all_started_again) {
  const Scratch scratch;
  std::string text;
  for (int number = 0; number < 200; ++number) {
    text += pod(scratch, "p" + std::to_string(number), {"--print", "up", "--hang"}, "isolation = \"none\"\n");
  }
  Reeve reeve({"run", "-f", scratch.write("many.toml", text)});
  BOOST_REQUIRE(reeve.prints_times("] up\n", 200));
  for (const pid_t each : processes_named(scratch.behave_name())) ::kill(each, SIGKILL);
  BOOST_TEST(reeve.prints_times("] up\n", 400));
  BOOST_TEST(reeve.prints_times("Container started (x2 over ", 200));
  BOOST_TEST(processes_named(scratch.behave_name()).size() == 200u);
  BOOST_TEST(eventually([&] { return zombies_below(reeve.pid()) == 0; }, Millis(1000)));
}

BOOST_AUTO_TEST_CASE(a_reader_that_stands_still_stops_no_supervision_and_is_told_what_it_missed) {
  const Scratch scratch;
  const int port = free_port();
  const std::string web = pod(scratch, "web", {"--http", std::to_string(port)}) + probed("web", port);
  // Far more than the pipe and reeve's own queue take, and then a pause in which the reader can catch up.
  const std::string loud = pod(scratch, "loud",
                               {"--long-line", "1000000", "--flood", "100000000", "--touch", scratch.file("flooded"),
                                "--wait-for-file", scratch.file("go"), "--print", "after the flood", "--hang"});
  Reeve reeve({"run", "-f", scratch.write("loud.toml", web + loud)});
  BOOST_TEST(eventually([&] { return std::ifstream(scratch.file("flooded")).good(); }));
  const auto before = processes_named(scratch.behave_name());
  for (int round = 0; round < 20; ++round) BOOST_TEST(http_get(port + 1, "/").body == "hello\n");
  BOOST_TEST(processes_named(scratch.behave_name()) == before);
  BOOST_TEST(reeve.prints("service/web has a ready pod"));
  // Said as soon as the reader has caught up, though nobody prints anything more.
  BOOST_TEST(reeve.prints(" bytes of output were dropped: the reader of standard output is too slow\n"));
  scratch.write("go", "");
  BOOST_TEST(reeve.prints("after the flood\n"));
  BOOST_TEST(reeve.output().size() < 20'000'000u);
}

BOOST_AUTO_TEST_CASE(without_descriptors_new_starts_fail_and_back_off_while_what_runs_runs_on) {
  const Scratch scratch;
  std::string text = pod(scratch, "a0", {"--print", "first is up", "--hang"});
  for (int number = 1; number < 40; ++number) {
    text += pod(scratch, "p" + std::to_string(number), {"--print", "up", "--hang"});
  }
  Reeve reeve({"run", "-f", scratch.write("many.toml", text)}, {.descriptors = 64});
  BOOST_TEST(reeve.prints("Too many open files"));
  BOOST_TEST(reeve.prints("Warning FailedCreatePodSandBox pod/"));
  BOOST_TEST(reeve.prints("[a0/a0] first is up\n"));
  BOOST_TEST(eventually([&] { return processes_named(scratch.behave_name()).size() >= 3u; }));
  BOOST_TEST(processes_named(scratch.behave_name()).size() < 40u);
  BOOST_TEST(reeve.count("Warning Failed pod/a0") == 0u);
  reeve.signal(SIGTERM);
  BOOST_TEST(reeve.wait().value_or(-1) == 0);
  BOOST_TEST(nothing_left(scratch));
}

BOOST_AUTO_TEST_CASE(without_processes_new_starts_fail_with_the_reason) {
  const Scratch scratch;
  constexpr uid_t nobody_else = 64777;  // whose processes are only ours
  std::string text;
  for (int number = 0; number < 30; ++number) {
    text += pod(scratch, "p" + std::to_string(number), {"--print", "up", "--hang"}, "isolation = \"none\"\n");
  }
  Reeve reeve({"run", "-f", scratch.write("many.toml", text)}, {.uid = nobody_else, .processes = 20});
  BOOST_TEST(reeve.prints("Resource temporarily unavailable"));
  BOOST_TEST(reeve.prints("Warning BackOff pod/"));
  // A program has its name only once its exec is through.
  BOOST_TEST(eventually([&] { return processes_named(scratch.behave_name()).size() >= 3u; }));
  const auto running = processes_named(scratch.behave_name()).size();
  BOOST_TEST(running < 20u, running);
  reeve.signal(SIGTERM);
  BOOST_TEST(reeve.wait().value_or(-1) == 0);
  BOOST_TEST(nothing_left(scratch));
}

BOOST_AUTO_TEST_CASE(a_reeve_killed_in_the_middle_of_its_starts_leaves_nothing_alive) {
  const Scratch scratch;
  for (const std::string isolation : {"private", "none"}) {
    std::string text;
    for (int number = 0; number < 100; ++number) {
      text += pod(scratch, "p" + std::to_string(number), {"--fork-child", "daemon", "--hang"},
                  "isolation = " + quoted(isolation) + "\n");
    }
    const std::string file = scratch.write("many.toml", text);
    for (const std::size_t enough : {0u, 1u, 20u, 90u}) {
      Reeve reeve({"run", "-f", file});
      BOOST_REQUIRE(eventually([&] { return processes_named(scratch.behave_name()).size() >= enough; }));
      reeve.signal(SIGKILL);
      BOOST_TEST(reeve.wait().value_or(-1) == 128 + SIGKILL);
      BOOST_TEST(nothing_left(scratch, Millis(2000)), isolation << " after " << enough);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
