// Updates of deployments as somebody at a terminal makes them, with the documents' manifests on their own clock but
// for the readiness delay.
#include <blackbox/support.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>

using namespace reeve::test;

namespace {

bool has(const Finished& finished, const std::string& text) { return finished.output.find(text) != std::string::npos; }

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  BOOST_REQUIRE_MESSAGE(at != std::string::npos, from);
  return text.replace(at, from.size(), to);
}

// Their ten seconds are not the point here.
std::string quick(std::string manifest) {
  if (manifest.find("sleep 10;") != std::string::npos) manifest = replaced(std::move(manifest), "sleep 10; ", "");
  manifest = replaced(std::move(manifest), "initialDelaySeconds: 10", "initialDelaySeconds: 0");
  return replaced(std::move(manifest), "periodSeconds: 5", "periodSeconds: 1");
}

std::string manifest(const std::string& name) {
  std::ifstream file(REEVE_TEST_DATA "/rollout/" + name);
  return quick({std::istreambuf_iterator<char>(file), {}});
}

class Updated {
 public:
  Updated()
      : reeve_(
            {"run", "-f",
             scratch_.write("a.toml", "[supervisor]\nsocket = " + quoted(scratch_.file("s")) +
                                          "\n[images]\n\"*\" = \"/\"\n[pod.base]\nisolation = \"none\"\ncommand = [" +
                                          quoted(scratch_.behave()) + ", \"--hang\"]\n")}) {
    BOOST_REQUIRE(eventually([&] { return has(run({"get", "pods"}), "Running"); }));
  }

  Finished run(std::vector<std::string> arguments, const std::string& input = {}) const {
    const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
    const std::vector<std::string> socket{"--socket", scratch_.file("s")};
    arguments.insert(dashes, socket.begin(), socket.end());
    return run_to_end(std::move(arguments), input);
  }
  // The manifest of this name, in force and through.
  void roll_out(const std::string& name) {
    BOOST_TEST(run({"apply", "-f", "-", "--change-cause", name}, manifest(name)).code == 0);
    const Finished status = run({"rollout", "status", "deployment/app", "--timeout", "20s"});
    BOOST_REQUIRE_MESSAGE(status.code == 0, status.output);
  }
  // So much of a row of a table, blanks made one.
  bool shows(const std::string& row) const {
    const std::string table = run({"get", "deploy,rs"}).output;
    return std::regex_replace(table, std::regex(" +"), " ").find(row) != std::string::npos;
  }
  // The template that a small change is tried on.
  void small(const std::string& more = "") {
    const std::string text = "[deployment.web]\nreplicas = 2\nisolation = \"none\"\n" + more + "command = [" +
                             quoted(scratch_.behave()) + ", \"--hang\"]\n";
    BOOST_TEST(run({"apply", "-f", "-"}, text).code == 0);
    settled();
  }
  void settled() { BOOST_TEST(run({"rollout", "status", "deployment/web", "--timeout", "20s"}).code == 0); }
  std::size_t pods_named(const std::string& text) const {
    const std::string names = run({"get", "pods", "-o", "name"}).output;
    std::size_t count = 0;
    for (std::size_t at = names.find(text); at != std::string::npos; at = names.find(text, at + 1)) ++count;
    return count;
  }
  Reeve& reeve() { return reeve_; }
  const Scratch& scratch() const { return scratch_; }

 private:
  Scratch scratch_;
  Reeve reeve_;
};

const std::string is_so =
    "Waiting for deployment \"app\" rollout to finish: 5 out of 10 new replicas have been updated...";

}  // namespace

BOOST_AUTO_TEST_SUITE(rollouts)

