// The control API from outside: lists, watches, writes, logs; and clients that misbehave.
#include <blackbox/api_client.hpp>
#include <blackbox/support.hpp>

#include <sys/stat.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <csignal>
#include <fstream>

namespace reeve::test {
namespace {

const std::string pods_path = "/api/v1/namespaces/default/pods";
const std::string as_table = "Accept: application/json;as=Table;v=v1;g=meta.k8s.io,application/json\r\n";
const std::string as_merge_patch = "Content-Type: application/merge-patch+json\r\n";

std::string quoted(const std::string& text) { return '"' + text + '"'; }

// A running reeve with an API and these pods besides.
struct Running {
  Scratch scratch;
  std::string socket = scratch.file("r.sock");
  std::optional<Reeve> reeve;

  explicit Running(const std::string& objects = {}, const std::string& settings = {}) {
    const std::string text = "[supervisor]\nisolation = \"none\"\nsocket = " + quoted(socket) + "\n" + settings +
                             pod("base", {"--hang"}) + objects;
    reeve.emplace(std::vector<std::string>{"run", "-f", scratch.write("a.toml", text)});
  }
  std::string command(const std::vector<std::string>& flags) const {
    std::string list = quoted(scratch.behave());
    for (const std::string& each : flags) list += ", " + quoted(each);
    return list;
  }
  std::string pod(const std::string& name, const std::vector<std::string>& flags) const {
    return "[pod." + name + "]\ncommand = [" + command(flags) + "]\n";
  }
  std::string pod_json(const std::string& name, const std::vector<std::string>& flags = {"--hang"}) const {
    return R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":")" + name +
           R"(","labels":{"app":"x"}},"spec":{"containers":[{"name":"main","command":[)" + command(flags) + "]}]}}";
  }
  ApiClient client() const { return ApiClient(socket); }
  std::int64_t resident_kilobytes() const {
    std::ifstream status("/proc/" + std::to_string(reeve->pid()) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmRSS:")) return std::atoll(line.c_str() + 6);
    }
    return 0;
  }
};

std::string phase_of(ApiClient& client, const std::string& name) {
  return json_text(client.get(pods_path + '/' + name).body, "phase");
}

// "ADDED web 17".
std::string told(const std::string& line) {
  return json_text(line, "type") + ' ' + json_text(line, "name") + ' ' + json_text(line, "resourceVersion");
}

std::uint64_t version_in(const std::string& text) {
  return std::strtoull(json_text(text, "resourceVersion").c_str(), nullptr, 10);
}

BOOST_AUTO_TEST_SUITE(api)

BOOST_AUTO_TEST_CASE(the_socket_is_private_and_goes_with_reeve) {
  Running running;
  ApiClient client = running.client();
  struct stat there {};
  BOOST_REQUIRE(::stat(running.socket.c_str(), &there) == 0);
  BOOST_TEST((there.st_mode & 0777) == 0600u);
  BOOST_TEST(client.get("/healthz").body == "ok");
  running.reeve->signal(SIGTERM);
  BOOST_TEST(running.reeve->wait().value_or(-1) == 0);
  BOOST_TEST(::stat(running.socket.c_str(), &there) != 0);
}

BOOST_AUTO_TEST_CASE(a_socket_that_cannot_be_made_is_said_once_and_reeve_runs_on) {
  const Scratch scratch;
  Reeve reeve(
      {"run", "-f",
       scratch.write("a.toml",
                     "[supervisor]\nisolation = \"none\"\nsocket = \"/proc/none/r.sock\"\n[pod.a]\ncommand = [" +
                         quoted(scratch.behave()) + ", \"--print\", \"up\", \"--hang\"]\n")});
  BOOST_TEST(reeve.prints("the control API is not served"));
  BOOST_TEST(reeve.prints("[a/a] up\n"));
}

