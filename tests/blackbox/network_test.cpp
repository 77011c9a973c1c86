// Private networks as a user meets them: one port number for all replicas, links, and nothing else.
#include <blackbox/support.hpp>

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

using namespace reeve::test;

namespace {

std::string list(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& each : words) text += (text.empty() ? "" : ", ") + quoted(each);
  return "[" + text + "]";
}

std::string shell(const std::string& script) { return "command = " + list({"/bin/sh", "-c", script}) + "\n"; }

// Replicas that all listen on one port of 127.0.0.1, probed in all three ways.
std::string replicas(const Scratch& scratch, int count, const std::string& port) {
  const std::string connect = list({scratch.behave(), "--connect", "127.0.0.1", port});
  return "[deployment.web]\nreplicas = " + std::to_string(count) + "\n" + command_line(scratch, {"--http", port}) +
         "\n[deployment.web.startupProbe]\nexec = { command = " + connect +
         " }\nperiodSeconds = 0.2\n[deployment.web.livenessProbe]\ntcpSocket = { port = " + port +
         " }\nperiodSeconds = 0.5\n[deployment.web.readinessProbe]\nhttpGet = { path = \"/health\", port = " + port +
         " }\nperiodSeconds = 0.2\nfailureThreshold = 1\n";
}

std::string service(int front, const std::string& target, int port = 8080) {
  return "[service.web]\nport = " + std::to_string(port) + "\ntargetPort = " + target +
         "\ndeployment = \"web\"\nlisten = [\"127.0.0.1:" + std::to_string(front) + "\"]\n";
}

// Everybody who answers behind that port, by the name of his host, until there are `wanted`.
std::set<std::string> answering(int port, std::size_t wanted) {
  std::set<std::string> found;
  eventually([&] {
    const HttpAnswer answer = http_get(port, "/who");
    if (answer.status == 200) found.insert(answer.body);
    return found.size() >= wanted;
  });
  return found;
}

