// Services as a client meets them: refused, served, refused again, and never anything else.
#include <blackbox/support.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <thread>

using namespace reeve::test;

namespace {

// What a pod that serves HTTP needs to be probed each second.
std::string probed(int port, const std::string& period = "1") {
  return "[pod.web.readinessProbe]\nhttpGet = { path = \"/health\", port = " + std::to_string(port) +
         " }\nperiodSeconds = " + period + "\nfailureThreshold = 1\ntimeoutSeconds = 1\n";
}

std::string service(const std::string& name, int target, const std::vector<std::string>& listen, int port = 80) {
  std::string addresses;
  for (const std::string& each : listen) addresses += (addresses.empty() ? "" : ", ") + quoted(each);
  return "[service." + name + "]\nport = " + std::to_string(port) + "\ntargetPort = " + std::to_string(target) +
         "\npod = \"web\"\nlisten = [" + addresses + "]\n";
}

std::string local(int port) { return "127.0.0.1:" + std::to_string(port); }

// A pod that serves HTTP at `backend`, behind services that the test writes.
struct Web {
  Scratch scratch;
  int backend = free_port();
  int front = free_port();

  std::string file(const std::vector<std::string>& flags, const std::string& services,
                   const std::string& period = "1") const {
    std::vector<std::string> all = flags;
    all.insert(all.end(), {"--http", std::to_string(backend)});
    return scratch.write("web.toml", pod(scratch, "web", all, probed(backend, period)) + services);
  }
  std::string file(const std::vector<std::string>& flags = {}) const {
    return file(flags, service("web", backend, {local(front)}));
  }
  bool tell(const std::string& path) const { return http_get(backend, path).status == 200; }
};

bool is_served(int port, const std::string& host = "127.0.0.1") { return http_get(port, "/", host).status == 200; }
bool is_refused(int port) { return try_connect(port) == Connected::refused; }

// Whether somebody else could take the port.
int bind_error(int port, bool reuse_address) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = reuse_address ? 1 : 0;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int error = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  ::close(fd);
  return error;
}

