// Programs that tell by themselves: READY=1, WATCHDOG=1 and the rest of sd_notify(3), through the binary.
#include <blackbox/support.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace reeve::test;

namespace {

std::string told(const std::string& pod, const std::string& probe, const std::string& more = {}) {
  return "[pod." + pod + "." + probe + "]\nnotify = {}\n" + more;
}

std::string service(const std::string& pod, int port, int target) {
  return "[service." + pod + "]\nport = 80\ntargetPort = " + std::to_string(target) + "\npod = " + quoted(pod) +
         "\nlisten = [\"127.0.0.1:" + std::to_string(port) + "\"]\n";
}

// A message of this very process; 0, or errno.
int write_to(const std::string& address, const std::string& message) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address.data(), std::min(address.size(), sizeof to.sun_path));
  if (address.front() == '@') to.sun_path[0] = '\0';
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  const bool sent = ::sendto(fd, message.data(), message.size(), 0, reinterpret_cast<const sockaddr*>(&to), size) >= 0;
  const int error = sent ? 0 : errno;
  ::close(fd);
  return error;
}

void make(const std::string& path) { std::ofstream{path}; }

// What follows in what reeve printed, up to the end of the line.
std::string printed_after(Reeve& reeve, const std::string& head) {
  if (!reeve.prints(head)) return {};
  const std::string out = reeve.output();
  const std::size_t at = out.find(head) + head.size();
  return out.substr(at, out.find('\n', at) - at);
}

void check_stops(Reeve& reeve, const Scratch& scratch) {
  reeve.signal(SIGTERM);
  BOOST_TEST(reeve.wait().value_or(-1) == 0);
  BOOST_TEST(nothing_left(scratch, ceiling));
}

const std::string no_isolation = "[supervisor]\nisolation = \"none\"\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(notify)

BOOST_AUTO_TEST_CASE(a_pod_is_ready_once_it_says_so_and_is_served) {
  for (const std::string& head : {std::string(), no_isolation}) {
    check_as_both([&](RunSettings settings) {
      const Scratch scratch;
      const int front = free_port(), back = free_port();
      const std::vector<std::string> flags{"--wait-for-file",     scratch.file("go"), "--once-listening",
                                           "READY=1\\nSTATUS=up", "--http",           std::to_string(back)};
      Reeve reeve({"run", "-f",
                   scratch.write("a.toml", head + pod(scratch, "web", flags) + told("web", "readinessProbe") +
                                               told("web", "startupProbe", "periodSeconds = 3600\n") +
                                               service("web", front, back))},
                  settings);
      BOOST_TEST(reeve.prints("service/web listens on 127.0.0.1:"), reeve.output());
      BOOST_TEST((try_connect(front) == Connected::refused));
      make(scratch.file("go"));
      BOOST_TEST(reeve.prints("service/web has a ready pod"), reeve.output());
      BOOST_TEST(eventually([&] { return http_get(front, "/").status == 200; }));
      check_stops(reeve, scratch);
    });
  }
}

BOOST_AUTO_TEST_CASE(one_with_a_root_directory_of_its_own_finds_the_socket_in_it) {
  for (const std::string& head : {std::string(), no_isolation}) {
    const Scratch scratch;
    const std::string root = scratch.file("root");
    for (const char* each : {"bin", "tmp", "proc", "dev"}) std::filesystem::create_directories(root + "/" + each);
    std::filesystem::copy(scratch.behave(), root + "/bin/" + scratch.behave_name());
    const std::string text = head + "[images]\nsmall = " + quoted(root) +
                             "\n[pod.web]\nimage = \"small\"\ncommand = [" + quoted(scratch.behave_name()) +
                             ", \"--notify\", \"READY=1\", \"--hang\"]\n";
    Reeve reeve(
        {"run", "-f", scratch.write("a.toml", text + told("web", "readinessProbe") + service("web", free_port(), 1))});
    BOOST_TEST(reeve.prints("service/web has a ready pod"), reeve.output());
    check_stops(reeve, scratch);
  }
}

