// The namespaces of a pod: what its containers share, and what nobody else reaches.

#include <linux/sandbox_support.hpp>

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>

using namespace reeve::linux;
using namespace reeve::linux::test;

namespace {

// A pod that answers with its name on a port.
struct Server {
  std::unique_ptr<Sandbox> sandbox;
  std::unique_ptr<Running> running;
};

std::unique_ptr<Server> start_server(const std::string& name, std::uint16_t port) {
  auto server = std::make_unique<Server>();
  server->sandbox = isolated_sandbox(name);
  if (!server->sandbox) return nullptr;
  server->running = run(inside(*server->sandbox), {"--greeting", name, "--http", std::to_string(port)});
  return server->running && server->running->wait_output("listening on") ? std::move(server) : nullptr;
}

// An abstract unix socket of ours.
UniqueFd listen_abstract(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd.get(), 8) != 0) fd.reset();
  return fd;
}

std::string number(auto value) { return std::to_string(value); }

// A root directory with behave and the given directories in it.
std::string make_root(const std::string& name, const std::vector<std::string>& directories) {
  const std::string root = scratch() + "/" + name;
  std::filesystem::remove_all(root);
  for (const std::string& directory : directories) std::filesystem::create_directories(root + "/" + directory);
  std::filesystem::copy(behave(), root + "/bin/behave");
  return root;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sandbox)

BOOST_AUTO_TEST_CASE(ten_pods_serve_on_one_port_number) {
  check_as_both([]() -> std::string {
    const std::uint16_t port = free_port();
    std::vector<std::unique_ptr<Server>> servers;
    for (int index = 0; index < 10; ++index) {
      servers.push_back(start_server("pod-" + number(index), port));
      EXPECT(servers.back() != nullptr);
    }
    for (int index = 0; index < 10; ++index) {
      const std::string answer = ask(*servers[static_cast<std::size_t>(index)]->sandbox->network(), port);
      EXPECT_SAYING(answer == "pod-" + number(index) + "\n", answer);
    }
    EXPECT_SAYING(ask_host(port) == "Connection refused", ask_host(port));
    return "";
  });
}

