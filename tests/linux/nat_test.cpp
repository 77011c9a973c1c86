// A way out through pasta. The world outside is the test's own: a network with a default route, over a veth pair to a
// street where somebody listens.

#include <linux/sandbox_world.hpp>
#include "linux/process_tree.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

using namespace reeve;
using namespace reeve::linux;
using namespace reeve::linux::test;
using namespace reeve::runtime::test;

namespace {

constexpr const char* street_address = "198.51.100.254";
constexpr std::uint16_t street_port = 8088;

// Both live as long as the child process of the scenario.
std::unique_ptr<linux::Sandbox> street;
std::unique_ptr<Running> resident;  // for ip knows networks by the pids in them
UniqueFd listener;

bool run_all(const std::vector<std::string>& commands) {
  for (const std::string& each : commands) {
    if (std::system((each + " >/dev/null 2>&1").c_str()) != 0) return false;
  }
  return true;
}

bool listen_on_the_street() {
  auto socket = street->network()->make_socket(AF_INET, SOCK_STREAM);
  if (!socket) return false;
  listener = *std::move(socket);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(street_port);
  ::inet_pton(AF_INET, street_address, &address.sin_addr);
  return ::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
         ::listen(listener.get(), 8) == 0;
}

// Where /dev/net/tun is root's alone, a copy that is everybody's, in our mount namespace.
bool open_tun_to_all() {
  const std::string copy = scratch() + "/tun";
  ::unlink(copy.c_str());
  return ::mknod(copy.c_str(), S_IFCHR | 0666, makedev(10, 200)) == 0 && ::chmod(copy.c_str(), 0666) == 0 &&
         ::mount(copy.c_str(), "/dev/net/tun", nullptr, MS_BIND, nullptr) == 0;
}

std::string build_the_outside() {
  if (::geteuid() != 0) return "skipped: only root can make a world outside";
  if (std::system("command -v pasta ip nsenter >/dev/null 2>&1") != 0) {
    return "skipped: pasta, ip or nsenter is not installed";
  }
  if (::access("/dev/net/tun", F_OK) != 0) return "skipped: there is no /dev/net/tun";
  if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return "skipped: no namespaces are to be had";
  }
  street = isolated_sandbox("street");
  if (!street) return "skipped: no sandbox is to be had";
  resident = run(inside(*street), {"--hang"});
  if (!resident || !resident->wait_started()) return "nobody can live on the street";
  const std::string there =
      "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(street->network_namespace());
  const std::string inside_it = "nsenter --net=" + there + " ";
  const bool built =
      run_all({"ip link set lo up", "ip link add out0 type veth peer name out1", "ip addr add 198.51.100.1/24 dev out0",
               "ip link set out0 up", "ip link set out1 netns " + std::to_string(*resident->leader),
               inside_it + "ip addr add " + street_address + "/24 dev out1", inside_it + "ip link set out1 up",
               "ip route add default via " + std::string(street_address)});
  if (!built || !open_tun_to_all()) return "skipped: a veth pair or the like is not to be had";
  return listen_on_the_street() ? "" : "nobody can listen on the street";
}

void check_outside(const std::function<std::string()>& change, const Scenario& scenario) {
  const auto prepare = [&] {
    const std::string said = build_the_outside();
    return said.empty() ? change() : said;
  };
  BOOST_TEST_CONTEXT("as we are") check(in_child(prepare, scenario));
  const auto prepare_for_nobody = [&] {
    const std::string said = prepare();
    return said.empty() ? become_nobody() : said;
  };
  BOOST_TEST_CONTEXT("as nobody") check(in_child(prepare_for_nobody, scenario));
}

void check_outside(const Scenario& scenario) {
  check_outside([] { return std::string(); }, scenario);
}

std::vector<std::string> connect(const std::string& address, std::uint16_t port) {
  return {"--connect", address, std::to_string(port)};
}

// Among our descendants; 0: there is none.
pid_t find_pasta() {
  PidList tree;
  if (!list_tree(tree, ::getpid(), ListedBy::children_files)) return 0;
  for (std::size_t index = 0; index < tree.size(); ++index) {
    const auto name = read_file("/proc/" + std::to_string(tree[index]) + "/comm", 64);
    if (name && (name->starts_with("pasta") || name->starts_with("passt"))) return tree[index];
  }
  return 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nat)

