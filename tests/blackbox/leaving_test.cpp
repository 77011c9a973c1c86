// How pods come and leave as their user sees it: hooks, dependencies, drains, and what services do meanwhile.
#include <blackbox/support.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>

using namespace reeve::test;

namespace {

// A test that waits for a pod to go does not wait for these.
const std::string patient = "drainSeconds = 100\nterminationGracePeriodSeconds = 200\n";

// A pod "web" that serves HTTP, with services in front of it.
class World {
 public:
  void start(const std::string& objects) {
    write(objects);
    reeve_.emplace(std::vector<std::string>{"run", "-f", scratch_.file("a.toml")});
  }
  void write(const std::string& objects) const {
    scratch_.write("a.toml", "[supervisor]\nsocket = " + quoted(scratch_.file("s")) + "\n" + objects);
  }
  Reeve& reeve() { return *reeve_; }
  const Scratch& scratch() const { return scratch_; }
  int backend() const { return backend_; }

  Finished run(std::vector<std::string> arguments, const std::string& input = {}) const {
    arguments.insert(arguments.end(), {"--socket", scratch_.file("s")});
    return run_to_end(std::move(arguments), input);
  }
  void done(std::vector<std::string> arguments, const std::string& input = {}) const {
    const Finished said = run(std::move(arguments), input);
    BOOST_REQUIRE_MESSAGE(said.code == 0, said.output);
  }
  // The command says all that, sooner or later.
  bool says(const std::vector<std::string>& arguments, const std::vector<std::string>& texts) const {
    Finished said;
    const bool all = eventually([&] {
      said = run(arguments);
      return std::ranges::all_of(texts, [&](const auto& each) { return said.output.find(each) != std::string::npos; });
    });
    if (!all) BOOST_TEST_MESSAGE(said.output);
    return all;
  }
  bool is_gone(const std::string& object) const {
    return eventually([&] { return run({"get", object}).output.find("(NotFound)") != std::string::npos; });
  }
  bool appears(const std::string& name) const {
    return eventually([&] { return std::filesystem::exists(scratch_.file(name)); });
  }
  void touch(const std::string& name) const { scratch_.write(name, ""); }
  bool tell(const std::string& path) const { return http_get(backend_, path).status == 200; }

  std::string web(const std::string& more = patient, std::vector<std::string> flags = {}) const {
    flags.insert(flags.end(), {"--unready-file", scratch_.file("unready"), "--executed", scratch_.file("executed"),
                               "--http", std::to_string(backend_)});
    return pod(scratch_, "web", flags, more) +
           "[pod.web.readinessProbe]\nhttpGet = { path = \"/health\", port = " + std::to_string(backend_) +
           " }\nperiodSeconds = 0.1\ntimeoutSeconds = 5\nfailureThreshold = 1\n";
  }
  std::string service(const std::string& name, int front, const std::string& more = {}) const {
    return "[service." + name + "]\nport = 80\ntargetPort = " + std::to_string(backend_) +
           "\npod = \"web\"\nlisten = [\"127.0.0.1:" + std::to_string(front) + "\"]\n" + more;
  }
  // An exec action that leaves a file of this name and ends once there is the other.
  std::string hook(const std::string& begun, const std::string& goes_on) const {
    return "{ exec = { " +
           one_line(
               command_line(scratch_, {"--touch", scratch_.file(begun), "--wait-for-file", scratch_.file(goes_on)})) +
           " } }\n";
  }

 private:
  static std::string one_line(std::string text) { return text.erase(text.find('\n')); }

  Scratch scratch_;
  int backend_ = free_port();
  std::optional<Reeve> reeve_;
};

bool is_served(int port) { return http_get(port, "/").status == 200; }

const std::string half_a_request = "GET / HTTP/1.1\r\n", the_rest = "Connection: close\r\n\r\n";

// A pod that leaves slowly, behind one service, and a client in mid-request.
struct Draining : World {
  int front = free_port();
  std::optional<Client> client;

