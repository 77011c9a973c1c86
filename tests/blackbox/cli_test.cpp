// The commands against a running reeve, as somebody at a terminal uses them.
#include <blackbox/support.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <future>

using namespace reeve::test;

namespace {

// A reeve with a socket of its own: one pod that is ready once the file "ok" is there, one that ends after a second.
class Asked {
 public:
  explicit Asked(const std::string& more = {})
      : reeve_({"run", "-f",
                scratch_.write("a.toml", "[supervisor]\nisolation = \"none\"\nsocket = " + quoted(socket()) +
                                             "\n[pod.web]\ncommand = [" + quoted(scratch_.behave()) +
                                             ", \"--print\", \"good morning\", \"--hang\"]\n"
                                             "[pod.web.readinessProbe]\nperiodSeconds = 0.1\n"
                                             "exec = { command = [\"/usr/bin/test\", \"-e\", " +
                                             quoted(scratch_.file("ok")) + "] }\n" + more)}) {
    BOOST_REQUIRE(eventually([&] { return run({"get", "pods"}).output.find("Running") != std::string::npos; }));
  }

  Finished run(std::vector<std::string> arguments, const std::string& input = {}) const {
    arguments.insert(arguments.end(), {"--socket", socket()});
    return run_to_end(std::move(arguments), input);
  }
  std::string socket() const { return scratch_.file("s"); }
  const Scratch& scratch() const { return scratch_; }

 private:
  Scratch scratch_;
  Reeve reeve_;
};

bool has(const Finished& finished, const std::string& text) { return finished.output.find(text) != std::string::npos; }

}  // namespace

BOOST_AUTO_TEST_SUITE(cli)

BOOST_AUTO_TEST_CASE(get_and_describe_show_a_pod_that_is_not_ready) {
  const Asked asked;
  const Finished pods = asked.run({"get", "pods", "web"});
  BOOST_TEST(pods.code == 0);
  BOOST_TEST(pods.output.starts_with("NAME   READY   STATUS    RESTARTS   AGE\nweb    0/1     Running   0          "));
  BOOST_TEST(asked.run({"get", "po", "-o", "name"}).output == "pod/web\n");
  Finished text;
  const bool is_told = eventually([&] {
    text = asked.run({"describe", "pod", "web"});
    return has(text, "spec.containers{web}: Readiness probe failed: ");
  });
  BOOST_TEST(is_told, text.output);
  BOOST_TEST(has(text, "delay=0s timeout=1s period=0.1s #success=1 #failure=3\n"));
}

BOOST_AUTO_TEST_CASE(errors_are_kubectl_s) {
  const Asked asked;
  const Finished missing = asked.run({"get", "pods", "nope"});
  BOOST_TEST(missing.code == 1);
  BOOST_TEST(missing.output == "Error from server (NotFound): pods \"nope\" not found\n");
  BOOST_TEST(asked.run({"get", "foo"}).output == "error: the server doesn't have a resource type \"foo\"\n");
  BOOST_TEST(asked.run({"get", "services"}).output == "No resources found in default namespace.\n");
  const Finished nobody = run_to_end({"get", "pods", "--socket", "/nowhere/s"});
  BOOST_TEST(nobody.code == 1);
  BOOST_TEST(has(nobody, "error: cannot connect to /nowhere/s: is reeve running?"));
}

BOOST_AUTO_TEST_CASE(wait_returns_when_it_is_so_and_else_names_the_culprit) {
  const Asked asked;
  const Finished late = asked.run({"wait", "--for=condition=Ready", "pod/web", "--timeout", "300ms"});
  BOOST_TEST(late.code == 1);
  BOOST_TEST(late.output.starts_with("error: timed out waiting for the condition on pods/web\n"));
  BOOST_TEST(has(late, "its readiness probe does not succeed"));
  auto waiting = std::async(std::launch::async, [&] {
    return asked.run({"wait", "--for=condition=Ready", "pod/web", "--timeout", "20s"});
  });
  asked.scratch().write("ok", "");
  const Finished met = waiting.get();
  BOOST_TEST(met.code == 0);
  BOOST_TEST(met.output == "pod/web condition met\n");
  BOOST_TEST(asked.run({"why", "web"}).output.starts_with("pod/web is ready for "));
  BOOST_TEST(asked.run({"status"}).code == 0);
}

BOOST_AUTO_TEST_CASE(status_and_why_tell_what_is_waited_for) {
  const Asked asked;
  BOOST_REQUIRE(eventually([&] { return has(asked.run({"why", "web"}), "failures in a row"); }));
  const Finished status = asked.run({"status"});
  BOOST_TEST(status.code == 3);
  BOOST_TEST(has(status, "● pod/web  Running, not ready for "));
  BOOST_TEST(has(status, "its readiness probe does not succeed: exec [/usr/bin/test -e "));
  // The line that decides, for the pod and for its probe.
  const Finished why = asked.run({"why", "web"});
  BOOST_TEST(has(why, "Running (" + asked.scratch().file("a.toml") + ":4)\n"), why.output);
  BOOST_TEST(has(why, "#success=1 #failure=3 (" + asked.scratch().file("a.toml") + ":6)\n"), why.output);
}

