// What simulate tells, character for character.
#include <cli/simulation.hpp>
#include <reeve/config/load.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace reeve;
using cli::Simulation;

namespace {

config::Configuration configuration_of(std::string text) {
  const config::Source source{"f", std::move(text), config::Format::toml};
  auto loaded = config::parse({&source, 1}, config::ImagesKnown::elsewhere);
  BOOST_REQUIRE(loaded.has_value());
  return *std::move(loaded);
}

std::vector<cli::Happening> simulated(std::string text, Duration span) {
  config::Configuration configuration = configuration_of(std::move(text));
  Simulation simulation({1, configuration.supervisor.isolation}, std::move(configuration.simulations));
  for (config::Placed& each : configuration.objects) simulation.apply(std::move(each.object));
  simulation.advance(span);
  return simulation.happenings();
}

std::vector<cli::Happening> only(std::vector<cli::Happening> all, std::string_view what) {
  std::erase_if(all, [&](const cli::Happening& each) { return each.what != what; });
  return all;
}

std::string mistake_in(std::string text) {
  const config::Source source{"f", std::move(text), config::Format::toml};
  const auto loaded = config::parse({&source, 1});
  return loaded ? "" : loaded.error()[0].message();
}

constexpr const char* healthcheck =
    "[pod.healthcheck]\nimage = \"busybox\"\nrestartPolicy = \"OnFailure\"\nargs = [\"/bin/sh\"]\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(simulation)

BOOST_AUTO_TEST_CASE(the_healthcheck_document_restarts_at_10_30_60_110_and_200_seconds) {
  const auto all =
      simulated(std::string(healthcheck) + "[simulate.healthcheck]\ncrashAfterSeconds = 10\n", seconds(300));
  BOOST_TEST(cli::timeline(only(all, "restarted")) ==
             "10s   pod/healthcheck  restarted (restart 1)\n"
             "30s   pod/healthcheck  restarted (restart 2)\n"
             "60s   pod/healthcheck  restarted (restart 3)\n"
             "110s  pod/healthcheck  restarted (restart 4)\n"
             "200s  pod/healthcheck  restarted (restart 5)\n");
}

BOOST_AUTO_TEST_CASE(without_assumptions_programs_run_for_ever) {
  BOOST_TEST(cli::timeline(simulated(healthcheck, seconds(86400))) ==
             "0s  pod/healthcheck  started\n"
             "0s  pod/healthcheck  is ready\n");
}

BOOST_AUTO_TEST_CASE(readiness_gates_the_endpoint_and_a_probe_names_the_assumption) {
  const auto all = simulated(
      "[pod.web]\ncommand = [\"/web\"]\n[pod.web.readinessProbe]\ntcpSocket = { port = 3000 }\nperiodSeconds = 1\n"
      "[service.web]\nport = 80\ntargetPort = 3000\npod = \"web\"\n[simulate.web]\nreadyAfterSeconds = 0.5\n",
      seconds(10));
  BOOST_TEST(cli::timeline(all) ==
             "0s  pod/web      started\n"
             "0s  pod/web      Warning Unhealthy: Readiness probe failed: [simulate.web] readyAfterSeconds = 0.5\n"
             "0s  service/web  listens on 127.77.221.60:80\n"
             "1s  pod/web      is ready\n"
             "1s  service/web  endpoint 127.0.0.1:3000 (pod/web) ready\n");
}

BOOST_AUTO_TEST_CASE(a_program_that_tells_does_so_under_the_same_assumptions) {
  const auto all = simulated(
      "[pod.web]\ncommand = [\"/web\"]\nreadinessProbe = { notify = {} }\n"
      "livenessProbe = { notify = {}, periodSeconds = 5, failureThreshold = 2 }\n"
      "[service.web]\nport = 80\npod = \"web\"\n"
      "[simulate.web]\nreadyAfterSeconds = 3\nreadinessFailsAfterSeconds = 12\nlivenessFailsAfterSeconds = 20\n",
      seconds(26));
  BOOST_TEST(cli::timeline(all) ==
             "0s   pod/web      started\n"
             "0s   service/web  listens on 127.77.221.60:80\n"
             "3s   pod/web      says READY=1\n"
             "3s   pod/web      is ready\n"
             "3s   service/web  endpoint 127.0.0.1:80 (pod/web) ready\n"
             "12s  pod/web      says RELOADING=1\n"
             "12s  pod/web      is not ready\n"
             "12s  service/web  endpoint 127.0.0.1:80 removed\n"
             "25s  pod/web      Warning Unhealthy: Liveness probe failed: no WATCHDOG=1 for 10s\n"
             "25s  pod/web      Normal Killing: Container web failed liveness probe, will be restarted\n"
             "25s  pod/web      ended by the stop signal\n"
             "25s  pod/web      restarted (restart 1)\n");
}

BOOST_AUTO_TEST_CASE(a_program_that_ignores_term_is_killed_after_its_grace) {
  const auto all = simulated(
      "[pod.web]\ncommand = [\"/web\"]\nterminationGracePeriodSeconds = 5\n"
      "[pod.web.livenessProbe]\ntcpSocket = { port = 3000 }\nfailureThreshold = 1\n"
      "[simulate.web]\nlivenessFailsAfterSeconds = 10\nignoresTerm = true\n",
      seconds(16));
  BOOST_TEST(cli::timeline(all) ==
             "0s   pod/web  started\n"
             "0s   pod/web  is ready\n"
             "10s  pod/web  Warning Unhealthy: Liveness probe failed: [simulate.web] livenessFailsAfterSeconds = 10\n"
             "10s  pod/web  Normal Killing: Container web failed liveness probe, will be restarted\n"
             "15s  pod/web  was killed\n"
             "15s  pod/web  is not ready\n"
             "15s  pod/web  restarted (restart 1)\n"
             "15s  pod/web  is ready\n");
}

BOOST_AUTO_TEST_CASE(later_runs_go_on_where_only_the_first_ones_crash) {
  const auto all =
      simulated(std::string(healthcheck) + "[simulate.healthcheck]\ncrashAfterSeconds = 1\ncrashes = 2\nexitCode = 3\n",
                seconds(900));
  BOOST_TEST(cli::timeline(only(all, "exited")) ==
             "1s  pod/healthcheck  exited with code 3\n"
             "2s  pod/healthcheck  exited with code 3\n");
}

BOOST_AUTO_TEST_CASE(a_deployment_s_assumptions_hold_for_its_pods) {
  const auto all = simulated(
      "[deployment.web]\nreplicas = 2\ncommand = [\"/web\"]\n[simulate.web]\nstartFails = true\n", seconds(0));
  BOOST_TEST(only(all, "start-failed").size() == 4u);  // each is tried again at once
}

BOOST_AUTO_TEST_CASE(json_gives_one_object_per_line) {
  const auto all = simulated(healthcheck, seconds(1));
  BOOST_TEST(cli::timeline_json(all) ==
             "{\"seconds\":0,\"object\":\"pod/healthcheck\",\"what\":\"started\",\"text\":\"started\"}\n"
             "{\"seconds\":0,\"object\":\"pod/healthcheck\",\"what\":\"ready\",\"text\":\"is ready\"}\n");
}

BOOST_AUTO_TEST_CASE(a_loop_without_any_wait_comes_to_an_end) {
  const auto all = simulated(
      "[pod.x]\ncommand = [\"/x\"]\nrestartBackoff = { initialSeconds = 0.000001, maxSeconds = 0.000001 }\n"
      "[simulate.x]\ncrashAfterSeconds = 0\n",
      seconds(86400));
  BOOST_TEST(all.size() >= Simulation::happenings_max);
}

BOOST_AUTO_TEST_CASE(assumptions_are_read_as_strictly_as_the_rest) {
  const std::string pod = "[pod.web]\ncommand = [\"/web\"]\n";
  BOOST_TEST(mistake_in(pod + "[simulate.wab]\n") ==
             "f:3:11: there is no pod or deployment \"wab\" to simulate, did you mean \"web\"?");
  BOOST_TEST(mistake_in(pod + "[simulate.web]\nneverReddy = true\n") ==
             "f:4:1: unknown key \"neverReddy\" in simulate \"web\", did you mean \"neverReady\"?");
  BOOST_TEST(mistake_in(pod + "[simulate.web]\nexitCode = 300\n") ==
             "f:4:12: simulate \"web\": exitCode: Invalid value: 300: must be between 0 and 255, inclusive");
}

std::string rolling(const std::string& version) {
  return "[deployment.web]\nreplicas = 4\ncommand = [\"/web\", \"" + version +
         "\"]\n[deployment.web.readinessProbe]\nperiodSeconds = 1\nexec = { command = [\"x\"] }\n";
}

// Two versions, the second with assumptions of its own.
void update(Simulation& simulation, const std::string& assumed, Duration span) {
  for (const std::string& text : {rolling("v1"), rolling("v2") + assumed}) {
    config::Configuration configuration = configuration_of(text);
    simulation.assume(std::move(configuration.simulations));
    simulation.apply(std::move(configuration.objects.front().object));
    simulation.advance_until_settled(seconds(3600));
    simulation.advance(seconds(1));
  }
  simulation.advance(span);
}

BOOST_AUTO_TEST_CASE(an_update_that_gets_ready_late_shows_its_dip) {
  Simulation simulation({.seed = 1}, {});
  update(simulation, "[simulate.web]\nreadyAfterSeconds = 8\n", seconds(60));
  const auto rolled = simulation.series().rolled();
  BOOST_REQUIRE(rolled.contains("deployment/web"));
  rollout::Count least = 4;
  for (const auto& each : rolled.at("deployment/web").samples) {
    if (each.at >= rolled.at("deployment/web").begin) least = std::min(least, each.available);
  }
  BOOST_TEST(least == 3);
  const std::string drawn = cli::plot("deployment/web", rolled.at("deployment/web"), simulation.now());
  BOOST_TEST(drawn.starts_with("deployment/web: # available, = desired, - fewest allowed\n    4 |###"), drawn);
  BOOST_TEST(drawn.find("#=") != std::string::npos, drawn);
  BOOST_TEST(drawn.find("=#") != std::string::npos, drawn);
  BOOST_TEST(cli::timeline(only(simulation.happenings(), "rolled-out")).find("has successfully progressed.") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_update_that_never_gets_ready_stops_and_is_late) {
  Simulation simulation({.seed = 1}, {});
  update(simulation, "[simulate.web]\nneverReady = true\n", seconds(1));
  const auto late = only(simulation.happenings(), "late");
  BOOST_REQUIRE(late.size() == 1u);
  BOOST_TEST(late[0].text.starts_with("ProgressDeadlineExceeded: ReplicaSet \"web-"));
  BOOST_TEST(late[0].at.time_since_epoch().count() / 1'000'000'000 == 601);
  const cli::Sample last = simulation.series().rolled().at("deployment/web").samples.back();
  BOOST_TEST(last.available == 3);
  BOOST_TEST(last.updated == 2);
  BOOST_TEST(last.existing == 5);
  BOOST_TEST(cli::series_json("deployment/web", {last}).find("\"available\":3,\"updated\":2,\"existing\":5}]}\n") !=
             std::string::npos);
  BOOST_TEST(cli::final_state(simulation.supervisor())
                 .starts_with("deployment/web: 3/4 ready, 2 updated, 3 available, ProgressDeadlineExceeded\n"));
  // What was assumed of a version holds for it when it comes back.
  simulation.apply(std::move(configuration_of(rolling("v1")).objects.front().object));
  simulation.advance_until_settled(seconds(100));
  BOOST_TEST(cli::final_state(simulation.supervisor())
                 .starts_with("deployment/web: 4/4 ready, 4 updated, 4 available, NewReplicaSetAvailable\n"));
}

BOOST_AUTO_TEST_SUITE_END()