  explicit Draining(const std::vector<std::string>& leave = {}) {
    start(web() + service("web", front));
    BOOST_REQUIRE(eventually([&] { return is_served(front); }));
    client.emplace(front);
    BOOST_REQUIRE(client->send(half_a_request));
    BOOST_REQUIRE(says({"describe", "service", "web"}, {"1 active"}));
    if (leave.empty()) return;
    done(leave);
    BOOST_REQUIRE(reeve().prints("Draining pod/web: Out of 1 service; open connections get up to 1m40s"));
  }
  void check_answered() {
    BOOST_TEST(client->send(the_rest));
    BOOST_TEST(client->read_to_end().ends_with("hello\n"));
    BOOST_TEST(client->read_error() == 0);
    client.reset();
  }
  // As the end of its server looks without us: in order or not, but with no answer.
  void check_ended() {
    BOOST_TEST(client->read_to_end().empty());
    BOOST_TEST(client->read_error() != EAGAIN);
  }
};

const std::vector<std::string> delete_web{"delete", "pod", "web", "--wait=false"};

std::string manifest(const std::string& name, const std::string& depends_on, const Scratch& scratch) {
  return "apiVersion: v1\nkind: Pod\nmetadata:\n  name: " + name + "\nspec:\n  dependsOn: [" + depends_on +
         "]\n  containers:\n  - name: main\n    command: [" + quoted(scratch.behave()) + ", --hang]\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(leaving)

BOOST_AUTO_TEST_CASE(a_post_start_hook_holds_up_the_containers_behind_it_and_kills_by_failing) {
  World world;
  const Scratch& scratch = world.scratch();
  world.start("[pod.two.containers.first]\n" + command_line(scratch, {"--hang"}) +
              "lifecycle.postStart = " + world.hook("begun", "go") + "[pod.two.containers.second]\n" +
              command_line(scratch, {"--print", "second", "--hang"}) + pod(scratch, "bad", {"--hang"}) +
              "[pod.bad.lifecycle.postStart.exec]\n" + command_line(scratch, {"--print", "no licence", "--exit", "3"}));
  BOOST_REQUIRE(world.appears("begun"));
  BOOST_TEST(world.reeve().prints("FailedPostStartHook pod/bad spec.containers{bad}: PostStartHook failed: "));
  BOOST_TEST(world.reeve().prints("no licence"));
  BOOST_TEST(world.reeve().prints("Killing pod/bad spec.containers{bad}: FailedPostStartHook"));
  BOOST_TEST(world.says({"why", "pod/bad"}, {"no licence"}));
  BOOST_TEST(world.reeve().count("[two/second] second\n") == 0u);
  world.touch("go");
  BOOST_TEST(world.reeve().prints("[two/second] second\n"));
}

BOOST_AUTO_TEST_CASE(a_pre_stop_hook_comes_before_the_stop_signal) {
  World world;
  world.start(
      world.web("terminationGracePeriodSeconds = 100\nlifecycle.stopSignal = \"SIGUSR1\"\nlifecycle.preStop = " +
                    world.hook("begun", "go"),
                {"--ignore-signal", "TERM", "--exit-on-signal", "USR1", "0"}));
  BOOST_REQUIRE(world.says({"get", "pods"}, {"1/1"}));
  world.done(delete_web);
  BOOST_REQUIRE(world.appears("begun"));
  BOOST_TEST(world.says({"describe", "pod", "web"}, {"Terminating (lasts ", "Leaving:\n  preStop began "}));
  BOOST_TEST(is_served(world.backend()));
  world.touch("go");
  BOOST_TEST(world.is_gone("pod/web"));
}

BOOST_AUTO_TEST_CASE(a_pre_stop_hook_asks_the_program_or_sleeps) {
  World world;
  world.start(world.web("lifecycle.preStop.httpGet = { path = \"/execute/bye\", port = " +
                        std::to_string(world.backend()) + " }\n") +
              pod(world.scratch(), "sleepy", {"--print", "up", "--hang"}, "lifecycle.preStop.sleep.seconds = 0.6\n"));
  BOOST_REQUIRE(world.says({"get", "pods"}, {"1/1"}));
  BOOST_REQUIRE(world.reeve().prints("[sleepy/sleepy] up\n"));
  world.done(delete_web);
  BOOST_TEST(world.is_gone("pod/web"));
  std::string line;
  std::ifstream executed(world.scratch().file("executed"));
  std::getline(executed, line);
  BOOST_TEST(line == "bye");
  const auto asked = Clock::now();
  world.done({"delete", "pod", "sleepy"});
  BOOST_TEST((Clock::now() - asked >= Millis(600)));
}

BOOST_AUTO_TEST_CASE(a_dependent_starts_after_what_it_depends_on_and_leaves_before_it) {
  World world;
  world.touch("unready");
  world.start(world.web() + "[deployment.front]\ndependsOn = [\"web\"]\n" +
              command_line(world.scratch(), {"--print", "front is up", "--hang"}) +
              "lifecycle.preStop = " + world.hook("begun", "go"));
  BOOST_TEST(world.says({"get", "pods"}, {"WaitingForDependencies"}));
  BOOST_TEST(world.says({"why", "deployment/front"}, {"waits for pod/web"}));
  BOOST_TEST(world.reeve().count("front is up\n") == 0u);
  std::filesystem::remove(world.scratch().file("unready"));
  BOOST_REQUIRE(world.reeve().prints("front is up\n"));

  world.reeve().signal(SIGTERM);
  BOOST_REQUIRE(world.appears("begun"));
  BOOST_TEST(is_served(world.backend()));
  world.touch("go");
  BOOST_TEST(world.reeve().wait().value_or(-1) == 0);
  const std::string out = world.reeve().output();
  BOOST_TEST(out.find("Stopping container front") < out.find("Stopping container web"));
  BOOST_TEST(nothing_left(world.scratch()));
}

BOOST_AUTO_TEST_CASE(circles_are_refused_wherever_they_come_from) {
  World world;
  const Scratch& scratch = world.scratch();
  const auto waits = [&](const std::string& name, const std::string& other) {
    return pod(scratch, name, {"--hang"}, "dependsOn = [" + other + "]\n");
  };
  const std::string circle = " would ever start: each waits for the next";
  world.write(waits("a", "\"b\"") + waits("b", "\"a\""));
  const Finished checked = run_to_end({"check", "-f", scratch.file("a.toml")});
  BOOST_TEST(checked.code == 2);
  BOOST_TEST(checked.output.find(circle) != std::string::npos, checked.output);

  world.start(waits("a", ""));
  world.says({"get", "pods"}, {"1/1"});
  world.done({"apply", "-f", "-"}, manifest("b", "a", scratch));
  const Finished applied = world.run({"apply", "-f", "-"}, manifest("a", "b", scratch));
  BOOST_TEST(applied.code != 0);
  BOOST_TEST(applied.output.find("nothing of a → b → a" + circle) != std::string::npos, applied.output);

  // The files alone hold no circle: by them, c waits for nobody.
  world.write(waits("a", "") + waits("c", ""));
  world.reeve().signal(SIGHUP);
  BOOST_REQUIRE(world.reeve().prints("] reloaded\n"));
  world.done({"apply", "-f", "-"}, manifest("c", "a", scratch));
  world.write(waits("a", "\"c\"") + waits("c", ""));
  world.reeve().signal(SIGHUP);
  BOOST_TEST(world.reeve().prints("a.toml:3: nothing of a → c → a would ever start: each waits for the next; "));
  BOOST_TEST(world.reeve().prints("reload refused: nothing was changed"));
}

BOOST_AUTO_TEST_CASE(connections_of_a_pod_that_is_ready_no_more_are_kept_drained_or_reset) {
  World world;
  const int fronts[] = {free_port(), free_port(), free_port()};
  world.start(world.web() + world.service("keeps", fronts[0]) +
              world.service("drains", fronts[1], "onUnready = \"drain\"\n") +
              world.service("resets", fronts[2], "onUnready = \"reset\"\n"));
  for (const int front : fronts) BOOST_REQUIRE(eventually([&] { return is_served(front); }));
  Client kept(fronts[0]), idle(fronts[1]), drained(fronts[1]), reset(fronts[2]);
  BOOST_TEST(idle.send("GET / HTTP/1.1\r\n\r\n"));
  for (Client* each : {&kept, &drained, &reset}) BOOST_TEST(each->send(half_a_request));
  for (const std::string name : {"keeps", "resets"}) {
    BOOST_REQUIRE(world.says({"describe", "service", name}, {"1 active"}));
  }
  BOOST_REQUIRE(world.says({"describe", "service", "drains"}, {"2 active"}));
  BOOST_REQUIRE(world.tell("/be-unready"));

  BOOST_TEST(idle.read_to_end().ends_with("hello\n"));
  BOOST_TEST(idle.read_error() == 0);
  reset.read_to_end();
  BOOST_TEST(reset.read_error() == ECONNRESET);
  for (Client* each : {&kept, &drained}) {
    BOOST_TEST(each->send("\r\n"));  // without asking for the end
  }
  BOOST_TEST(drained.read_to_end().ends_with("hello\n"));
  BOOST_TEST(drained.read_error() == 0);
  BOOST_TEST(world.says({"describe", "service", "drains"}, {"0 active", "2 drained"}));
  BOOST_TEST(kept.send(half_a_request + the_rest));
  BOOST_TEST(kept.read_to_end().ends_with("hello\n"));
}

BOOST_AUTO_TEST_CASE(new_clients_of_a_service_without_ready_pods_are_refused_held_or_reset) {
  World world;
  world.touch("unready");
  const int refuses = free_port(), holds = free_port(), briefly = free_port(), resets = free_port();
  world.start(world.web() + world.service("refuses", refuses) +
              world.service("holds", holds, "whenUnready = \"hold\"\nholdSeconds = 100\n") +
              world.service("briefly", briefly, "whenUnready = \"hold\"\nholdSeconds = 0.3\n") +
              world.service("resets", resets, "whenUnready = \"reset\"\n"));
  for (const int front : {holds, briefly, resets}) {
    BOOST_REQUIRE(eventually([&] { return try_connect(front) == Connected::yes; }));
  }
  BOOST_TEST((try_connect(refuses) == Connected::refused));
  Client reset(resets), held(holds), held_in_vain(briefly);
  BOOST_TEST(held.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"));
  reset.read_to_end();
  BOOST_TEST(reset.read_error() == ECONNRESET);
  held_in_vain.read_to_end();
  BOOST_TEST(held_in_vain.read_error() == ECONNRESET);
  BOOST_TEST(world.says({"describe", "service", "briefly"}, {"held in vain"}));
  BOOST_TEST(world.says({"why", "service/refuses"}, {"0 ready endpoints, connections are refused"}));
  BOOST_TEST(world.says({"why", "service/holds"}, {"0 ready endpoints, clients wait for one, at most 100s"}));
  BOOST_TEST(world.says({"why", "service/resets"}, {"0 ready endpoints, connections are reset"}));
  BOOST_TEST(world.says({"describe", "service", "holds"}, {"1 held"}));

  std::filesystem::remove(world.scratch().file("unready"));
  BOOST_TEST(held.read_to_end().ends_with("hello\n"));
  for (const int front : {refuses, holds, briefly, resets}) {
    BOOST_TEST(eventually([&] { return is_served(front); }));
  }
  BOOST_REQUIRE(world.tell("/be-unready"));
  const std::string head = " has no ready pod: ";
  BOOST_TEST(world.reeve().prints("service/refuses" + head + "connections are refused\n"));
  BOOST_TEST(world.reeve().prints("service/holds" + head + "clients wait for one, at most 1m40s\n"));
  BOOST_TEST(world.reeve().prints("service/briefly" + head + "clients wait for one, at most 300ms\n"));
  BOOST_TEST(world.reeve().prints("service/resets" + head + "connections are reset\n"));
}

BOOST_AUTO_TEST_CASE(a_drain_is_told_while_it_lasts_and_ends_with_the_last_connection) {
  Draining world(delete_web);
  const std::string step = "drain began ", why = " ago: a service still has open connections to it";
  BOOST_TEST(world.says({"describe", "pod", "web"}, {"Leaving:\n  " + step, why}));
  BOOST_TEST(world.says({"why", "pod/web"}, {"it is leaving: gone in ", step, why}));
  BOOST_TEST(is_served(world.front));
  BOOST_TEST(world.says({"why", "service/web"}, {"0 ready endpoints, one that leaves still serves"}));
  BOOST_TEST(world.reeve().prints("service/web has no ready pod: one that leaves still serves\n"));
  BOOST_TEST(world.reeve().count("connections are refused") == 0u);
  BOOST_TEST(world.reeve().count("Stopping container") == 0u);
  world.check_answered();
  BOOST_TEST(world.is_gone("pod/web"));
  BOOST_TEST(world.reeve().count("DrainTimedOut") == 0u);
}

BOOST_AUTO_TEST_CASE(a_service_that_is_deleted_in_mid_drain_still_tells_of_its_end) {
  Draining world(delete_web);
  world.done({"delete", "service", "web"});
  BOOST_TEST(world.reeve().count("Stopping container") == 0u);
  world.check_answered();
  BOOST_TEST(world.is_gone("pod/web"));
  BOOST_TEST(world.reeve().count("DrainTimedOut") == 0u);
}

BOOST_AUTO_TEST_CASE(a_forced_deletion_waits_for_no_drain) {
  Draining world(delete_web);
  world.done({"delete", "pod", "web", "--grace-period=0", "--force"});
  world.check_ended();
  BOOST_TEST(world.is_gone("pod/web"));
  BOOST_TEST(processes_named(world.scratch().behave_name()).empty());
}

BOOST_AUTO_TEST_CASE(asked_twice_to_stop_reeve_waits_for_no_drain) {
  Draining world;
  world.reeve().signal(SIGINT);
  BOOST_REQUIRE(world.reeve().prints("Draining pod/web"));
  world.reeve().signal(SIGINT);
  BOOST_TEST(world.reeve().wait().value_or(-1) == 0);
  world.check_ended();
  BOOST_TEST(nothing_left(world.scratch()));
}

BOOST_AUTO_TEST_CASE(a_restart_on_request_drains_first) {
  Draining world({"restart", "pod/web"});
  BOOST_TEST(world.says({"why", "pod/web"}, {"it is being stopped", "drain began "}));
  BOOST_TEST(world.reeve().count("listening on 127.0.0.1:" + std::to_string(world.backend())) == 1u);
  world.check_answered();
  BOOST_TEST(world.reeve().prints("Container web is restarted on request"));
  BOOST_TEST(world.reeve().prints_times("[web/web] listening on", 2));
  BOOST_TEST(eventually([&] { return is_served(world.front); }));
  BOOST_TEST(world.says({"get", "pods"}, {"1/1"}));
  BOOST_TEST(world.says({"why", "pod/web"}, {"pod/web is ready"}));
}

BOOST_AUTO_TEST_SUITE_END()