BOOST_AUTO_TEST_CASE(apply_creates_configures_and_leaves_alone_and_delete_waits) {
  const Asked asked;
  const auto two = [&](const std::string& replicas) {
    return asked.scratch().write("b.toml", "[deployment.d]\nreplicas = " + replicas + "\ncommand = [" +
                                               quoted(asked.scratch().behave()) + ", \"--hang\"]\n");
  };
  const std::string file = two("1");
  BOOST_TEST(asked.run({"diff", "-f", file}).output == "deployment.apps/d\n  is in the file only\n");
  BOOST_TEST(asked.run({"apply", "-f", file}).output == "deployment.apps/d created\n");
  BOOST_TEST(asked.run({"apply", "-f", file}).output == "deployment.apps/d unchanged\n");
  two("2");
  const Finished different = asked.run({"diff", "-f", file});
  BOOST_TEST(different.code == 1);
  BOOST_TEST(different.output == "deployment.apps/d\n  spec.replicas: 1 -> 2\n");
  BOOST_TEST(asked.run({"apply", "-f", file}).output == "deployment.apps/d configured\n");
  BOOST_TEST(asked.run({"wait", "--for=jsonpath={.status.readyReplicas}=2", "deploy/d"}).code == 0);
  BOOST_TEST(asked.run({"delete", "-f", file}).output == "deployment.apps \"d\" deleted from default namespace\n");
  BOOST_TEST(asked.run({"delete", "pod", "web", "--grace-period", "1"}).output ==
             "pod \"web\" deleted from default namespace\n");
  BOOST_TEST(has(asked.run({"get", "pods", "web"}), "not found"));
}

BOOST_AUTO_TEST_CASE(apply_lists_every_mistake_and_applies_nothing) {
  const Asked asked;
  const Finished wrong =
      asked.run({"apply", "-f", "-"}, "[pod.fine]\ncommand = [\"/bin/true\"]\n[pod.bad]\ncomand = [\"x\"]\n");
  BOOST_TEST(wrong.code == 2);
  BOOST_TEST(has(wrong, "<stdin>:4:1: unknown key \"comand\""));
  BOOST_TEST(asked.run({"get", "pods", "-o", "name"}).output == "pod/web\n");
}

BOOST_AUTO_TEST_CASE(logs_follow_a_container_through_its_restarts) {
  Scratch scratch;
  const Asked asked(
      "[pod.short]\nrestartPolicy = \"OnFailure\"\nrestartBackoff.initialSeconds = 0.1\n"
      "command = [\"/bin/sh\", \"-c\", \"echo run; sleep 0.2; echo end; test -e " +
      scratch.file("done") + "\"]\n");
  BOOST_TEST(has(asked.run({"logs", "web", "--prefix"}), "[pod/web/web] good morning\n"));
  Reeve following({"logs", "-f", "short", "--socket", asked.socket()});
  BOOST_TEST(following.prints("run\nend\nrun\nend\nrun\nend\n"), following.output());
  scratch.write("done", "");
  BOOST_TEST(following.wait().value_or(-1) == 0);
  BOOST_TEST(asked.run({"logs", "web", "-c", "x"}).output ==
             "error: container x is not valid for pod web out of: web\n");
}

BOOST_AUTO_TEST_CASE(simulate_needs_no_reeve_and_hardly_any_time) {
  const Scratch scratch;
  const auto begin = Clock::now();
  const Finished told = run_to_end({"simulate", "-f", "tests/data/manifests/healthcheck.yml", "-f",
                                    scratch.write("s.toml", "[simulate.healthcheck]\ncrashAfterSeconds = 10\n")});
  BOOST_TEST((Clock::now() - begin < Millis(500)));  // 50 ms where nothing else runs
  BOOST_TEST(told.code == 0);
  for (const char* each : {"\n10s ", "\n30s ", "\n60s ", "\n110s", "\n200s"}) {
    BOOST_TEST(has(told, std::string(each) + "  pod/healthcheck  restarted"), each);
  }
}

BOOST_AUTO_TEST_CASE(simulate_tells_what_an_update_would_do) {
  const std::string first = "tests/data/rollout/app.v1.yml", second = "tests/data/rollout/app.v2.yml";
  const Finished stuck = run_to_end({"simulate", "-f", first, "--then", second, "--never-ready", "app"});
  BOOST_TEST(stuck.code == 0);
  BOOST_TEST(has(stuck, "deployment/app: 8/10 ready, 5 updated, 8 available, ProgressDeadlineExceeded\n"));
  BOOST_TEST(has(stuck, "\n   10 |"));
  const Finished series = run_to_end({"simulate", "-f", first, "--then", second, "--at", "60s", "-o", "json"});
  BOOST_TEST(
      has(series, "{\"seconds\":60,\"object\":\"" + second + "\",\"what\":\"applied\",\"text\":\"is applied\"}\n"));
  BOOST_TEST(
      has(series, "{\"object\":\"deployment/app\",\"what\":\"series\",\"series\":[{\"seconds\":0,\"desired\":10,"));
  BOOST_TEST(run_to_end({"simulate", "-f", first, "--at", "1s"}).code == 2);
  BOOST_TEST(run_to_end({"simulate", "-f", first, "--then", "/nowhere"}).code == 2);
  BOOST_TEST(run_to_end({"simulate", "-f", first, "--never-ready", "web"}).output ==
             "error: --never-ready web: " + first + " has no such pod or deployment\n");
}

BOOST_AUTO_TEST_SUITE_END()
