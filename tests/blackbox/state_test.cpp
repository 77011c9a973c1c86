// What outlives reeve: a scale, a pause, what commands made and what they took away; and what does not: processes.
#include <blackbox/state_world.hpp>

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>

using namespace reeve::test;
namespace json = boost::json;

namespace {

std::string web(const Scratch& scratch, int replicas, const std::string& more = "") {
  return "[deployment.web]\nreplicas = " + std::to_string(replicas) + "\nisolation = \"none\"\n" +
         command_line(scratch, {"--hang"}) + more;
}

const std::string web_path = deployments_path + "/web";

std::string manifest_of_pod(const Scratch& scratch, const std::string& name) {
  return R"({"metadata":{"name":")" + name + R"("},"spec":{"containers":[{"name":"main","command":[")" +
         scratch.behave() + R"(","--hang"]}]}})";
}

json::value replicas(const StateWorld& world) { return at(world.get(web_path), "/spec/replicas"); }

struct Process {
  std::string state;  // empty: there is none; Z: it has ended, and nobody has looked
  pid_t parent = 0;
};
Process process(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name;
  Process found;
  stat >> number >> name >> found.state >> found.parent;
  return found;
}

bool is_alive(pid_t pid) {
  const std::string state = process(pid).state;
  return !state.empty() && state != "Z";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(state)

BOOST_AUTO_TEST_CASE(what_commands_did_holds_through_kill_9_until_the_file_says_otherwise) {
  StateWorld world;
  world.write(web(world.scratch, 1));
  world.start();
  BOOST_TEST(world.run({"scale", "deployment/web", "--replicas", "3"}).code == 0);
  BOOST_TEST(world.run({"rollout", "pause", "deployment/web"}).code == 0);
  const json::value before = world.get(web_path);
  world.restart();
  const json::value after = world.get(web_path);
  for (const char* same : {"/spec", "/metadata/uid", "/metadata/creationTimestamp", "/metadata/generation",
                           "/metadata/annotations/deployment.kubernetes.io~1revision"}) {
    BOOST_TEST((at(after, same) == at(before, same)), same);
    BOOST_TEST(!at(after, same).is_null(), same);
  }
  BOOST_TEST(world.run({"diff", "-f", world.scratch.file("a.toml")}).output.find("spec.replicas: 3 -> 1") !=
             std::string::npos);
  // An edit of something else in the files leaves it, at a reload and at a start.
  const std::string other = pod(world.scratch, "other", {"--hang"}, "isolation = \"none\"");
  world.write(web(world.scratch, 1) + other);
  world.reload();
  BOOST_TEST(replicas(world) == 3);
  world.restart();
  BOOST_TEST(replicas(world) == 3);
  BOOST_TEST(!world.get(pods_path + "/other").is_null());
  // An edit of this one wins, and one that leaves the files while reeve is down never starts.
  world.kill();
  world.write(web(world.scratch, 2));
  world.start();
  BOOST_TEST(replicas(world) == 2);
  BOOST_TEST(world.get(pods_path + "/other").is_null());
  BOOST_TEST(world.reeve->count("pod/other") == 0u);
}

// An informer that goes on where it was with the reeve before would miss what happened in between.
BOOST_AUTO_TEST_CASE(a_watch_from_before_the_restart_is_told_to_list_again) {
  StateWorld world;
  world.write(web(world.scratch, 1));
  world.start();
  const std::string before = at(world.get(pods_path), "/metadata/resourceVersion").as_string().c_str();
  world.restart();
  const Answer answer = world.ask("GET", pods_path + "?watch=true&timeoutSeconds=1&resourceVersion=" + before);
  BOOST_TEST(answer.body.find("\"code\":410") != std::string::npos, answer.body);
  const std::string after = at(world.get(pods_path), "/metadata/resourceVersion").as_string().c_str();
  BOOST_TEST(std::stoull(after) > std::stoull(before));
}

BOOST_AUTO_TEST_CASE(an_object_made_by_a_command_stays_and_one_taken_away_stays_away) {
  StateWorld world;
  world.write(web(world.scratch, 1) + pod(world.scratch, "filed", {"--hang"}));
  world.start();
  BOOST_TEST(world.ask("POST", pods_path, manifest_of_pod(world.scratch, "made")).status == 201);
  BOOST_TEST(world.ask("DELETE", pods_path + "/filed").status == 200);
  BOOST_REQUIRE(eventually([&] { return world.get(pods_path + "/filed").is_null(); }));
  // In order, too: a shutdown stops pods, but not for good.
  for (const int signal : {SIGKILL, SIGTERM}) {
    world.reeve->signal(signal);
    BOOST_REQUIRE(world.reeve->wait().has_value());
    world.start();
    BOOST_TEST(!world.get(pods_path + "/made").is_null());
    BOOST_TEST(world.get(pods_path + "/filed").is_null());
  }
}

BOOST_AUTO_TEST_CASE(a_reload_with_a_mistake_changes_nothing_and_tells_every_one) {
  StateWorld world;
  world.write(web(world.scratch, 1));
  world.start();
  world.write(web(world.scratch, 2, "replica = 7\n") + "[pod.x]\ncommand = 5\n");
  world.reload();
  BOOST_TEST(world.reeve->prints("replica"));
  BOOST_TEST(world.reeve->prints("command"));
  BOOST_TEST(world.reeve->prints("reload refused: nothing was changed"));
  BOOST_TEST(replicas(world) == 1);
}

BOOST_AUTO_TEST_CASE(a_second_reeve_exits_and_names_the_first) {
  StateWorld world;
  world.write(web(world.scratch, 1));
  world.start();
  Reeve second({"run", "-f", world.scratch.file("a.toml")});
  BOOST_TEST(second.wait().value_or(-1) == 1);
  BOOST_TEST(second.output() == "reeve: stateDirectory: " + world.scratch.file("state") +
                                    " is in use by another reeve, pid " + std::to_string(world.reeve->pid()) +
                                    ": Resource temporarily unavailable\n");
}

BOOST_AUTO_TEST_CASE(a_directory_that_cannot_be_used_is_refused_with_its_cause) {
  StateWorld world;
  world.write(web(world.scratch, 1));
  std::filesystem::create_directory(world.scratch.file("state"));
  std::filesystem::permissions(world.scratch.file("state"), std::filesystem::perms::all);
  Reeve shared({"run", "-f", world.scratch.file("a.toml")});
  BOOST_TEST(shared.wait().value_or(-1) == 1);
  BOOST_TEST(shared.output().find("others than its owner may write there: chmod go-w") != std::string::npos);
  std::filesystem::remove(world.scratch.file("state"));
  std::ofstream(world.scratch.file("state")) << "a file";
  Reeve file({"run", "-f", world.scratch.file("a.toml")});
  BOOST_TEST(file.wait().value_or(-1) == 1);
  BOOST_TEST(file.output().find("Not a directory") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_used_is_set_aside_and_said) {
  StateWorld world;
  world.write(web(world.scratch, 1));
  world.start();
  BOOST_TEST(world.run({"scale", "deployment/web", "--replicas", "3"}).code == 0);
  for (const std::string text :
       {R"({"kind":"ReeveState","version":1,"writ)", R"({"kind":"ReeveState","version":99})"}) {
    world.kill();
    std::ofstream(world.state_file()) << text;
    world.start();
    BOOST_TEST(world.reeve->prints(world.state_file() + " cannot be used: "));
    BOOST_TEST(replicas(world) == 1);
    std::size_t aside = 0;
    for (const std::string& each : world.state_directory()) aside += each.starts_with("state.json.broken-20") ? 1 : 0;
    BOOST_TEST(aside >= 1u);
  }
}

BOOST_AUTO_TEST_CASE(without_a_directory_nothing_is_kept_and_status_says_so) {
  const Scratch scratch;
  const std::string socket = scratch.file("s");
  Reeve reeve({"run", "-f",
               scratch.write("a.toml", "[supervisor]\nstateDirectory = \"\"\nsocket = " + quoted(socket) + "\n" +
                                           pod(scratch, "one", {"--hang"}))});
  BOOST_TEST(ApiClient(socket).get("/version").status == 200);
  BOOST_TEST(run_to_end({"status", "--socket", socket}).output.find("is not kept over a restart") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(systemd_may_name_the_directory) {
  const Scratch scratch;
  const std::string socket = scratch.file("s"), directory = scratch.file("from/systemd");
  RunSettings settings;
  settings.environment = {"STATE_DIRECTORY=" + directory + ":/another"};
  Reeve reeve(
      {"run", "-f",
       scratch.write("a.toml", "[supervisor]\nsocket = " + quoted(socket) + "\n" + pod(scratch, "one", {"--hang"}))},
      settings);
  BOOST_TEST(eventually([&] { return std::filesystem::exists(directory + "/state.json"); }));
  BOOST_TEST((std::filesystem::status(directory).permissions() == std::filesystem::perms::owner_all));
}

// A tree without namespaces whose tiny init cannot end it any more: stopped, or killed in the same moment as reeve.
BOOST_AUTO_TEST_CASE(what_an_earlier_reeve_left_is_ended_before_anything_starts) {
  for (const int sent : {SIGSTOP, SIGKILL}) {
    StateWorld world;
    world.write(pod(world.scratch, "one",
                    {"--fork-child", "setsid", "--ignore-signal", "TERM", "--print", "up", "--hang"},
                    "isolation = \"none\""));
    world.start();
    BOOST_REQUIRE(world.reeve->prints("up\n"));
    std::vector<pid_t> left = processes_named(world.scratch.behave_name());
    BOOST_REQUIRE(left.size() == 2u);
    const pid_t reeve = world.reeve->pid();
    std::vector<pid_t> keepers;
    for (const pid_t each : left) {
      for (pid_t up = process(each).parent; up > 1 && up != reeve; up = process(up).parent) {
        if (std::find(left.begin(), left.end(), up) == left.end()) keepers.push_back(up);
      }
    }
    BOOST_REQUIRE(!keepers.empty());
    world.reeve->signal(SIGSTOP);  // so that it does not end what its tiny init leaves
    for (const pid_t each : keepers) ::kill(each, sent);
    world.kill();
    // The kernel ends the leader with its tiny init, and nothing else of the tree.
    if (sent == SIGKILL) BOOST_TEST(eventually([&] { return std::erase_if(left, std::not_fn(is_alive)) == 1; }));
    BOOST_TEST(left.size() == (sent == SIGKILL ? 1u : 2u));
    for (const pid_t each : left) BOOST_TEST(is_alive(each));
    world.start();
    BOOST_TEST(world.reeve->prints("an earlier reeve left these processes, which were killed: "));
    BOOST_TEST(world.reeve->prints("up\n"));
    for (const pid_t each : left) BOOST_TEST(!is_alive(each));
    BOOST_TEST(world.reeve->output().find("an earlier reeve left") < world.reeve->output().find("up\n"));
    BOOST_TEST(processes_named(world.scratch.behave_name()).size() == 2u);
    for (const pid_t each : keepers) BOOST_TEST(eventually([&] { return !is_alive(each); }));
  }
}

BOOST_AUTO_TEST_CASE(processes_of_another_directory_are_left_alone) {
  StateWorld one, other;
  one.write(pod(one.scratch, "one", {"--print", "up", "--hang"}, "isolation = \"none\""));
  one.start();
  BOOST_REQUIRE(one.reeve->prints("up\n"));
  other.write(pod(other.scratch, "other", {"--hang"}, "isolation = \"none\""));
  other.start();
  other.restart();
  BOOST_TEST(processes_named(one.scratch.behave_name()).size() == 1u);
  BOOST_TEST(one.reeve->count("up\n") == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