BOOST_AUTO_TEST_CASE(a_version_that_never_gets_ready_stops_at_eight_and_five_and_is_undone) {
  Updated world;
  world.roll_out("app.v1.yml");
  const std::string ten = world.run({"get", "pods", "-l", "run=app", "-o", "name"}).output;
  const Finished configured = world.run({"apply", "-f", "-", "--change-cause", "app.v2.yml"}, manifest("app.v2.yml"));
  BOOST_TEST(configured.output == "deployment.apps/app configured\n");
  BOOST_TEST(eventually([&] { return world.shows("deployment.apps/app 8/10 5 8 "); }));
  BOOST_TEST(eventually([&] { return world.pods_named("pod/app-") == 13u; }));
  for (const char* each : {"up replica set app-.* from 0 to 10", "up replica set app-.* from 0 to 3",
                           "down replica set app-.* from 10 to 8", "up replica set app-.* from 3 to 5"}) {
    const std::string out = world.reeve().output();
    BOOST_TEST(std::regex_search(out, std::regex(std::string("ScalingReplicaSet .*Scaled ") + each)), each);
  }
  BOOST_TEST(world.run({"rollout", "status", "deploy/app", "--watch=false"}).output == is_so + "\n");
  const Finished late = world.run({"rollout", "status", "deploy/app", "--timeout", "100ms"});
  BOOST_TEST(late.code == 1);
  BOOST_TEST(has(late, is_so + "\n"));
  BOOST_TEST(has(late, "error: timed out waiting for the condition\n"));
  BOOST_TEST(has(late, "to go back to revision 1: reeve rollout undo deployment/app\n"), late.output);
  const Finished why = world.run({"why", "deployment/app"});
  BOOST_TEST(why.output.starts_with("deployment.apps/app: 8 of 10 ready, its update is not through: 5 of 10 updated"));
  BOOST_TEST(has(why, "of the new revision 2 (replica set app-"));
  BOOST_TEST(has(why, "its deadline passes in "));
  BOOST_TEST(has(world.run({"status"}), "8/10 ready, rolling 5/10, "));
  BOOST_TEST(world.run({"rollout", "history", "deployment/app"}).output ==
             "deployment.apps/app \nREVISION  CHANGE-CAUSE\n1         app.v1.yml\n2         app.v2.yml\n\n");
  BOOST_TEST(world.run({"rollout", "undo", "deployment/app"}).output == "deployment.apps/app rolled back\n");
  BOOST_TEST(world.run({"rollout", "status", "deployment/app", "--timeout", "20s"}).code == 0);
  BOOST_TEST(eventually([&] { return world.pods_named("pod/app-") == 10u; }));
  // The eight that were ready are still there; what left were the new ones.
  const std::string now = world.run({"get", "pods", "-l", "run=app", "-o", "name"}).output;
  std::size_t kept = 0;
  for (std::size_t at = 0; at < ten.size(); at = ten.find('\n', at) + 1) {
    kept += now.find(ten.substr(at, ten.find('\n', at) - at)) != std::string::npos ? 1u : 0u;
  }
  BOOST_TEST(kept == 8u);
  BOOST_TEST(world.reeve().count("Stopping container app") <= 7u);
  BOOST_TEST(world.run({"rollout", "history", "deployment/app"}).output ==
             "deployment.apps/app \nREVISION  CHANGE-CAUSE\n2         app.v2.yml\n3         app.v1.yml\n\n");
}

BOOST_AUTO_TEST_CASE(with_thirty_five_percent_it_stops_at_fourteen_and_seven) {
  Updated world;
  world.roll_out("app.v1.yml");
  world.run({"apply", "-f", "-"}, manifest("app.35.yml"));
  BOOST_TEST(eventually([&] { return world.shows("deployment.apps/app 7/10 7 7 "); }));
  BOOST_TEST(eventually([&] { return world.pods_named("pod/app-") == 14u; }));
  const Finished text = world.run({"describe", "deployment", "app"});
  BOOST_TEST(has(text, "Replicas:               10 desired | 7 updated | 14 total | 7 available | 7 unavailable\n"),
             text.output);
  BOOST_TEST(has(text, "RollingUpdateStrategy:  35% max unavailable, 35% max surge\n"));
  BOOST_TEST(std::regex_search(text.output, std::regex("OldReplicaSets: +app-\\w+ \\(7/7 replicas created\\)\n"
                                                       "NewReplicaSet: +app-\\w+ \\(7/7 replicas created\\)\n")));
}

BOOST_AUTO_TEST_CASE(paused_changes_wait_and_become_one_revision) {
  Updated world;
  world.small();
  BOOST_TEST(world.run({"rollout", "pause", "deployment/web"}).output == "deployment.apps/web paused\n");
  const Finished again = world.run({"rollout", "pause", "deployment/web"});
  BOOST_TEST(again.code == 1);
  BOOST_TEST(again.output == "error: deployments.apps \"web\" is already paused\n");
  BOOST_TEST(world.run({"set", "env", "deployment/web", "A=1", "B=2"}).output == "deployment.apps/web env updated\n");
  BOOST_TEST(world.run({"set", "env", "deployment", "web", "A-"}).output == "deployment.apps/web env updated\n");
  BOOST_TEST(has(world.run({"rollout", "undo", "deployment/web"}), "error: no rollout history found for deployment"));
  BOOST_TEST(world.run({"rollout", "restart", "deployment/web"}).output ==
             "error: deployments.apps \"web\" can't restart paused deployment (run rollout resume first)\n");
  BOOST_TEST(world.run({"rollout", "resume", "deployment/web"}).output == "deployment.apps/web resumed\n");
  BOOST_TEST(world.run({"rollout", "resume", "deployment/web"}).output ==
             "error: deployments.apps \"web\" is not paused\n");
  world.settled();
  const Finished history = world.run({"rollout", "history", "deployment/web", "--revision", "2"});
  BOOST_TEST(has(history, "deployment.apps/web with revision #2\nPod Template:\n  Labels:\tapp=web\n"));
  BOOST_TEST(has(history, "    Environment:\n      B:\t2\n"), history.output);
}