BOOST_AUTO_TEST_CASE(reloading_and_stopping_take_it_out_of_its_service) {
  const Scratch scratch;
  const auto after = [&](const char* file, const char* what) {
    return std::vector<std::string>{"--wait-for-file", scratch.file(file), "--notify", what};
  };
  std::vector<std::string> flags{"--notify", "READY=1"};
  for (const auto& each : {after("1", "RELOADING=1"), after("2", "READY=1"), after("3", "STOPPING=1")}) {
    flags.insert(flags.end(), each.begin(), each.end());
  }
  flags.push_back("--hang");
  Reeve reeve({"run", "-f",
               scratch.write("a.toml", pod(scratch, "web", flags) + told("web", "readinessProbe") +
                                           service("web", free_port(), 1))});
  BOOST_TEST(reeve.prints_times("service/web has a ready pod", 1), reeve.output());
  make(scratch.file("1"));
  BOOST_TEST(reeve.prints_times("service/web has no ready pod", 1), reeve.output());
  make(scratch.file("2"));
  BOOST_TEST(reeve.prints_times("service/web has a ready pod", 2), reeve.output());
  make(scratch.file("3"));
  BOOST_TEST(reeve.prints_times("service/web has no ready pod", 2), reeve.output());
  check_stops(reeve, scratch);
}

// Root may reach into a pod's /tmp, and anybody may find an abstract name.
BOOST_AUTO_TEST_CASE(a_process_that_is_none_of_the_container_is_not_heeded) {
  for (const std::string& head : {std::string(), no_isolation}) {
    const Scratch scratch;
    Reeve reeve({"run", "-f",
                 scratch.write("a.toml", head +
                                             pod(scratch, "web",
                                                 {"--env", "--wait-for-file", scratch.file("go"), "--notify", "READY=1",
                                                  "--hang"}) +
                                             told("web", "readinessProbe") + service("web", free_port(), 1))});
    std::string address = printed_after(reeve, "NOTIFY_SOCKET=");
    BOOST_TEST_REQUIRE(!address.empty());
    if (address.front() == '/') {
      const std::vector<pid_t> programs = processes_named(scratch.behave_name());
      BOOST_TEST_REQUIRE(programs.size() == 1u);
      address = "/proc/" + std::to_string(programs[0]) + "/root" + address;
    }
    // Sent until it was read: before its start was told, nobody reads.
    const std::string refused =
        "process " + std::to_string(::getpid()) + " wrote to NOTIFY_SOCKET and is none of this container: not heeded";
    for (int i = 0; i < 3; ++i) BOOST_TEST(write_to(address, "READY=1\nSTATUS=mine") == 0);
    BOOST_TEST(reeve.prints(refused), reeve.output());
    make(scratch.file("go"));  // whose word comes after all of those
    BOOST_TEST(reeve.prints("service/web has a ready pod"), reeve.output());
    BOOST_TEST(reeve.count(refused) == 1u);
    BOOST_TEST(reeve.output().find(refused) < reeve.output().find("service/web has a ready pod"));
    check_stops(reeve, scratch);
  }
}

// Nobody else can write into a private /tmp; without one a process that is gone could have been anybody's.
BOOST_AUTO_TEST_CASE(one_that_had_ended_when_it_was_heard_counts_where_only_the_container_could_write) {
  for (const std::string& head : {std::string(), no_isolation}) {
    const Scratch scratch;
    Reeve reeve(
        {"run", "-f",
         scratch.write("a.toml", head +
                                     pod(scratch, "web",
                                         {"--print", "here", "--wait-for-file", scratch.file("go"), "--notify-by-child",
                                          "READY=1", "--touch", scratch.file("said"), "--hang"}) +
                                     told("web", "readinessProbe") + service("web", free_port(), 1))});
    BOOST_TEST(reeve.prints("here\n"), reeve.output());
    reeve.signal(SIGSTOP);
    make(scratch.file("go"));
    BOOST_TEST(eventually([&] { return std::filesystem::exists(scratch.file("said")); }));
    reeve.signal(SIGCONT);
    const bool is_private = head.empty();
    BOOST_TEST(reeve.prints(is_private ? "service/web has a ready pod"
                                       : "had ended before anybody could see whose it is: not heeded"),
               reeve.output());
    BOOST_TEST(reeve.count("service/web has a ready pod") == (is_private ? 1u : 0u));
    check_stops(reeve, scratch);
  }
}

BOOST_AUTO_TEST_CASE(what_is_too_long_is_not_heeded_and_a_flood_does_no_harm) {
  const Scratch scratch;
  Reeve reeve({"run", "-f",
               scratch.write("a.toml", pod(scratch, "web",
                                           {"--notify-long", "5000", "--notify-long", "5000", "--notify-often", "1000",
                                            "--notify-binary", "--notify", "\\n\\n=READY=1\\nREADY=1", "--hang"}) +
                                           told("web", "readinessProbe") + service("web", free_port(), 1))});
  BOOST_TEST(reeve.prints("service/web has a ready pod"), reeve.output());
  BOOST_TEST(reeve.count("a message on NOTIFY_SOCKET had more than 4096 bytes: not heeded") == 1u);
  check_stops(reeve, scratch);
}