BOOST_AUTO_TEST_CASE(it_leads_out_and_nowhere_else) {
  check_outside([]() -> std::string {
    const Listener of_host;
    World world;
    world.runner->perform(wish(1, reeve::Network::nat));
    EXPECT_SAYING(world.wait_for<SandboxStarted>(), world.last_message);
    const linux::Sandbox& pod = *world.runner->find(PodId{1});
    // The street's, and not our loopback's, as which pasta would take the address of the gateway if it were let.
    std::string said = output_of(inside(pod), connect(street_address, street_port));
    EXPECT_SAYING(said == "connect: ok\n", said);
    // Neither our loopback, nor by our own address, which is the pod's own inside.
    said = output_of(inside(pod), connect("127.0.0.1", of_host.port));
    EXPECT_SAYING(said == "connect: Connection refused\n", said);
    said = output_of(inside(pod), connect("198.51.100.1", of_host.port));
    EXPECT_SAYING(said == "connect: Connection refused\n", said);
    // From outside nothing leads in, and the proxy's sockets still do.
    const auto server = run(inside(pod), {"--http", "3000"});
    EXPECT(server && server->wait_output("listening on"));
    EXPECT(ask_host(3000) == "Connection refused");
    EXPECT(ask(*pod.network(), 3000) == "hello\n");
    const auto isolated = isolated_sandbox();
    said = output_of(inside(*isolated), connect(street_address, street_port));
    EXPECT_SAYING(said == "connect: Network is unreachable\n", said);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(it_ends_with_its_pod) {
  check_outside([]() -> std::string {
    World world;
    world.runner->perform(wish(1, reeve::Network::nat));
    EXPECT_SAYING(world.wait_for<SandboxStarted>(), world.last_message);
    EXPECT(find_pasta() > 0);
    world.runner->perform(StopSandbox{PodId{1}});
    EXPECT(wait_until([&] {
      uv_run(&world.loop, UV_RUN_NOWAIT);
      return find_pasta() == 0;
    }));
    EXPECT(world.told.empty());
    return "";
  });
}

BOOST_AUTO_TEST_CASE(its_end_is_told) {
  check_outside([]() -> std::string {
    World world;
    world.runner->perform(wish(1, reeve::Network::nat));
    EXPECT_SAYING(world.wait_for<SandboxStarted>(), world.last_message);
    ::kill(find_pasta(), SIGKILL);
    EXPECT(world.wait_for<SandboxEnded>());
    EXPECT_SAYING(world.last_message == "the pod's way out ended: pasta was ended by signal 9", world.last_message);
    EXPECT(world.runner->find(PodId{1}) != nullptr);  // the rest stands until it is stopped
    world.runner->perform(StopSandbox{PodId{1}});
    world.runner->perform(wish(1, reeve::Network::nat));
    EXPECT_SAYING(world.wait_for<SandboxStarted>(), world.last_message);
    return "";
  });
}

// A host without a default route has nothing that leads out.
BOOST_AUTO_TEST_CASE(a_failure_says_why) {
  const auto take_the_route_away = [] {
    return std::string(run_all({"ip route del default"}) ? "" : "no route to take");
  };
  check_outside(take_the_route_away, []() -> std::string {
    World world;
    world.runner->perform(wish(1, reeve::Network::nat));
    EXPECT(world.wait_for<SandboxFailed>());
    EXPECT_SAYING(
        world.last_message.starts_with("cannot give the pod a way out (network = \"nat\"): pasta ended with code 1: "),
        world.last_message);
    EXPECT_SAYING(world.last_message.find("External interface not usable") != std::string::npos, world.last_message);
    EXPECT_SAYING(world.last_message.find("syslog") == std::string::npos, world.last_message);
    EXPECT(world.runner->find(PodId{1}) == nullptr);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(without_pasta_the_remedy_is_named) {
  const auto hide_pasta = []() -> std::string {
    if (::geteuid() != 0) return "skipped: only root can cover /usr/bin";
    const bool hidden = ::unshare(CLONE_NEWNS) == 0 &&
                        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                        ::mount("tmpfs", "/usr/bin", "tmpfs", 0, nullptr) == 0;
    return hidden ? "" : "skipped: no mount namespace is to be had";
  };
  check(in_child(hide_pasta, []() -> std::string {
    World world;
    world.runner->perform(wish(1, reeve::Network::nat));
    EXPECT(world.wait_for<SandboxFailed>());
    EXPECT_SAYING(world.last_message ==
                      "cannot give the pod a way out (network = \"nat\"): cannot execute pasta, looked for in PATH "
                      "\"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\": No such file or directory; "
                      "install it: apt install passt",
                  world.last_message);
    return "";
  }));
}

BOOST_AUTO_TEST_SUITE_END()
