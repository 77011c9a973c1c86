// Services whose listening sockets the programs get: nobody is refused while none of them runs.
#include <blackbox/support.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

using namespace reeve::test;

namespace {

std::string local(int port) { return "127.0.0.1:" + std::to_string(port); }

// Named as nothing else on this machine is: its sockets listen alone, also at the address that its name is given.
std::string name_of(const Scratch& scratch) { return scratch.behave_name(); }

std::string passed(const Scratch& scratch) { return "passSockets = [" + quoted(name_of(scratch)) + "]\n"; }

std::string service(const Scratch& scratch, const std::vector<std::string>& listen) {
  std::string list;
  for (const std::string& each : listen) list += (list.empty() ? "" : ", ") + quoted(each);
  return "[service." + name_of(scratch) + "]\nport = 8080\nlisten = [" + list + "]\n";
}

void make(const std::string& path) { std::ofstream{path}; }

void check_stops(Reeve& reeve, const Scratch& scratch) {
  reeve.signal(SIGTERM);
  BOOST_TEST(reeve.wait().value_or(-1) == 0);
  BOOST_TEST(nothing_left(scratch, ceiling));
}

// Clients that come one after the other until told to stop.
class Clients {
 public:
  explicit Clients(int port)
      : thread_([this, port] {
          while (!done_) {
            const Client client(port);
            refused_ += client.connect_error() == 0 ? 0 : 1;
            came_ += 1;
            std::this_thread::sleep_for(Millis(1));
          }
        }) {}
  ~Clients() { stop(); }
  void stop() {
    done_ = true;
    if (thread_.joinable()) thread_.join();
  }
  int came() const { return came_; }
  int refused() const { return refused_; }