BOOST_AUTO_TEST_CASE(a_pod_reaches_neither_its_neighbour_nor_the_host) {
  check_as_both([]() -> std::string {
    const Listener of_host;
    const std::uint16_t port = free_port();
    const auto neighbour = start_server("neighbour", port);
    const auto sandbox = isolated_sandbox();
    EXPECT(neighbour != nullptr && sandbox != nullptr);
    const std::vector<std::string> both = {"--connect", "127.0.0.1", number(port),
                                           "--connect", "127.0.0.1", number(of_host.port)};
    std::string said = output_of(inside(*sandbox), both);
    EXPECT_SAYING(said == "connect: Connection refused\nconnect: Connection refused\n", said);
    said = output_of(inside(*sandbox), {"--connect", "192.0.2.1", "80"});
    EXPECT_SAYING(said == "connect: Network is unreachable\n", said);
    // The neighbour reaches itself, and a pod in our network reaches us.
    said = output_of(inside(*neighbour->sandbox), both);
    EXPECT_SAYING(said == "connect: ok\nconnect: Connection refused\n", said);
    said = output_of(with(Isolation::private_namespaces), both);
    EXPECT_SAYING(said == "connect: Connection refused\nconnect: ok\n", said);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(abstract_sockets_of_the_host_are_out_of_reach) {
  check_as_both([]() -> std::string {
    const std::string name = unique_mark();
    const UniqueFd listener = listen_abstract(name);
    const auto sandbox = isolated_sandbox();
    EXPECT(listener && sandbox != nullptr);
    std::string said = output_of(inside(*sandbox), {"--connect-abstract", name});
    EXPECT_SAYING(said == "connect: Connection refused\n", said);
    said = output_of(with(Isolation::private_namespaces), {"--connect-abstract", name});
    EXPECT_SAYING(said == "connect: ok\n", said);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(processes_of_others_can_be_neither_signalled_nor_traced) {
  check_as_both([]() -> std::string {
    const auto sandbox = isolated_sandbox();
    const auto other = isolated_sandbox();
    EXPECT(sandbox != nullptr && other != nullptr);
    const auto victim = run(inside(*other), {"--print", "ready", "--hang"});
    EXPECT(victim != nullptr && victim->wait_output("ready\n"));
    const std::vector<std::string> attack = {"--try-kill", number(*victim->leader), "--try-trace",
                                             number(*victim->leader)};
    std::string said = output_of(inside(*sandbox), attack);
    EXPECT_SAYING(said == "kill: No such process\nptrace: No such process\n", said);
    // Not even a container of the same pod sees it.
    said = output_of(inside(*other), attack);
    EXPECT_SAYING(said == "kill: No such process\nptrace: No such process\n", said);
    said = output_of(with(Isolation::none), {"--try-kill", number(*victim->leader)});
    EXPECT_SAYING(said == "kill: ok\n", said);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(containers_of_a_pod_share_memory_and_host_name) {
  check_as_both([]() -> std::string {
    const std::string key = number(::getpid());
    const auto sandbox = isolated_sandbox("web-1");
    const auto other = isolated_sandbox("web-2");
    EXPECT(sandbox != nullptr && other != nullptr);
    std::string said = output_of(inside(*sandbox), {"--write-shared", key, "told", "--host-name"});
    EXPECT_SAYING(said == "write shared memory: ok\nweb-1\n", said);
    said = output_of(inside(*sandbox), {"--read-shared", key, "--host-name"});
    EXPECT_SAYING(said == "shared: told\nweb-1\n", said);
    said = output_of(inside(*other), {"--read-shared", key, "--host-name"});
    EXPECT_SAYING(said == "read shared memory: No such file or directory\nweb-2\n", said);
    said = output_of(with(Isolation::none), {"--read-shared", key});
    EXPECT_SAYING(said == "read shared memory: No such file or directory\n", said);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(a_pod_in_our_network_shares_the_rest_alone) {
  check_as_both([]() -> std::string {
    const std::string key = number(::getpid());
    const Listener of_host;
    const auto sandbox = make_sandbox({"host-net", false, {}});
    EXPECT(sandbox != nullptr);
    EXPECT(sandbox->network() == nullptr && sandbox->network_namespace() == -1 && !sandbox->keeper());
    std::string said =
        output_of(inside(*sandbox), {"--connect", "127.0.0.1", number(of_host.port), "--write-shared", key, "x"});
    EXPECT_SAYING(said == "connect: ok\nwrite shared memory: ok\n", said);
    said = output_of(inside(*sandbox), {"--read-shared", key, "--host-name"});
    EXPECT_SAYING(said == "shared: x\nhost-net\n", said);
    char ours[256] = {};
    ::gethostname(ours, sizeof ours - 1);
    EXPECT(std::string(ours) != "host-net");
    return "";
  });
}

// As net.ipv4.ip_unprivileged_port_start = 0 has it in Kubernetes.
BOOST_AUTO_TEST_CASE(low_ports_are_free_inside) {
  check_as_both([]() -> std::string {
    const auto sandbox = isolated_sandbox();
    EXPECT(sandbox != nullptr);
    const std::string said =
        output_of(inside(*sandbox), {"--try-listen", "80", "--cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start"});
    EXPECT_SAYING(said == "listen: ok\n0\n", said);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(what_joins_a_container_is_in_its_sandbox) {
  check_as_both([]() -> std::string {
    const std::uint16_t port = free_port();
    const auto server = start_server("web-1", port);
    EXPECT(server != nullptr);
    ProcessSpec spec;
    spec.join_pidfd = server->running->process.pidfd();
    const std::string said =
        output_of(spec, {"--connect", "127.0.0.1", number(port), "--host-name", "--fds", "--list", "/tmp"});
    EXPECT_SAYING(said == "connect: ok\nweb-1\n0 1 2\n", said);
    return "";
  });
}

// PATH, working directory and program are those of the root directory.
BOOST_AUTO_TEST_CASE(what_joins_a_container_is_in_its_root_directory) {
  const std::string root = make_root("joined-root", {"bin", "tmp", "proc", "dev", "srv/here"});
  check_as_both([&]() -> std::string {
    const auto sandbox = isolated_sandbox("rooted");
    EXPECT(sandbox != nullptr);
    ProcessSpec spec = inside(*sandbox);
    spec.argv = {"behave"};
    spec.root_directory = root;
    const auto container = run(spec, {"--print", "ready", "--hang"});
    EXPECT(container != nullptr);
    EXPECT_SAYING(container->wait_output("ready\n"), container->message());
    ProcessSpec joining;
    joining.argv = {"behave"};
    joining.environment = {"PATH=/nowhere:/bin"};
    joining.working_directory = "/srv/here";
    joining.join_pidfd = container->process.pidfd();
    std::string said = output_of(joining, {"--working-directory", "--env", "--host-name", "--list", "/srv", "--fds"});
    EXPECT_SAYING(said == "/srv/here\nPATH=/nowhere:/bin\nrooted\nhere\n0 1 2\n", said);
    joining.working_directory = "/srv/gone";
    said = output_of(joining, {});
    EXPECT_SAYING(said == "cannot enter the working directory /srv/gone: No such file or directory", said);
    return "";
  });
}

// Also what was opened without close-on-exec, and whatever numbers it has.
BOOST_AUTO_TEST_CASE(a_container_inherits_three_descriptors) {
  std::vector<UniqueFd> careless;
  for (int index = 0; index < 40; ++index) careless.emplace_back(::dup(0));
  check_as_both([]() -> std::string {
    const auto sandbox = isolated_sandbox();
    EXPECT(sandbox != nullptr);
    const std::string said = output_of(inside(*sandbox), {"--fds"});
    EXPECT_SAYING(said == "0 1 2\n", said);
    const auto container = run(inside(*sandbox), {"--print", "ready", "--hang"});
    EXPECT(container != nullptr && container->wait_output("ready\n"));
    ProcessSpec joining;
    joining.join_pidfd = container->process.pidfd();
    EXPECT(output_of(joining, {"--fds"}) == "0 1 2\n");
    return "";
  });
}

BOOST_AUTO_TEST_CASE(what_goes_with_no_sandbox_is_refused) {
  check_as_we_are([]() -> std::string {
    const auto sandbox = isolated_sandbox();
    EXPECT(sandbox != nullptr);
    ProcessSpec spec = inside(*sandbox);
    spec.argv = {"web"};
    spec.isolation = Isolation::none;
    const auto started = Process::start(spec);
    EXPECT(!started);
    EXPECT(started.error().message() == "cannot start web: a sandbox goes with private namespaces");
    const auto named = Sandbox::make({std::string(65, 'x'), false, {}});
    EXPECT(!named && named.error().message().ends_with("as a host name: it is longer than 64 bytes"));
    return "";
  });
}

BOOST_AUTO_TEST_SUITE_END()
