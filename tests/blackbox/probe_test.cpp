// Probes as a container meets them, and what reeve says of each answer: the texts are Kubernetes' own.
#include <blackbox/support.hpp>

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <filesystem>

using namespace reeve::test;

namespace {

// One pod that only hangs, and is asked something.
struct Asked {
  std::string name;
  std::string action;               // "httpGet = { … }"
  std::vector<std::string> prints;  // what reeve must say; empty: the pod must become ready
  std::string more = {};
};

std::string table(const std::string& pod, const std::string& probe, const std::string& action,
                  const std::string& timing = "periodSeconds = 1\ntimeoutSeconds = 1\n") {
  return "[pod." + pod + "." + probe + "]\n" + action + "\n" + timing;
}

std::string exec(const std::vector<std::string>& words) {
  std::string list;
  for (const std::string& each : words) list += (list.empty() ? "" : ", ") + quoted(each);
  return "exec = { command = [" + list + "] }";
}

// How the test sees that a pod became ready: a service in front of it says so.
std::string watched(const std::string& name) {
  return "[service." + name + "]\nport = 80\ntargetPort = 1\npod = " + quoted(name) + "\n";
}

std::string head(const std::string& name, const std::string& reason) {
  return "Warning " + reason + " pod/" + name + " spec.containers{" + name + "}: ";
}

std::string unhealthy(const std::string& name) { return head(name, "Unhealthy") + "Readiness probe failed: "; }

void check_all(const Scratch& scratch, const std::string& text, const std::vector<Asked>& all) {
  std::string file = text;
  for (const Asked& each : all) {
    file += pod(scratch, each.name, {"--hang"}, "terminationGracePeriodSeconds = 2\n" + each.more);
    file += table(each.name, "readinessProbe", each.action) + watched(each.name);
  }
  Reeve reeve({"run", "-f", scratch.write("probes.toml", file)});
  for (const Asked& each : all) {
    for (const std::string& line : each.prints) BOOST_TEST(reeve.prints(line), each.name << ": " << line);
    const std::string ready = "service/" + each.name + " has a ready pod";
    if (each.prints.empty()) BOOST_TEST(reeve.prints(ready), each.name);
  }
  for (const Asked& each : all) {
    const bool may_be_ready = each.prints.empty() || each.prints[0].find("ProbeWarning") != std::string::npos;
    BOOST_TEST((may_be_ready || reeve.count("service/" + each.name + " has a ready pod") == 0u), each.name);
  }
  reeve.signal(SIGTERM);
  BOOST_TEST(reeve.wait().value_or(-1) == 0);
}

// A pod that serves every broken answer there is.
struct Server {
  Scratch scratch;
  int port = free_port();
  std::string at = "127.0.0.1:" + std::to_string(port);

