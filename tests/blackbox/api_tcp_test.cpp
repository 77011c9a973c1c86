// The control API on loopback TCP: who is answered, by the kernel's word.
#include <blackbox/api_client.hpp>
#include <blackbox/support.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <functional>

namespace reeve::test {
namespace {

constexpr uid_t named = 4711, stranger = 4712;
const std::string pods_path = "/api/v1/namespaces/default/pods";
const std::string local = "Host: 127.0.0.1\r\n";

// A socket belongs to who makes it.
int connect_as(uid_t uid, const std::function<int()>& connect) {
  const uid_t before = ::geteuid();
  if (uid != 0) BOOST_REQUIRE(::seteuid(uid) == 0);
  const int fd = connect();
  if (uid != 0) BOOST_REQUIRE(::seteuid(before) == 0);
  BOOST_REQUIRE(fd >= 0);
  return fd;
}

int connect_to(int family, const char* address, int port) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(static_cast<std::uint16_t>(port));
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = v4.sin_port;
  const bool is_v6 = family == AF_INET6;
  ::inet_pton(family, address, is_v6 ? static_cast<void*>(&v6.sin6_addr) : &v4.sin_addr);
  const auto* raw = is_v6 ? reinterpret_cast<const sockaddr*>(&v6) : reinterpret_cast<const sockaddr*>(&v4);
  if (::connect(fd, raw, is_v6 ? sizeof v6 : sizeof v4) == 0) return fd;
  ::close(fd);
  return -1;
}

struct Running {
  Scratch scratch;
  std::string socket = scratch.file("r.sock");
  Reeve reeve;
  int port = 0;

  explicit Running(const std::string& address = "127.0.0.1:0")
      : reeve({"run", "-f",
               scratch.write("a.toml", "[supervisor]\nisolation = \"none\"\nsocket = " + quoted(socket) + "\napi = " +
                                           quoted(address) + "\napiUsers = [\"4711\"]\n[images]\n\"*\" = \"/\"\n")}) {
    ApiClient client(socket);
    const std::string url = json_text(client.get("/apis/reeve.dev/v1/status").body, "api");
    port = std::atoi(url.c_str() + url.rfind(':') + 1);
  }
  ApiClient client(uid_t uid = 0) const {
    return ApiClient(connect_as(uid, [&] { return connect_to(AF_INET, "127.0.0.1", port); }));
  }
  int status_of(const std::string& headers, uid_t uid = 0) const {
    ApiClient asking = client(uid);
    return asking.get("/healthz", headers).status;
  }
  std::string pod_request(const std::string& name) const {
    const std::string body = R"({"metadata":{"name":")" + name +
                             R"("},"spec":{"containers":[{"name":"main","command":[")" + scratch.behave() +
                             R"(","--hang"]}]}})";
    return "POST " + pods_path + " HTTP/1.1\r\n" + local +
           "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
};

bool is_root() {
  if (::geteuid() == 0) return true;
  BOOST_TEST_MESSAGE("skipped: needs to act as other users");
  return false;
}

BOOST_AUTO_TEST_SUITE(api_tcp)

BOOST_AUTO_TEST_CASE(root_and_named_users_are_answered_and_others_forbidden) {
  if (!is_root()) return;
  Running running;
  BOOST_REQUIRE(running.port > 0);
  BOOST_TEST(running.status_of(local) == 200);
  BOOST_TEST(running.status_of(local, named) == 200);
  ApiClient refused = running.client(stranger);
  const Answer answer = refused.get("/healthz", local);
  BOOST_TEST(answer.status == 403);
  BOOST_TEST(json_text(answer.body, "kind") == "Status");
  BOOST_TEST(json_text(answer.body, "reason") == "Forbidden");
}

BOOST_AUTO_TEST_CASE(a_socket_that_speaks_ipv4_through_ipv6_is_known_too) {
  if (!is_root()) return;
  Running running;
  const auto status = [&](uid_t uid) {
    ApiClient client(connect_as(uid, [&] { return connect_to(AF_INET6, "::ffff:127.0.0.1", running.port); }));
    return client.get("/healthz", local).status;
  };
  BOOST_TEST(status(0) == 200);
  BOOST_TEST(status(stranger) == 403);
}

BOOST_AUTO_TEST_CASE(ipv6_is_served_where_it_is_asked_for) {
  if (!is_root()) return;
  const int probe = connect_to(AF_INET6, "::1", 1);
  if (probe < 0 && errno == EADDRNOTAVAIL) {
    BOOST_TEST_MESSAGE("skipped: this machine has no IPv6 loopback");
    return;
  }
  Running running("[::1]:0");
  const auto status = [&](uid_t uid) {
    ApiClient client(connect_as(uid, [&] { return connect_to(AF_INET6, "::1", running.port); }));
    return client.get("/healthz", "Host: [::1]:8011\r\n").status;
  };
  BOOST_TEST(status(0) == 200);
  BOOST_TEST(status(stranger) == 403);
}

