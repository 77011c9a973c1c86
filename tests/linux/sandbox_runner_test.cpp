// What the runtime makes of the supervisor's wish for a sandbox: files, ports, a way out, and their ends.

#include <linux/sandbox_world.hpp>
#include "runtime/pod_files.hpp"

#include <reeve/linux/pasta.hpp>

#include <signal.h>

#include <set>

using namespace reeve;
using namespace reeve::linux::test;
using namespace reeve::runtime::test;

BOOST_AUTO_TEST_SUITE(sandbox_runner)

BOOST_AUTO_TEST_CASE(a_pod_is_furnished_with_its_names) {
  check_as_both([]() -> std::string {
    World world;
    StartSandbox start = wish(7, Network::isolated);
    start.hosts = {{"127.77.0.3", {"db", "db.default.svc"}}};
    world.runner->perform(start);
    EXPECT_SAYING(world.wait_for<SandboxStarted>(), world.last_message);
    const linux::Sandbox* sandbox = world.runner->find(PodId{7});
    EXPECT(sandbox != nullptr && world.runner->network_of(PodId{7}) != nullptr);
    const std::string said = output_of(inside(*sandbox), {"--host-name", "--cat", "/etc/hosts"});
    EXPECT_SAYING(said ==
                      "web-7\n127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.78.0.7 web-7\n"
                      "127.77.0.3 db db.default.svc\n",
                  said);
    world.runner->perform(StopSandbox{PodId{7}});
    EXPECT(world.runner->find(PodId{7}) == nullptr && world.runner->network_of(PodId{7}) == nullptr);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(a_pod_in_our_network_knows_the_hosts_names) {
  World world;
  world.runner->perform(wish(1, Network::host));
  BOOST_TEST(world.wait_for<SandboxStarted>().has_value(), world.last_message);
  BOOST_TEST(world.runner->find(PodId{1})->files().empty());
  BOOST_TEST(world.runner->network_of(PodId{1}) == nullptr);
  BOOST_TEST(runtime::hosts_file_with("1.2.3.4 a", {{"127.77.0.3", {"db"}}}) == "1.2.3.4 a\n127.77.0.3 db\n");
}

BOOST_AUTO_TEST_CASE(without_isolation_nothing_is_made) {
  World world;
  world.runner->change_default_isolation(Isolation::none);
  world.runner->perform(wish(1, Network::host, 2));
  const auto started = world.wait_for<SandboxStarted>();
  BOOST_REQUIRE(started.has_value());
  BOOST_TEST(started->ports.size() == 2u);
  BOOST_TEST(world.runner->find(PodId{1}) == nullptr);
  world.runner->perform(wish(2, Network::isolated));
  BOOST_TEST(world.wait_for<SandboxFailed>().has_value());
  BOOST_TEST(world.last_message == "a network of its own needs isolation = \"private\"");
}

BOOST_AUTO_TEST_CASE(ports_are_free_and_given_once) {
  World world;
  std::set<std::int32_t> all;
  for (std::uint64_t id = 1; id <= 20; ++id) {
    world.runner->perform(wish(id, Network::host, 50));
    const auto started = world.wait_for<SandboxStarted>();
    BOOST_REQUIRE(started.has_value());
    BOOST_TEST(started->ports.size() == 50u);
    all.insert(started->ports.begin(), started->ports.end());
  }
  BOOST_TEST(all.size() == 1000u);
  BOOST_TEST(ask_host(static_cast<std::uint16_t>(*all.begin())) == "Connection refused");
}

// Root has no keeper.
BOOST_AUTO_TEST_CASE(the_end_of_a_keeper_is_told) {
  check_as_nobody([]() -> std::string {
    World world;
    world.runner->perform(wish(1, Network::isolated));
    EXPECT_SAYING(world.wait_for<SandboxStarted>(), world.last_message);
    const pid_t keeper = *world.runner->find(PodId{1})->keeper();
    ::kill(keeper, SIGKILL);
    EXPECT(world.wait_for<SandboxEnded>());
    EXPECT_SAYING(world.last_message == "the keeper of the pod's network has ended", world.last_message);
    // Another one may follow, and the end of the first is not its end.
    world.runner->perform(StopSandbox{PodId{1}});
    world.runner->perform(wish(1, Network::isolated));
    EXPECT(world.wait_for<SandboxStarted>());
    world.runner->perform(StopSandbox{PodId{1}});
    world.runner->perform(wish(2, Network::isolated));
    EXPECT(world.wait_for<SandboxStarted>());
    return "";
  });
}

BOOST_AUTO_TEST_CASE(resolvers_on_the_hosts_loopback_are_forwarded) {
  using linux::resolv_conf_inside;
  BOOST_TEST(resolv_conf_inside("search lan\nnameserver 10.0.0.1\n") == "search lan\nnameserver 10.0.0.1\n");
  BOOST_TEST(resolv_conf_inside("nameserver 127.0.0.53\noptions edns0") == "options edns0\nnameserver 169.254.1.1\n");
  BOOST_TEST(resolv_conf_inside("nameserver ::1\nnameserver 10.0.0.1 # lan\n") == "nameserver 10.0.0.1 # lan\n");
  BOOST_TEST(resolv_conf_inside("nameservers 1.2.3.4\n") == "nameservers 1.2.3.4\nnameserver 169.254.1.1\n");
  BOOST_TEST(resolv_conf_inside("") == "nameserver 169.254.1.1\n");
}

BOOST_AUTO_TEST_SUITE_END()