BOOST_AUTO_TEST_CASE(a_restart_replaces_every_pod_and_an_unchanged_file_leaves_it_so) {
  Updated world;
  world.small();
  const std::string before = world.run({"get", "pods", "-l", "app=web", "-o", "name"}).output;
  BOOST_TEST(world.run({"rollout", "restart", "deployment/web", "--record"}).output ==
             "deployment.apps/web restarted\n");
  const Finished twice = world.run({"rollout", "restart", "deployment/web"});
  const bool came_in_time =
      twice.code == 1 && has(twice, "error: failed to create patch for web: if restart has already");
  BOOST_TEST((came_in_time || twice.output == "deployment.apps/web restarted\n"), twice.output);
  world.settled();
  const std::string after = world.run({"get", "pods", "-l", "app=web", "-o", "name"}).output;
  for (std::size_t at = 0; at < before.size(); at = before.find('\n', at) + 1) {
    const std::string name = before.substr(at, before.find('\n', at) - at);
    BOOST_TEST(eventually([&] { return world.run({"get", name}).code == 1; }), name);
  }
  BOOST_TEST(has(world.run({"rollout", "history", "deployment/web"}),
                 "reeve rollout restart deployment/web --record --socket "));
  const std::string file = "[deployment.web]\nreplicas = 2\nisolation = \"none\"\ncommand = [" +
                           quoted(world.scratch().behave()) + ", \"--hang\"]\n";
  BOOST_TEST(world.run({"apply", "-f", "-"}, file).output == "deployment.apps/web unchanged\n");
}

BOOST_AUTO_TEST_CASE(set_and_scale_change_what_they_name) {
  Updated world;
  world.small();
  BOOST_TEST(world.run({"scale", "deployment/web", "--replicas=3", "--current-replicas=7"}).output ==
             "error: Expected replicas to be 7, was 2\n");
  BOOST_TEST(world.run({"scale", "web", "--replicas", "3"}).output == "deployment.apps/web scaled\n");
  world.settled();
  BOOST_TEST(world.shows("deployment.apps/web 3/3 3 3 "));
  BOOST_TEST(world.run({"scale", "web"}).code == 2);
  BOOST_TEST(world.run({"set", "image", "deployment/web", "*=new"}).output == "deployment.apps/web image updated\n");
  BOOST_TEST(world.run({"set", "image", "deployment/web", "*=new"}).output == "deployment.apps/web image unchanged\n");
  const Finished unknown = world.run({"set", "image", "deployment/web", "db=new"});
  BOOST_TEST(unknown.code == 1);
  BOOST_TEST(unknown.output == "error: unable to find container named \"db\"\n");
  world.settled();
  BOOST_TEST(world
                 .run({"set", "command", "deployment/web", "--change-cause", "said so", "--", world.scratch().behave(),
                       "--print", "other", "--hang"})
                 .output == "deployment.apps/web command updated\n");
  world.settled();
  BOOST_TEST(world.run({"rollout", "history", "deployment/web"}).output ==
             "deployment.apps/web \nREVISION  CHANGE-CAUSE\n1         <none>\n2         <none>\n3         said so\n\n");
  BOOST_TEST(world.reeve().prints_times("/web] other\n", 3));
  BOOST_TEST(world.run({"rollout", "undo", "deployment/web", "--to-revision", "1"}).output ==
             "deployment.apps/web rolled back\n");
  world.settled();
  BOOST_TEST(world.run({"rollout", "undo", "deployment/web", "--to-revision", "4"}).output ==
             "deployment.apps/web skipped rollback (current template already matches revision 4)\n");
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_told_as_kubectl_tells_it) {
  Updated world;
  world.small();
  const auto error = [&](std::vector<std::string> arguments) {
    const Finished finished = world.run(std::move(arguments));
    BOOST_TEST(finished.code == 1);
    return finished.output;
  };
  BOOST_TEST(error({"rollout", "undo", "deployment/web"}) ==
             "error: no rollout history found for deployment \"web\"\n");
  BOOST_TEST(error({"rollout", "undo", "deployment/web", "--to-revision=9"}) ==
             "error: unable to find specified revision 9 in history\n");
  BOOST_TEST(error({"rollout", "history", "deployment/web", "--revision=9"}) ==
             "error: unable to find the specified revision\n");
  BOOST_TEST(error({"rollout", "status", "deployment/web", "--revision=9"}) ==
             "error: desired revision (9) is different from the running revision (1)\n");
  for (const char* each : {"status", "history", "undo", "pause", "resume", "restart"}) {
    BOOST_TEST(error({"rollout", each, "deployment/nope"}) ==
               "Error from server (NotFound): deployments.apps \"nope\" not found\n");
  }
  BOOST_TEST(run_to_end({"rollout"}).code == 2);
  BOOST_TEST(run_to_end({"rollout", "backwards"}).code == 2);
  BOOST_TEST(run_to_end({"set", "--help"}).code == 0);
}

BOOST_AUTO_TEST_SUITE_END()