  std::string text() const { return pod(scratch, "server", {"--http", std::to_string(port)}); }
  std::string get(const std::string& path) const {
    return "httpGet = { path = " + quoted(path) + ", port = " + std::to_string(port) + " }";
  }
  Asked fails(const std::string& name, const std::string& path, const std::string& why) const {
    return {name, get(path), {unhealthy(name) + why}};
  }
  Asked breaks(const std::string& name, const std::string& path, const std::string& why) const {
    return fails(name, path, "Get \"http://" + at + path + "\": " + why);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(probe)

BOOST_AUTO_TEST_CASE(every_answer_to_an_http_probe_is_judged_and_told) {
  const Server server;
  const std::string malformed = "net/http: HTTP/1.x transport connection broken: malformed HTTP response (";
  const std::string awaiting = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
  const std::string errored =
      "Readiness probe errored and resulted in unknown state: context deadline exceeded "
      "(Client.Timeout or context cancellation while reading body)";
  const std::string warned =
      head("elsewhere", "ProbeWarning") + "Readiness probe warning: Probe terminated redirects, Response body: moved";
  check_all(server.scratch, server.text(),
            {server.fails("sick", "/status/503", "HTTP probe failed with statuscode: 503\n"),
             server.fails("missing", "/status/404", "HTTP probe failed with statuscode: 404\n"),
             server.breaks("garbage", "/garbage", malformed),
             server.breaks("endless", "/endless-header", malformed),
             server.breaks("hung", "/hang", awaiting),
             server.breaks("slow", "/slow/3000", awaiting),
             server.breaks("closed", "/close", "EOF\n"),
             server.breaks("reset", "/reset", "read tcp " + server.at + ": read: connection reset by peer\n"),
             {"stalled", server.get("/stall"), {head("stalled", "Unhealthy") + errored}},
             {"fine", server.get("/anything"), {}},
             {"huge", server.get("/body/10000000"), {}},
             {"followed", server.get("/redirect//status/200"), {}},
             server.fails("followed-ill", "/redirect//status/500", "HTTP probe failed with statuscode: 500\n"),
             {"elsewhere", server.get("/redirect/http://192.0.2.1/"), {warned}}});
}

BOOST_AUTO_TEST_CASE(ports_are_found_by_name_and_what_cannot_be_reached_is_told) {
  const Server server;
  const std::string port = std::to_string(server.port);
  const std::string ports = "ports = [{ name = \"http\", containerPort = " + port + " }]\n";
  const int nobody = free_port();
  const std::string dial = "dial tcp 127.0.0.1:" + std::to_string(nobody) + ": connect: connection refused\n";
  const std::string errored = "Readiness probe errored and resulted in unknown state: couldn't find port: ";
  check_all(server.scratch, server.text(),
            {{"tcp", "tcpSocket = { port = " + port + " }", {}},
             {"tcp-closed", "tcpSocket = { port = " + std::to_string(nobody) + " }", {unhealthy("tcp-closed") + dial}},
             {"get-closed",
              "httpGet = { path = \"/x\", port = " + std::to_string(nobody) + " }",
              {unhealthy("get-closed") + "Get \"http://127.0.0.1:" + std::to_string(nobody) + "/x\": " + dial}},
             {"named", "httpGet = { path = \"/\", port = \"http\" }", {}, ports},
             {"unknown",
              "tcpSocket = { port = \"nope\" }",
              {head("unknown", "Unhealthy") + errored + "\"nope\" is no port of container unknown\n"}}});
}

BOOST_AUTO_TEST_CASE(exec_probes_run_in_the_container_and_tell_what_they_print) {
  const Scratch scratch;
  const std::string errored =
      "Readiness probe errored and resulted in unknown state: cannot execute /no/such/program: "
      "No such file or directory";
  const std::string inside = "test -e /tmp/mark && test $$$$ -lt 1000 && echo leader $(cat /proc/2/comm); exit 1";
  const std::string file = pod(scratch, "inside", {"--touch", "/tmp/mark", "--hang"}) +
                           table("inside", "readinessProbe", exec({"/bin/sh", "-c", inside})) +
                           pod(scratch, "bare", {"--hang"}, "isolation = \"none\"\n") +
                           table("bare", "readinessProbe", exec({"/bin/sh", "-c", "echo bare; exit 9"}));
  Reeve reeve({"run", "-f", scratch.write("inside.toml", file)});
  BOOST_TEST(reeve.prints(unhealthy("inside") + "leader " + scratch.behave_name().substr(0, 15) + "\n"));
  BOOST_TEST(reeve.prints(unhealthy("bare") + "bare\n"));
  reeve.signal(SIGTERM);
  BOOST_TEST(reeve.wait().value_or(-1) == 0);
  check_all(scratch, "",
            {{"good", exec({"/bin/true"}), {}},
             {"bad", exec({"/bin/sh", "-c", "echo out; echo err >&2; exit 3"}), {unhealthy("bad") + "out\nerr\n"}},
             {"killed", exec({"/bin/sh", "-c", "echo last; kill -9 $$$$"}), {unhealthy("killed") + "last\n"}},
             {"variable",
              exec({"/bin/sh", "-c", "echo $(WORD) $$(WORD); exit 1"}),
              {unhealthy("variable") + "word\n"},
              "[pod.variable.env]\nWORD = \"word\"\n"},
             {"absent", exec({"/no/such/program"}), {head("absent", "Unhealthy") + errored}}});
}

BOOST_AUTO_TEST_CASE(a_probe_that_takes_too_long_is_killed_with_all_it_started) {
  const Scratch scratch;
  const std::string lingers = scratch.file("lingers");
  std::filesystem::copy_file(scratch.behave(), lingers);
  for (const std::string isolation : {"private", "none"}) {
    for (const std::string kind : {"plain", "setsid", "daemon"}) {
      const std::string file =
          pod(scratch, "web", {"--hang"}, "isolation = " + quoted(isolation) + "\n") +
          table("web", "readinessProbe", exec({lingers, "--ignore-signal", "TERM", "--fork-child", kind, "--hang"}),
                "periodSeconds = 1000\ntimeoutSeconds = 0.3\n");
      Reeve reeve({"run", "-f", scratch.write("web.toml", file)});
      BOOST_TEST(eventually([&] { return processes_mentioning(lingers).size() >= 2; }));
      BOOST_TEST(reeve.prints(unhealthy("web") + "command timed out: \"" + lingers + " --ignore-signal TERM " +
                              "--fork-child " + kind + " --hang\" timed out after 300ms\n"));
      BOOST_TEST(processes_mentioning(lingers).empty(), isolation << " " << kind);
      BOOST_TEST(processes_named(scratch.behave_name()).size() == 1u);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_probe_whose_child_holds_its_output_is_judged_by_its_own_end) {
  const Scratch scratch;
  const std::string file = pod(scratch, "web", {"--hang"}) +
                           table("web", "readinessProbe", exec({"/bin/sh", "-c", "sleep 100 & echo sick; exit 1"}),
                                 "periodSeconds = 1000\ntimeoutSeconds = 10\n");
  Reeve reeve({"run", "-f", scratch.write("web.toml", file)});
  BOOST_TEST(reeve.prints(unhealthy("web") + "sick\n", Millis(5000)));
}

BOOST_AUTO_TEST_CASE(failed_liveness_and_startup_restart_and_say_so) {
  const Scratch scratch;
  const std::string once = "periodSeconds = 0.2\nfailureThreshold = 2\n";
  const std::string fail = exec({"/bin/sh", "-c", "echo dead; exit 1"});
  const std::string file = pod(scratch, "alive", {"--hang"}) + table("alive", "livenessProbe", fail, once) +
                           pod(scratch, "slow", {"--hang"}) + table("slow", "startupProbe", fail, once) +
                           table("slow", "livenessProbe", exec({"/bin/sh", "-c", "echo never; exit 1"}), once) +
                           pod(scratch, "last", {"--hang"}, "restartPolicy = \"Never\"\n") +
                           table("last", "livenessProbe", fail, once) + pod(scratch, "missing", {"--hang"}) +
                           table("missing", "livenessProbe", exec({"/no/such/program"}), once);
  Reeve reeve({"run", "-f", scratch.write("web.toml", file)});
  const auto says = [&](const std::string& pod_name, const std::string& text) {
    BOOST_TEST(reeve.prints(" pod/" + pod_name + " spec.containers{" + pod_name + "}: " + text), pod_name << text);
  };
  says("alive", "Liveness probe failed: dead\n");
  says("alive", "Liveness probe failed: dead (x2 over ");
  says("alive", "Container alive failed liveness probe, will be restarted\n");
  says("alive", "Container started (x2 over ");
  says("slow", "Startup probe failed: dead\n");
  says("slow", "Container slow failed startup probe, will be restarted\n");
  says("slow", "Container started (x2 over ");
  says("last", "Container last failed liveness probe\n");
  says("missing", "Liveness probe errored and resulted in unknown state: cannot execute /no/such/program");
  BOOST_TEST(reeve.prints_times("pod/missing spec.containers{missing}: Liveness probe errored", 5));
  BOOST_TEST(reeve.count("Container missing failed") == 0u);
  BOOST_TEST(reeve.count("Liveness probe failed: never") == 0u);
  BOOST_TEST(reeve.count("pod/last spec.containers{last}: Container started") == 1u);
}

BOOST_AUTO_TEST_CASE(a_startup_probe_holds_the_others_back_until_it_succeeds) {
  const Scratch scratch;
  const std::string up = scratch.file("up");
  const std::string probe = exec({"/usr/bin/test", "-e", up});
  const std::string file =
      pod(scratch, "web", {"--hang"}) + watched("web") +
      table("web", "startupProbe", probe, "periodSeconds = 0.1\nfailureThreshold = 10000\n") +
      table("web", "readinessProbe", exec({"/bin/true"}), "periodSeconds = 0.1\n") +
      table("web", "livenessProbe", exec({"/bin/sh", "-c", "echo asked; exit 1"}), "periodSeconds = 0.1\n");
  Reeve reeve({"run", "-f", scratch.write("web.toml", file)});
  BOOST_REQUIRE(reeve.prints_times("Startup probe failed", 5));
  BOOST_TEST(reeve.count("has a ready pod") == 0u);
  BOOST_TEST(reeve.count("Liveness probe") == 0u);
  scratch.write("up", "");
  BOOST_TEST(reeve.prints("service/web has a ready pod"));
  BOOST_TEST(reeve.prints("Liveness probe failed: asked"));
}

BOOST_AUTO_TEST_SUITE_END()