 private:
  std::atomic<bool> done_{false};
  std::atomic<int> came_{0}, refused_{0};
  std::thread thread_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(passed_sockets)

BOOST_AUTO_TEST_CASE(the_program_serves_on_all_of_them_whatever_its_network) {
  for (const std::string& more :
       {std::string(), std::string("isolation = \"none\"\n"), std::string("network = \"isolated\"\n")}) {
    check_as_both([&](RunSettings settings) {
      const Scratch scratch;
      const int first = free_port(), second = free_port();
      const std::string text = pod(scratch, "web", {"--passed", "--fds", "--serve-passed"}, passed(scratch) + more) +
                               service(scratch, {local(first), local(second)});
      Reeve reeve({"run", "-f", scratch.write("a.toml", text)}, settings);
      BOOST_TEST(reeve.prints("passed 3 " + name_of(scratch) + ":" + name_of(scratch) + ":" + name_of(scratch) + "\n"),
                 reeve.output());
      BOOST_TEST(reeve.prints("0 1 2 3 4 5\n"), reeve.output());
      for (const int port : {first, second}) {
        BOOST_TEST(eventually([&] { return http_get(port, "/").status == 200; }), reeve.output());
      }
      check_stops(reeve, scratch);
    });
  }
}

BOOST_AUTO_TEST_CASE(clients_wait_in_the_queue_until_the_program_accepts) {
  const Scratch scratch;
  const int port = free_port();
  Reeve reeve({"run", "-f",
               scratch.write("a.toml", pod(scratch, "web", {"--wait-for-file", scratch.file("go"), "--serve-passed"},
                                           passed(scratch)) +
                                           service(scratch, {local(port)}))});
  BOOST_TEST(reeve.prints("service/" + name_of(scratch) + " listens on " + local(port) +
                          ", for containers that get its sockets"),
             reeve.output());
  Client early(port);
  BOOST_TEST(early.connect_error() == 0);
  BOOST_TEST(early.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  make(scratch.file("go"));
  BOOST_TEST(early.read_to_end().find("hello") != std::string::npos);
  check_stops(reeve, scratch);
}

BOOST_AUTO_TEST_CASE(nobody_is_refused_across_restarts) {
  const Scratch scratch;
  const int port = free_port();
  const std::string text = pod(scratch, "web", {"--passed", "--serve-passed"},
                               passed(scratch) + "restartBackoff = { initialSeconds = 0.1, maxSeconds = 0.1 }\n") +
                           service(scratch, {local(port)});
  Reeve reeve({"run", "-f", scratch.write("a.toml", text)});
  BOOST_TEST(eventually([&] { return http_get(port, "/").status == 200; }), reeve.output());
  Clients clients(port);
  for (std::size_t run = 1; run <= 4; ++run) {
    BOOST_TEST(reeve.prints_times("passed 2 " + name_of(scratch) + ":" + name_of(scratch) + "\n", run), reeve.output());
    BOOST_TEST(eventually([&] { return http_get(port, "/").status == 200; }), reeve.output());
    if (run == 4) break;
    for (const pid_t each : processes_named(scratch.behave_name())) ::kill(each, SIGKILL);
  }
  clients.stop();
  BOOST_TEST(clients.came() > 0);
  BOOST_TEST(clients.refused() == 0);
  check_stops(reeve, scratch);
}

// As with programs that fork: whoever is free accepts.
BOOST_AUTO_TEST_CASE(two_containers_share_one_queue) {
  const Scratch scratch;
  const int port = free_port();
  const auto container = [&](const std::string& name) {
    return "[pod.web.containers." + name + "]\n" + command_line(scratch, {"--greeting", name, "--serve-passed"}) +
           "\n" + passed(scratch);
  };
  Reeve reeve(
      {"run", "-f", scratch.write("a.toml", container("one") + container("two") + service(scratch, {local(port)}))});
  BOOST_TEST(eventually([&] { return http_get(port, "/").body.starts_with("one"); }), reeve.output());
  BOOST_TEST(eventually([&] { return http_get(port, "/").body.starts_with("two"); }), reeve.output());
  check_stops(reeve, scratch);
}

BOOST_AUTO_TEST_CASE(a_service_is_described_as_one_that_hands_its_sockets_over) {
  const Scratch scratch;
  const std::string socket = scratch.file("s");
  const std::string name = name_of(scratch);
  const std::string text = "[supervisor]\nsocket = " + quoted(socket) + "\n" +
                           pod(scratch, "mail", {"--passed", "--hang"}, passed(scratch)) + "[service." + name +
                           "]\nports = [{ name = \"smtp\", port = 8025 }, { name = \"imap\", port = 8143 }]\n";
  Reeve reeve({"run", "-f", scratch.write("a.toml", text)});
  BOOST_TEST(reeve.prints("passed 2 smtp:imap\n"), reeve.output());
  const auto ask = [&](std::vector<std::string> words, const std::string& input = {}) {
    words.insert(words.end(), {"--socket", socket});
    return run_to_end(std::move(words), input).output;
  };
  const std::string described = ask({"describe", "service", name});
  BOOST_TEST(described.find("passed to containers that name it in passSockets") != std::string::npos, described);
  BOOST_TEST(described.find("Endpoints") == std::string::npos, described);
  BOOST_TEST(ask({"describe", "pod", "mail"}).find("Passed Sockets:") != std::string::npos);
  const std::string why = ask({"why", "service", name});
  BOOST_TEST(why.find("its sockets are passed to 1 running pod") != std::string::npos, why);
  const std::string other =
      "{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"other\"}, "
      "\"spec\": {\"ports\": [{\"port\": 81}]}}";
  const std::string refused = ask({"apply", "-f", "-"}, other);
  BOOST_TEST(refused.find("a container has to name it in passSockets") != std::string::npos, refused);
  check_stops(reeve, scratch);
}

BOOST_AUTO_TEST_CASE(an_address_that_is_taken_keeps_the_program_from_starting_and_is_told) {
  const Scratch scratch;
  const int port = free_port();
  const std::string taker = "[service.first]\nport = 80\npod = \"first\"\nlisten = [" + quoted(local(port)) + "]\n";
  Reeve first({"run", "-f", scratch.write("a.toml", pod(scratch, "first", {"--hang"}) + taker)});
  BOOST_TEST(first.prints("listens on " + local(port)), first.output());
  Reeve second({"run", "-f",
                scratch.write("b.toml", "[supervisor]\nsocket = \"\"\n" +
                                            pod(scratch, "web", {"--serve-passed"}, passed(scratch)) +
                                            service(scratch, {local(port)}))});
  BOOST_TEST(second.prints("cannot bind to " + local(port) + ": Address already in use"), second.output());
  BOOST_TEST(second.prints("cannot pass the sockets of service " + name_of(scratch)), second.output());
  second.signal(SIGTERM);
  BOOST_TEST(second.wait().value_or(-1) == 0);
  check_stops(first, scratch);
}

BOOST_AUTO_TEST_SUITE_END()