// One more line of that kind than there were.
bool says_again(Reeve& reeve, const std::string& line) { return reeve.prints_times(line, reeve.count(line) + 1); }

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Namespaces are held by descriptors, so that one too many here is a namespace that stays.
std::size_t descriptors_of(pid_t pid) {
  const std::filesystem::directory_iterator all("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<std::size_t>(std::distance(all, {}));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(network)

BOOST_AUTO_TEST_CASE(ten_replicas_on_one_port_share_a_service_and_nothing_else_reaches_them) {
  check_as_both([](RunSettings settings) {
    const Scratch scratch;
    const int port = free_port();
    const int front = free_port();
    const std::string file =
        scratch.write("web.toml", replicas(scratch, 10, std::to_string(port)) + service(front, std::to_string(port)) +
                                      "[pod.neighbour]\nnetwork = \"isolated\"\n" +
                                      shell("while sleep 0.1; do " + scratch.behave() + " --connect 127.0.0.1 " +
                                            std::to_string(port) + "; done"));
    Reeve reeve({"run", "-f", file}, settings);
    BOOST_TEST(reeve.prints("Normal NetworkIsolated deployment.apps/web"), reeve.output());
    const std::set<std::string> all = answering(front, 10);
    BOOST_TEST(all.size() == 10u);
    for (const std::string& each : all) BOOST_TEST(each.ends_with(" serves 127.77.255.254\n"), each);
    BOOST_TEST((try_connect(port) == Connected::refused));
    BOOST_TEST(says_again(reeve, "[neighbour/neighbour] connect: Connection refused\n"));
    BOOST_TEST(reeve.count("[neighbour/neighbour] connect: ok") == 0u);
    BOOST_TEST(reeve.count("will be restarted") == 0u);
    reeve.signal(SIGTERM);
    BOOST_TEST(reeve.wait().value_or(-1) == 0);
    BOOST_TEST(nothing_left(scratch));
  });
}

BOOST_AUTO_TEST_CASE(a_link_is_served_while_its_service_is_ready_and_what_is_not_linked_does_not_exist) {
  check_as_both([](RunSettings settings) {
    const Scratch scratch;
    const int port = free_port();
    const int front = free_port();
    const std::string unready = scratch.file("unready");
    const std::string ask = "while sleep 0.1; do " + scratch.behave() + " --connect ";
    const std::string file = scratch.write(
        "web.toml",
        "[pod.web]\nnetwork = \"isolated\"\nlabels = { app = \"web\" }\n" +
            command_line(scratch, {"--unready-file", unready, "--http", std::to_string(port)}) +
            "\n[pod.web.readinessProbe]\nhttpGet = { path = \"/health\", port = " + std::to_string(port) +
            " }\nperiodSeconds = 0.2\nfailureThreshold = 1\n[service.web]\nport = 80\ntargetPort = " +
            std::to_string(port) + "\nselector = { app = \"web\" }\nlisten = [\"127.0.0.1:" + std::to_string(front) +
            "\"]\n[pod.linked]\nnetwork = \"isolated\"\nlinks = [\"web\"]\n" +
            shell("getent hosts web; echo host $WEB_SERVICE_HOST port $WEB_SERVICE_PORT; " + ask +
                  "$WEB_SERVICE_HOST $WEB_SERVICE_PORT; done") +
            "[pod.alone]\nnetwork = \"isolated\"\n" +
            shell("getent hosts web || echo no such name; " + ask + "127.0.0.1 " + std::to_string(front) + "; done"));
    Reeve reeve({"run", "-f", file}, settings);
    const std::string says = "[linked/linked] ";
    BOOST_TEST(reeve.prints(" web web.default web.default.svc web.default.svc.cluster.local\n"), reeve.output());
    BOOST_TEST(reeve.prints(says + "host 127.77."), reeve.output());
    BOOST_TEST(reeve.prints(says + "connect: ok\n"), reeve.output());
    BOOST_TEST(reeve.prints("[alone/alone] no such name\n"), reeve.output());
    scratch.write("unready", "");
    BOOST_TEST(says_again(reeve, says + "connect: Connection refused\n"), reeve.output());
    std::filesystem::remove(unready);
    BOOST_TEST(says_again(reeve, says + "connect: ok\n"), reeve.output());
    BOOST_TEST(says_again(reeve, "[alone/alone] connect: Connection refused\n"), reeve.output());
    BOOST_TEST(reeve.count("[alone/alone] connect: ok") == 0u);
  });
}

BOOST_AUTO_TEST_CASE(the_address_finder_runs_as_it_is_but_ten_times) {
  const Scratch scratch;
  const std::string manifests = REEVE_TEST_DATA "/manifests/";
  std::string deployment = content_of(manifests + "address-finder-deployment.yaml");
  const std::size_t at = deployment.find("replicas: ");
  BOOST_REQUIRE(at != std::string::npos);
  deployment.replace(at, deployment.find('\n', at) - at, "replicas: 10");
  const int front = free_port();
  const std::string images = "[images]\n\"you/address-finder:latest\" = { root = \"/\", entrypoint = " +
                             list({scratch.behave(), "--http", "3000"}) +
                             " }\n[service.front]\nport = " + std::to_string(front) +
                             "\ntargetPort = 3000\nselector = { app = \"address-finder\" }\n" +
                             "listen = [\"127.0.0.1:" + std::to_string(front) + "\"]\n";
  Reeve reeve({"run", "-f", scratch.write("images.toml", images), "-f", scratch.write("ten.yaml", deployment), "-f",
               manifests + "address-finder-service.yaml"});
  BOOST_TEST(answering(front, 10).size() == 10u, reeve.output());
}

// Each on the same port, which is refused where it is written that they share one network.
BOOST_AUTO_TEST_CASE(copies_on_the_hosts_network_are_told_both_ways_out) {
  const Scratch scratch;
  const Finished refused = run_to_end(
      {"check", "-f",
       scratch.write("web.toml", "[deployment.web]\nreplicas = 2\nnetwork = \"host\"\n" +
                                     command_line(scratch, {"--hang"}) + "\nports = [{ containerPort = 3000 }]\n")});
  BOOST_TEST(refused.code == 2);
  BOOST_TEST(refused.output.find("network = \"isolated\"") != std::string::npos, refused.output);
  BOOST_TEST(refused.output.find("containerPort = 0") != std::string::npos, refused.output);
}

BOOST_AUTO_TEST_CASE(copies_on_the_hosts_network_get_a_port_each) {
  const Scratch scratch;
  const int front = free_port();
  const std::string file = scratch.write(
      "web.toml", "[deployment.web]\nreplicas = 5\nnetwork = \"host\"\n" +
                      shell("exec " + scratch.behave() + " --http $PORT_HTTP") +
                      "ports = [{ name = \"http\", containerPort = 0 }]\n[deployment.web.readinessProbe]\n" +
                      "httpGet = { path = \"/health\", port = \"http\" }\nperiodSeconds = 0.2\n" +
                      "[service.web]\nport = 80\ntargetPort = \"http\"\ndeployment = \"web\"\nlisten = [\"127.0.0.1:" +
                      std::to_string(front) + "\"]\n");
  Reeve reeve({"run", "-f", file});
  std::set<std::string> pids;
  BOOST_TEST(eventually([&] {
               const HttpAnswer answer = http_get(front, "/pid");
               const HttpAnswer who = http_get(front, "/who");
               if (who.status == 200) pids.insert(who.body);
               return answer.status == 200 && pids.size() == 5;
             }),
             reeve.output());
}

BOOST_AUTO_TEST_CASE(pods_that_come_and_go_leave_nothing_behind) {
  const Scratch scratch;
  constexpr int pods = 100;
  const auto write = [&](int count) {
    return scratch.write("many.toml", "[deployment.many]\nreplicas = " + std::to_string(count) +
                                          "\nnetwork = \"isolated\"\n" +
                                          command_line(scratch, {"--print", "up", "--hang"}) + "\n");
  };
  Reeve reeve({"run", "-f", write(pods)});
  std::optional<std::size_t> descriptors;
  for (std::size_t round = 1; round <= 5; ++round) {
    BOOST_REQUIRE(reeve.prints_times("] up\n", round * pods, Millis(60'000)));
    write(0);
    reeve.signal(SIGHUP);
    BOOST_REQUIRE(eventually([&] { return processes_named(scratch.behave_name()).empty(); }, Millis(60'000)));
    if (!descriptors) descriptors = descriptors_of(reeve.pid());
    BOOST_TEST(eventually([&] { return descriptors_of(reeve.pid()) <= *descriptors; }));
    write(pods);
    reeve.signal(SIGHUP);
  }
  reeve.signal(SIGTERM);
  BOOST_TEST(reeve.wait().value_or(-1) == 0);
  BOOST_TEST(nothing_left(scratch));
}

BOOST_AUTO_TEST_SUITE_END()