// One that is closing is said to be root by the kernel.
BOOST_AUTO_TEST_CASE(who_sends_and_closes_at_once_changes_nothing) {
  if (!is_root()) return;
  Running running;
  constexpr int each_way = 20;
  for (int i = 0; i < each_way; ++i) {
    const ApiClient closing = running.client(stranger);
    closing.send(running.pod_request("closed-" + std::to_string(i)));
  }
  for (int i = 0; i < each_way; ++i) {
    const ApiClient ending = running.client(stranger);
    ending.send(running.pod_request("ended-" + std::to_string(i)));
    ::shutdown(ending.fd(), SHUT_WR);
  }
  // Whoever connects later is answered later.
  ApiClient root = running.client();
  BOOST_TEST(root.get("/healthz", local).status == 200);
  BOOST_TEST(eventually([&] {
    return root.get("/apis/reeve.dev/v1/status", local).body.find("\"connections\":1") != std::string::npos;
  }));
  BOOST_TEST(root.get(pods_path, local).body.find("\"items\":[]") != std::string::npos);
  root.send(running.pod_request("open"));
  BOOST_TEST(root.receive().status == 201);
}

BOOST_AUTO_TEST_CASE(strangers_do_not_take_the_places_of_those_who_may_ask) {
  if (!is_root()) return;
  Running running;
  std::vector<ApiClient> strangers;
  for (int i = 0; i < 300; ++i) {
    strangers.push_back(running.client(stranger));
    strangers.back().send("GET /heal");
  }
  ApiClient root = running.client();
  const std::string status = root.get("/apis/reeve.dev/v1/status", local).body;
  const std::size_t at = status.find("\"connections\":");
  BOOST_REQUIRE(at != std::string::npos);
  BOOST_TEST(std::atoi(status.c_str() + at + 14) <= 64 + 1);
  ApiClient refused = running.client(stranger);
  BOOST_TEST(refused.get("/healthz", local).status == 403);
}

BOOST_AUTO_TEST_CASE(pages_of_browsers_are_refused) {
  if (!is_root()) return;
  Running running;
  for (const char* each : {"Host: localhost\r\n", "Host: localhost:1\r\n", "Host: 127.0.0.1:8011\r\n",
                           "Host: [::1]\r\n", "Host: localhost\r\nOrigin: http://localhost:8011\r\n"}) {
    BOOST_TEST(running.status_of(each) == 200, each);
  }
  for (const char* each :
       {"", "Host:\r\n", "Host: evil.example\r\n", "Host: localhost.evil.example\r\n",
        "Host: 127.0.0.1.evil.example\r\n", "Host: localhost:x\r\n", "Host: 127.0.0.2\r\n", "Host: [::1\r\n",
        "Host: []\r\n", "Host: localhost\r\nHost: evil\r\n", "Host: localhost\r\nOrigin: http://evil.example\r\n",
        "Host: localhost\r\nOrigin: null\r\n", "Host: localhost\r\nOrigin: https://localhost\r\n"}) {
    const int status = running.status_of(each);
    BOOST_TEST((status == 403 || status == 400), each << " gives " << status);
  }
}

BOOST_AUTO_TEST_CASE(misbehaving_clients_disturb_nobody_on_tcp) {
  if (!is_root()) return;
  Running running;
  ApiClient half = running.client();
  half.send("GET /heal");
  std::vector<ApiClient> idle;
  for (int i = 0; i < 300; ++i) idle.push_back(running.client());
  ApiClient big = running.client();
  big.send("POST " + pods_path + " HTTP/1.1\r\n" + local + "Content-Length: 3145728\r\n\r\n" +
           std::string(3145728, 'x'));
  BOOST_TEST(big.receive().status == 413);
  ApiClient pipelined = running.client();
  const std::string end = " HTTP/1.1\r\n" + local + "\r\n";
  pipelined.send("GET /healthz" + end + "GET /none" + end + "GET /version" + end);
  BOOST_TEST(pipelined.receive().body == "ok");
  BOOST_TEST(pipelined.receive().status == 404);
  BOOST_TEST(json_text(pipelined.receive().body, "major") == "1");
  for (const char* path :
       {"/api/v1/../../etc/passwd", "/api/v1/%2e%2e/x", "http://127.0.0.1/healthz", "*", "/api/v1/pods%00"}) {
    ApiClient client = running.client();
    client.send("GET " + std::string(path) + end);
    BOOST_TEST(client.receive().status >= 400, path);
  }
  half.send("thz" + end);
  BOOST_TEST(half.receive().body == "ok");
  for (ApiClient& each : idle) BOOST_REQUIRE(each.get("/healthz", local).status == 200);
}

BOOST_AUTO_TEST_CASE(other_addresses_are_mistakes_that_say_why) {
  for (const char* each : {"0.0.0.0:8011", "192.0.2.1:8011", "8011", "[::]:8011"}) {
    const Finished run = run_to_end({"run", "--api", each});
    BOOST_TEST(run.code == 2, each);
    BOOST_TEST(run.output.find("must be 127.0.0.1:PORT or [::1]:PORT") != std::string::npos, run.output);
  }
}

BOOST_AUTO_TEST_CASE(the_kubeconfig_names_where_it_is_served) {
  Running running;
  const Finished kubeconfig = run_to_end({"kubeconfig", "--socket", running.socket});
  BOOST_TEST(kubeconfig.code == 0);
  const std::string server = "server: http://127.0.0.1:" + std::to_string(running.port) + "\n";
  BOOST_TEST(kubeconfig.output.find(server) != std::string::npos, kubeconfig.output);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace reeve::test