BOOST_AUTO_TEST_CASE(the_watchdog_bites_once_the_program_is_silent) {
  check_as_both([](RunSettings settings) {
    const Scratch scratch;
    Reeve reeve(
        {"run", "-f",
         scratch.write("a.toml", pod(scratch, "web", {"--env", "--watchdog", "0.1", scratch.file("silent"), "--hang"},
                                     "terminationGracePeriodSeconds = 1\n") +
                                     told("web", "livenessProbe", "periodSeconds = 1.5\nfailureThreshold = 2\n"))},
        settings);
    BOOST_TEST(reeve.prints("WATCHDOG_USEC=3000000\n"), reeve.output());
    BOOST_TEST(reeve.output().find("WATCHDOG_PID") == std::string::npos);
    make(scratch.file("silent"));
    BOOST_TEST(reeve.prints("Liveness probe failed: no WATCHDOG=1 for 3s"), reeve.output());
    BOOST_TEST(reeve.prints("Container web failed liveness probe, will be restarted"), reeve.output());
    BOOST_TEST(reeve.prints_times("WATCHDOG_USEC=3000000\n", 2), reeve.output());
    check_stops(reeve, scratch);
  });
}

// What the program said meanwhile waits to be heard, and is heard first.
BOOST_AUTO_TEST_CASE(a_reeve_that_stood_still_does_not_take_that_for_silence) {
  const Scratch scratch;
  Reeve reeve({"run", "-f",
               scratch.write("a.toml", pod(scratch, "web",
                                           {"--watchdog", "0.2", scratch.file("silent"), "--print", "here",
                                            "--wait-for-file", scratch.file("go"), "--print", "gone on", "--hang"}) +
                                           told("web", "livenessProbe", "periodSeconds = 4\nfailureThreshold = 1\n"))});
  BOOST_TEST(reeve.prints("here\n"), reeve.output());
  reeve.signal(SIGSTOP);
  std::this_thread::sleep_for(Millis(5000));  // longer than the watch: this is the stall itself
  reeve.signal(SIGCONT);
  make(scratch.file("go"));
  BOOST_TEST(reeve.prints("gone on\n"), reeve.output());
  BOOST_TEST(reeve.count("failed liveness probe") == 0u, reeve.output());
  check_stops(reeve, scratch);
}

BOOST_AUTO_TEST_CASE(a_trigger_does_not_wait) {
  const Scratch scratch;
  Reeve reeve({"run", "-f",
               scratch.write("a.toml", pod(scratch, "web", {"--notify", "WATCHDOG=trigger", "--hang"}) +
                                           told("web", "livenessProbe", "periodSeconds = 3600\n"))});
  BOOST_TEST(reeve.prints("Liveness probe failed: the program said WATCHDOG=trigger"), reeve.output());
  BOOST_TEST(reeve.prints_times("Normal Started pod/web", 2), reeve.output());
  check_stops(reeve, scratch);
}

BOOST_AUTO_TEST_CASE(its_status_is_shown_and_why_says_what_it_waits_for) {
  const Scratch scratch;
  const std::string socket = scratch.file("s");
  Reeve reeve({"run", "-f",
               scratch.write("a.toml", "[supervisor]\nsocket = " + quoted(socket) + "\n" +
                                           pod(scratch, "web", {"--notify", "STATUS=loading\t3 of 7", "--hang"}) +
                                           told("web", "readinessProbe"))});
  const auto ask = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--socket", socket});
    return run_to_end(std::move(words)).output;
  };
  BOOST_TEST(eventually([&] { return ask({"describe", "pod", "web"}).find("loading?3 of 7\n") != std::string::npos; }));
  const std::string described = ask({"describe", "pod", "web"});
  BOOST_TEST(described.find("notify READY=1 on NOTIFY_SOCKET\n") != std::string::npos, described);
  BOOST_TEST(described.find("was told nothing yet") != std::string::npos, described);
  const std::string why = ask({"why", "pod", "web"});
  BOOST_TEST(why.find("it waits for READY=1 on NOTIFY_SOCKET") != std::string::npos, why);
  BOOST_TEST(why.find("its program says: loading?3 of 7") != std::string::npos, why);
  check_stops(reeve, scratch);
}

BOOST_AUTO_TEST_CASE(who_has_no_such_probe_has_no_such_variable) {
  const Scratch scratch;
  Reeve reeve({"run", "-f", scratch.write("a.toml", pod(scratch, "web", {"--env", "--print", "all", "--hang"}))});
  BOOST_TEST(reeve.prints("all\n"), reeve.output());
  for (const char* each : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "LISTEN_"}) BOOST_TEST(reeve.count(each) == 0u);
  check_stops(reeve, scratch);
}

BOOST_AUTO_TEST_SUITE_END()