// The address that a service was given in 127.77.0.0/16, from what reeve printed.
std::string cluster_address(Reeve& reeve, const std::string& name) {
  const std::string head = "service/" + name + " listens on 127.77.";
  if (!reeve.prints(head)) return {};
  const std::string out = reeve.output();
  const std::size_t at = out.find(head) + head.size() - 7;
  return out.substr(at, out.find(':', at) - at);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(traffic)

BOOST_AUTO_TEST_CASE(a_service_refuses_until_ready_serves_and_refuses_again) {
  const Web web;
  Reeve reeve({"run", "-f", web.file({"--sleep", "1"})});
  BOOST_REQUIRE(reeve.prints("service/web listens on " + local(web.front)));
  int refused = 0;
  BOOST_REQUIRE(eventually([&] {
    const Connected now = try_connect(web.front);
    refused += now == Connected::refused ? 1 : 0;
    return now == Connected::yes;
  }));
  BOOST_TEST(refused > 10);
  BOOST_TEST(http_get(web.front, "/").body == "hello\n");

  BOOST_REQUIRE(web.tell("/be-unready"));
  const auto lost = Clock::now();
  BOOST_REQUIRE(eventually([&] { return is_refused(web.front); }));
  BOOST_TEST((Clock::now() - lost < Millis(2500)));  // a period, a timeout, and what a busy machine adds
  BOOST_TEST(bind_error(web.front, false) == EADDRINUSE);
  BOOST_TEST(bind_error(web.front, true) == EADDRINUSE);
  BOOST_TEST(reeve.prints("Readiness probe failed: HTTP probe failed with statuscode: 503"));

  BOOST_REQUIRE(web.tell("/be-ready"));
  BOOST_TEST(eventually([&] { return is_served(web.front); }));
  BOOST_TEST(reeve.count("Container started") == 1u);
}

BOOST_AUTO_TEST_CASE(a_service_whose_pod_dies_refuses_and_serves_the_next_one) {
  const Web web;
  Reeve reeve({"run", "-f", web.file({"--sleep", "0.3"})});
  BOOST_REQUIRE(eventually([&] { return is_served(web.front); }));
  const auto before = processes_named(web.scratch.behave_name());
  BOOST_REQUIRE(before.size() == 1u);
  ::kill(before[0], SIGKILL);
  BOOST_TEST(eventually([&] { return is_refused(web.front); }));
  BOOST_TEST(eventually([&] { return is_served(web.front); }));
  BOOST_TEST(processes_named(web.scratch.behave_name()) != before);
}

BOOST_AUTO_TEST_CASE(a_unix_listener_refuses_and_serves) {
  const Web web;
  const std::string path = web.scratch.file("web.sock");
  Reeve reeve({"run", "-f", web.file({"--sleep", "0.3"}, service("web", web.backend, {"unix:" + path}))});
  BOOST_REQUIRE(reeve.prints("service/web listens on unix:" + path));
  const auto served = [&] {
    Client client(path);
    return client.connect_error() == 0 && client.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n") &&
           client.read_to_end().ends_with("hello\n");
  };
  BOOST_TEST(Client(path).connect_error() == ECONNREFUSED);
  BOOST_TEST(eventually(served));
  BOOST_REQUIRE(web.tell("/be-unready"));
  BOOST_TEST(eventually([&] { return Client(path).connect_error() == ECONNREFUSED; }));
  BOOST_REQUIRE(web.tell("/be-ready"));
  BOOST_TEST(eventually(served));
  reeve.signal(SIGTERM);
  BOOST_TEST(reeve.wait().value_or(-1) == 0);
  BOOST_TEST(Client(path).connect_error() != 0);
}

BOOST_AUTO_TEST_CASE(two_services_have_the_same_port_on_addresses_of_their_own) {
  const Web web;
  const int second = free_port();
  const std::string services =
      service("one", web.backend, {local(web.front)}) + service("two", web.backend, {local(second)});
  Reeve reeve({"run", "-f", web.file({}, services)});
  BOOST_TEST(eventually([&] { return is_served(web.front) && is_served(second); }));
  const std::string one = cluster_address(reeve, "one");
  const std::string two = cluster_address(reeve, "two");
  BOOST_TEST(one != two);
  BOOST_TEST(is_served(80, one));
  BOOST_TEST(is_served(80, two));
}

BOOST_AUTO_TEST_CASE(a_node_port_of_a_manifest_is_listened_on_everywhere) {
  const Web web;
  const std::string manifest = web.scratch.write("service.yaml",
                                                 "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n"
                                                 "  type: NodePort\n  selector:\n    app: web\n  ports:\n"
                                                 "  - port: 80\n    targetPort: " +
                                                     std::to_string(web.backend) + "\n");
  Reeve reeve({"run", "-f", web.file({}, ""), "-f", manifest});
  const std::string head = "service/web listens on 0.0.0.0:";
  BOOST_REQUIRE(reeve.prints(head));
  const std::string out = reeve.output();
  const int port = std::atoi(out.c_str() + out.find(head) + head.size());
  BOOST_TEST((port >= 30000 && port <= 32767), port);
  BOOST_TEST(eventually([&] { return is_served(port); }));
}

BOOST_AUTO_TEST_CASE(an_address_that_cannot_be_had_is_told_and_the_others_work) {
  const Web web;
  const int taken = free_port();
  const int holder = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(taken));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  BOOST_REQUIRE(::bind(holder, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  BOOST_REQUIRE(::listen(holder, 1) == 0);
  const std::vector<std::string> listen{local(taken), "192.0.2.1:80", "unix:/no/such/directory/sock", local(web.front)};
  Reeve reeve({"run", "-f", web.file({}, service("web", web.backend, listen))});
  const std::string head = "Warning ListenFailed service/web: ";
  BOOST_TEST(reeve.prints(head + "cannot bind to " + local(taken) + ": Address already in use: another program"));
  BOOST_TEST(reeve.prints(head + "cannot bind to 192.0.2.1:80: Cannot assign requested address: no interface"));
  BOOST_TEST(reeve.prints(head + "cannot bind to unix:/no/such/directory/sock: No such file or directory: make"));
  BOOST_TEST(eventually([&] { return is_served(web.front); }));
  ::close(holder);
}

BOOST_AUTO_TEST_CASE(an_open_connection_outlives_readiness) {
  const Web web;
  Reeve reeve({"run", "-f", web.file()});
  BOOST_REQUIRE(eventually([&] { return is_served(web.front); }));
  Client client(web.front);
  BOOST_REQUIRE(client.send("GET / HTTP/1.1\r\n"));
  BOOST_REQUIRE(web.tell("/be-unready"));
  BOOST_REQUIRE(eventually([&] { return is_refused(web.front); }));
  BOOST_TEST(client.send("Connection: close\r\n\r\n"));
  BOOST_TEST(client.read_to_end().ends_with("hello\n"));
}

BOOST_AUTO_TEST_CASE(half_closes_and_resets_pass_through) {
  const Web web;
  Reeve reeve({"run", "-f", web.file()});
  BOOST_REQUIRE(eventually([&] { return is_served(web.front); }));
  Client half(web.front);
  BOOST_REQUIRE(half.send("GET /slow/200 HTTP/1.1\r\n\r\n"));
  half.half_close();
  BOOST_TEST(half.read_to_end().ends_with("slow\n"));
  BOOST_TEST(half.read_error() == 0);
  Client reset(web.front);
  BOOST_REQUIRE(reset.send("GET /reset HTTP/1.1\r\n\r\n"));
  BOOST_TEST(reset.read_to_end().empty());
  BOOST_TEST(reset.read_error() == ECONNRESET);
  Client ours(web.front);
  BOOST_REQUIRE(ours.send("GET /slow/100 HTTP/1.1\r\n\r\n"));
  ours.reset();
  BOOST_TEST(is_served(web.front));
}

BOOST_AUTO_TEST_CASE(clients_during_flaps_are_served_or_refused_and_never_reset) {
  const Web web;
  Reeve reeve({"run", "-f", web.file({"--flap", "0.5"}, service("web", web.backend, {local(web.front)}), "0.1")});
  BOOST_REQUIRE(eventually([&] { return is_served(web.front); }));
  std::atomic<bool> goes_on{true};
  std::atomic<int> served{0}, refused{0}, broken{0};
  std::vector<std::thread> clients;
  for (int number = 0; number < 8; ++number) {
    clients.emplace_back([&] {
      while (goes_on) {
        Client client(web.front);
        if (client.connect_error() == ECONNREFUSED) {
          ++refused;
          std::this_thread::sleep_for(Millis(1));
          continue;
        }
        const bool sent = client.connect_error() == 0 && client.send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
        sent&& client.read_to_end().ends_with("hello\n") ? ++served : ++broken;
      }
    });
  }
  BOOST_TEST(reeve.prints_times("has no ready pod: connections are refused", 5));
  goes_on = false;
  for (std::thread& each : clients) each.join();
  BOOST_TEST(served > 100);
  BOOST_TEST(refused > 100);
  BOOST_TEST(broken == 0);
}

BOOST_AUTO_TEST_SUITE_END()