BOOST_AUTO_TEST_CASE(lists_tables_and_errors_have_kubernetes_shapes) {
  Running running;
  ApiClient client = running.client();
  BOOST_REQUIRE(eventually([&] { return phase_of(client, "base") == "Running"; }));
  const Answer list = client.get(pods_path);
  BOOST_TEST(list.body.starts_with(R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":")"));
  const Answer table = client.get(pods_path, as_table);
  BOOST_TEST(table.body.find(R"("rows":[{"cells":["base","1/1","Running","0",")") != std::string::npos, table.body);
  BOOST_TEST(client.get(pods_path + "?labelSelector=app%3Dother").body.find("\"items\":[]") != std::string::npos);
  BOOST_TEST(client.get(pods_path + "?fieldSelector=status.phase%3DRunning").body.find("base") != std::string::npos);
  BOOST_TEST(client.get(pods_path + "?fieldSelector=nonsense%3D1").status == 400);
  BOOST_TEST(client.get(pods_path + "/none").status == 404);
  BOOST_TEST(client.get("/api/v1/secrets").status == 404);
  BOOST_TEST(client.ask("DELETE", "/api/v1/namespaces/default/events/x").status == 405);
  BOOST_TEST(client.ask("POST", pods_path, "{\"kind\"").status == 400);
  const Answer invalid = client.ask("POST", pods_path, R"({"metadata":{"name":"Bad_Name"},"spec":{"containers":[]}})");
  BOOST_TEST(invalid.status == 422);
  BOOST_TEST(invalid.body.find("\"reason\":\"FieldValueRequired\"") != std::string::npos, invalid.body);
}

BOOST_AUTO_TEST_CASE(objects_are_created_changed_and_deleted) {
  Running running;
  ApiClient client = running.client();
  BOOST_TEST(client.ask("POST", pods_path, running.pod_json("web")).status == 201);
  BOOST_TEST(client.ask("POST", pods_path, running.pod_json("web")).status == 409);
  BOOST_TEST(client.ask("POST", pods_path + "?dryRun=All", running.pod_json("dry")).status == 201);
  BOOST_TEST(client.get(pods_path + "/dry").status == 404);
  BOOST_REQUIRE(eventually([&] { return phase_of(client, "web") == "Running"; }));
  const std::string stale = R"({"metadata":{"resourceVersion":"1","labels":{"app":"y"}}})";
  BOOST_TEST(client.ask("PATCH", pods_path + "/web", stale, as_merge_patch).status == 409);
  BOOST_TEST(client.ask("PATCH", pods_path + "/web", "{}", "Content-Type: application/json\r\n").status == 415);
  const Answer leaving = client.ask("DELETE", pods_path + "/web?gracePeriodSeconds=7");
  BOOST_TEST(leaving.status == 200);
  BOOST_TEST(eventually([&] { return client.get(pods_path + "/web").status == 404; }));
  const std::string deployment =
      R"({"metadata":{"name":"d"},"spec":{"replicas":2,"selector":{"matchLabels":{"a":"b"}},)"
      R"("template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","command":[)" +
      running.command({"--hang"}) + "]}]}}}}";
  const std::string path = "/apis/apps/v1/namespaces/default/deployments";
  BOOST_TEST(client.ask("POST", path, deployment).status == 201);
  BOOST_TEST(client.ask("PATCH", path + "/d/scale", R"({"spec":{"replicas":1}})", as_merge_patch).status == 200);
  const auto is_one = [&] { return client.get(path + "/d", as_table).body.find("\"1/1\"") != std::string::npos; };
  BOOST_TEST(eventually(is_one));
  const std::string other = R"({"spec":{"template":{"metadata":{"labels":{"new":"one"}}}}})";
  BOOST_TEST(client.ask("PATCH", path + "/d", other, as_merge_patch).status == 200);
  const std::string sets = "/apis/apps/v1/namespaces/default/replicasets";
  const auto is_updated = [&] {
    const std::string list = client.get(sets).body;
    return list.find(R"("deployment.kubernetes.io/revision":"2")") != std::string::npos &&
           client.get(path + "/d").body.find("\"reason\":\"NewReplicaSetAvailable\"") != std::string::npos;
  };
  BOOST_TEST(eventually(is_updated));
  const std::string foreign = R"({"spec":{"selector":{"matchLabels":{"new":"one"}}}})";
  const Answer refused = client.ask("PATCH", path + "/d", foreign, as_merge_patch);
  BOOST_TEST(refused.status == 422);
  BOOST_TEST(refused.body.find("field is immutable") != std::string::npos);
  // As kubectl rollout undo does: the template that a replica set shows comes back, and so does its replica set.
  const boost::json::value both = boost::json::parse(client.get(sets).body);
  for (const auto& each : both.at("items").as_array()) {
    boost::json::value was = each.at("spec").at("template");
    if (was.at("metadata").at("labels").as_object().contains("new")) continue;
    was.at("metadata").at("labels").as_object().erase("pod-template-hash");
    const std::string back = R"([{"op":"replace","path":"/metadata/annotations","value":{"a":"b"}},)"
                             R"({"op":"replace","path":"/spec/template","value":)" +
                             boost::json::serialize(was) + "}]";
    const std::string as_operations = "Content-Type: application/json-patch+json\r\n";
    BOOST_TEST(client.ask("PATCH", path + "/d", back, as_operations).status == 200);
  }
  const auto is_back = [&] {
    return client.get(sets).body.find(R"("deployment.kubernetes.io/revision-history":"1")") != std::string::npos;
  };
  BOOST_TEST(eventually(is_back));
  BOOST_TEST(boost::json::parse(client.get(sets).body).at("items").as_array().size() == 2u);
  const std::string four = R"({"spec":{"replicas":4}})";
  BOOST_TEST(client.ask("PATCH", path + "/d/scale?dryRun=All", four, as_merge_patch).body.find("\"replicas\":4") !=
             std::string::npos);
  BOOST_TEST(client.get(path + "/d/scale").body.find("\"spec\":{\"replicas\":1}") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_watch_tells_each_change_once_in_order_and_across_a_reconnect) {
  Running running;
  ApiClient client = running.client();
  const std::uint64_t begin = version_in(client.get(pods_path).body);
  ApiClient whole = running.client();
  whole.send("GET " + pods_path + "?watch=1&labelSelector=app%3Dx&resourceVersion=" + std::to_string(begin) +
             " HTTP/1.1\r\n\r\n");
  std::vector<std::string> seen, pieces;
  for (int i = 0; i < 5; ++i) client.ask("POST", pods_path, running.pod_json("p" + std::to_string(i)));
  for (int i = 0; i < 5; ++i) client.ask("DELETE", pods_path + "/p" + std::to_string(i) + "?gracePeriodSeconds=1");
  int deleted = 0;
  while (deleted < 5) {
    const auto line = whole.next_line();
    BOOST_REQUIRE(line.has_value());
    seen.push_back(told(*line));
    deleted += line->starts_with("{\"type\":\"DELETED\"") ? 1 : 0;
  }
  // The same again, from a new connection after every second change.
  std::uint64_t at = begin;
  while (pieces.size() < seen.size()) {
    ApiClient part = running.client();
    part.send("GET " + pods_path + "?watch=1&resourceVersion=" + std::to_string(at) + " HTTP/1.1\r\n\r\n");
    for (int i = 0; i < 2 && pieces.size() < seen.size(); ++i) {
      const auto line = part.next_line(Millis(5000));
      BOOST_REQUIRE(line.has_value());
      BOOST_TEST(version_in(*line) > at);
      at = version_in(*line);
      if (line->find("\"name\":\"base\"") == std::string::npos) pieces.push_back(told(*line));
    }
  }
  // What is gone by now was not known to a selector's late watcher as more than this.
  BOOST_CHECK_EQUAL_COLLECTIONS(seen.begin(), seen.end(), pieces.begin(), pieces.end());
  BOOST_TEST(seen.front().starts_with("ADDED p0 "));
}

BOOST_AUTO_TEST_CASE(a_watch_begins_with_what_there_is_and_ends_in_time) {
  Running running;
  ApiClient client = running.client();
  BOOST_REQUIRE(eventually([&] { return phase_of(client, "base") == "Running"; }));
  client.send("GET " + pods_path + "?watch=1&timeoutSeconds=1&allowWatchBookmarks=true HTTP/1.1\r\n\r\n");
  BOOST_TEST(client.next_line().value_or("").starts_with("{\"type\":\"ADDED\""));
  BOOST_TEST(client.next_line().value_or("").starts_with("{\"type\":\"BOOKMARK\""));
  BOOST_TEST(client.next_line().value_or("").starts_with("{\"type\":\"BOOKMARK\""));
  BOOST_TEST(client.has_ended());
  ApiClient old = running.client();
  old.send("GET /api/v1/events?watch=1&resourceVersion=1 HTTP/1.1\r\n\r\n");
  const std::string line = old.next_line().value_or("");
  BOOST_TEST(line.starts_with("{\"type\":\"ERROR\""));
  BOOST_TEST(line.find("\"code\":410") != std::string::npos);
  ApiClient tables = running.client();
  tables.send("GET " + pods_path + "?watch=1 HTTP/1.1\r\n" + as_table + "\r\n");
  BOOST_TEST(tables.next_line().value_or("").find("\"kind\":\"Table\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(logs_have_times_tails_and_follow_through_restarts) {
  Running running;
  ApiClient client = running.client();
  client.ask("POST", pods_path, running.pod_json("talk", {"--print", "hello", "--print", "again", "--hang"}));
  const std::string log = pods_path + "/talk/log";
  BOOST_REQUIRE(eventually([&] { return client.get(log).body == "hello\nagain\n"; }));
  BOOST_TEST(client.get(log + "?tailLines=1").body == "again\n");
  BOOST_TEST(client.get(log + "?limitBytes=3").body == "hel");
  BOOST_TEST(client.get(log + "?timestamps=1").body.substr(19, 1) == ".");
  BOOST_TEST(client.get(log + "?sinceTime=2100-01-01T00:00:00Z").body.empty());
  BOOST_TEST(client.get(log + "?previous=1").status == 400);
  BOOST_TEST(client.get(log + "?container=none").status == 400);
  ApiClient follower = running.client();
  follower.send("GET " + log + "?follow=1 HTTP/1.1\r\n\r\n");
  for (int run = 0; run < 3; ++run) {
    BOOST_TEST(follower.next_line().value_or("") == "hello");
    BOOST_TEST(follower.next_line().value_or("") == "again");
    BOOST_TEST(client.ask("POST", "/apis/reeve.dev/v1/namespaces/default/pods/talk/restart").status == 200);
  }
  BOOST_TEST(follower.next_line().value_or("") == "hello");
  BOOST_TEST(client.get(log + "?previous=1").body == "hello\nagain\n");
  BOOST_TEST(json_text(client.get(pods_path + "/talk", as_table).body, "restartCount").empty());
  BOOST_REQUIRE(eventually([&] { return client.get(log).body == "hello\nagain\n"; }));
  client.ask("DELETE", pods_path + "/talk?gracePeriodSeconds=1");
  BOOST_TEST(follower.next_line().value_or("") == "again");
  BOOST_TEST(follower.has_ended());
}

BOOST_AUTO_TEST_CASE(another_uid_is_refused_unless_named) {
  if (::geteuid() != 0) return;
  Running closed;
  ApiClient root = closed.client();
  BOOST_TEST(!ApiClient(closed.socket, 4711).is_connected());
  Running open({}, "apiUsers = [\"4711\"]\n");
  ApiClient first = open.client();
  ApiClient named(open.socket, 4711);
  BOOST_TEST(named.get("/healthz").status == 200);
  ApiClient other(open.socket, 4712);
  const Answer refused = other.get("/healthz");
  BOOST_TEST(refused.status == 403);
  BOOST_TEST(json_text(refused.body, "reason") == "Forbidden");
}

BOOST_AUTO_TEST_CASE(misbehaving_clients_disturb_nobody) {
  Running running;
  ApiClient good = running.client();
  ApiClient half = running.client();
  half.send("GET /heal");
  std::vector<ApiClient> idle;
  for (int i = 0; i < 1000; ++i) idle.push_back(running.client());
  ApiClient big = running.client();
  big.send("POST " + pods_path + " HTTP/1.1\r\nContent-Length: 3145728\r\n\r\n" + std::string(3145728, 'x'));
  BOOST_TEST(big.receive().status == 413);
  ApiClient nonsense = running.client();
  nonsense.send("POST " + pods_path + " HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n");
  BOOST_TEST(nonsense.receive().status == 400);
  ApiClient pipelined = running.client();
  pipelined.send("GET /healthz HTTP/1.1\r\n\r\nGET /none HTTP/1.1\r\n\r\nGET /version HTTP/1.1\r\n\r\n");
  BOOST_TEST(pipelined.receive().body == "ok");
  BOOST_TEST(pipelined.receive().status == 404);
  BOOST_TEST(json_text(pipelined.receive().body, "major") == "1");
  BOOST_TEST(good.get("/healthz").status == 200);
  half.send("thz HTTP/1.1\r\n\r\n");
  BOOST_TEST(half.receive().body == "ok");
  for (ApiClient& each : idle) BOOST_REQUIRE(each.get("/healthz").status == 200);
}

BOOST_AUTO_TEST_CASE(a_reader_that_stands_still_is_dropped) {
  Running running;
  ApiClient good = running.client();
  ApiClient slow = running.client();
  // More answers than a socket holds, none of them read.
  std::string requests;
  for (int i = 0; i < 2000; ++i) requests += "GET " + pods_path + " HTTP/1.1\r\n\r\n";
  slow.send(requests);
  BOOST_TEST(json_text(good.get("/apis/reeve.dev/v1/status").body, "kind") == "ReeveStatus");
  const auto alone = [&] {
    return good.get("/apis/reeve.dev/v1/status").body.find("\"connections\":1,") != std::string::npos;
  };
  BOOST_TEST(!alone());
  BOOST_TEST(eventually(alone, Millis(20000)));
}

BOOST_AUTO_TEST_CASE(fifty_watchers_of_changing_pods_cost_bounded_memory) {
  Running running;
  ApiClient client = running.client();
  client.get(pods_path);
  std::vector<ApiClient> watchers;
  for (int i = 0; i < 50; ++i) {
    watchers.push_back(running.client());
    watchers.back().send("GET " + pods_path + "?watch=1 HTTP/1.1\r\n\r\n");
    BOOST_REQUIRE(watchers.back().next_line().has_value());
  }
  const auto before = running.resident_kilobytes();
  const std::string path = "/apis/reeve.dev/v1/namespaces/default/pods/base/restart";
  for (int i = 0; i < 200; ++i) BOOST_REQUIRE(client.ask("POST", path).status == 200);
  const auto grown = running.resident_kilobytes() - before;
  BOOST_TEST_MESSAGE("50 watchers, 200 restarts: " << grown << " KiB");
#ifndef __SANITIZE_ADDRESS__  // it keeps what was freed
  BOOST_TEST(grown < 16 * 1024);
#endif
  std::uint64_t last = 0;
  for (int i = 0; i < 50; ++i) {
    const auto line = watchers[0].next_line(Millis(2000));
    if (!line) break;
    BOOST_TEST(version_in(*line) > last);
    last = version_in(*line);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace reeve::test
