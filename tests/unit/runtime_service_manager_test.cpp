// Names of kept sockets, and entries of the journal.
#include "runtime/console.hpp"
#include "runtime/given_sockets.hpp"
#include "runtime/journal.hpp"
#include "runtime/narrator.hpp"
#include "runtime/service_manager.hpp"

#include <reeve/core/supervisor.hpp>
#include <reeve/linux/socket.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>

namespace reeve::runtime {
namespace {

std::string name_of(const std::string& address) { return kept_name(*linux::SocketAddress::parse(address)); }

// Sockets with these names, each at a port of its own, and what is said of them.
struct Passed {
  explicit Passed(const std::vector<std::string>& names) {
    int ends[2];
    BOOST_REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    said_end.reset(ends[0]);
    console_end.reset(ends[1]);
    console = *Console::start(ends[1], LogFormat::text);
    uv_loop_init(&loop);
    std::vector<linux::PassedDescriptor> passed;
    for (const std::string& name : names) {
      auto fd = linux::listen_alone(linux::SocketAddress::parse("127.0.0.1:1")->with_port(0));
      BOOST_REQUIRE(fd);
      addresses[name] = *linux::local_address(fd->get());
      passed.push_back({*std::move(fd), name});
    }
    narrator = std::make_unique<Narrator>(*console);
    manager = std::make_unique<ServiceManager>(loop, linux::ManagerEnvironment{}, supervisor, *narrator);
    given = std::make_unique<GivenSockets>(std::move(passed), *manager, *narrator);
  }
  ~Passed() {
    given.reset();
    manager.reset();
    while (uv_run(&loop, UV_RUN_DEFAULT) != 0) {
    }
    uv_loop_close(&loop);
  }

  proxy::ServiceConfig open(std::uint64_t id, const std::string& name, std::uint16_t port, bool is_only_port,
                            const std::string& name_space = "default") {
    OpenService effect;
    effect.service = ServiceId{id};
    effect.name = name;
    effect.name_space = name_space;
    effect.is_only_port = is_only_port;
    proxy::ServiceConfig config;
    config.listen.push_back(linux::SocketAddress::parse("127.77.1.1:1")->with_port(port));
    given->hand_out(effect, config);
    return config;
  }
  std::string said() {
    console.reset();
    char bytes[4096];
    const ssize_t got = ::read(said_end.get(), bytes, sizeof bytes);
    return {bytes, static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  }

  uv_loop_t loop{};
  linux::UniqueFd said_end, console_end;
  std::unique_ptr<Console> console;
  Supervisor supervisor{SupervisorOptions{}};
  std::unique_ptr<Narrator> narrator;
  std::unique_ptr<ServiceManager> manager;
  std::unique_ptr<GivenSockets> given;
  std::map<std::string, linux::SocketAddress> addresses;
};

BOOST_AUTO_TEST_SUITE(runtime_service_manager)

BOOST_AUTO_TEST_CASE(a_socket_goes_to_the_service_of_its_name) {
  Passed passed({"web", "api.prod", "nobody"});
  const auto web = passed.open(1, "web", 80, true);
  BOOST_REQUIRE(web.given.size() == 1u);
  BOOST_TEST(web.given[0].is_shared);
  BOOST_TEST((web.given[0].address == passed.addresses["web"]));
  BOOST_TEST((web.listen.back() == passed.addresses["web"]));
  BOOST_TEST(web.start_held);
  BOOST_TEST(passed.open(2, "api", 80, true).given.empty());  // another namespace's
  BOOST_TEST(passed.open(3, "api", 80, true, "prod").given.size() == 1u);
  BOOST_TEST(passed.open(4, "web", 80, true, "prod").given.empty());
  BOOST_TEST(passed.open(1, "web", 80, true).given.size() == 1u);  // opened again, it still has it
  passed.given->end_start();
  passed.given->end_start();
  passed.given->take_back(ServiceId{3});
  BOOST_TEST(!passed.open(5, "late", 80, true).start_held);
  BOOST_TEST(passed.open(6, "api", 80, true, "prod").given.size() == 1u);  // who comes later has it
  const std::string said = passed.said();
  BOOST_TEST(said.find("no service takes the socket \"nobody\" at 127.0.0.1:") != std::string::npos);
  BOOST_TEST(said.find("no service takes the socket \"nobody\"") ==
             said.rfind("no service takes the socket \"nobody\""));
  BOOST_TEST(said.find("no service takes the socket \"api.prod\" at 127.0.0.1:") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(of_several_ports_a_socket_goes_to_that_of_its_number) {
  Passed passed({"web"});
  const std::uint16_t port = passed.addresses["web"].port();
  const auto other = static_cast<std::uint16_t>(port == 80 ? 81 : 80);
  BOOST_TEST(passed.open(1, "web:http", other, false).given.empty());
  BOOST_TEST(passed.open(2, "web:https", port, false).given.size() == 1u);
  BOOST_TEST(passed.given->shared_by(ServiceId{1}).empty());
  BOOST_TEST(passed.given->shared_by(ServiceId{2}).size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_no_listening_stream_is_told) {
  Passed passed({});
  std::vector<linux::PassedDescriptor> wrong;
  wrong.push_back({linux::UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)), "web"});
  wrong.push_back({linux::UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), "api"});
  GivenSockets given(std::move(wrong), *passed.manager, *passed.narrator);
  BOOST_TEST(!given.has_shared());
  const std::string said = passed.said();
  BOOST_TEST(said.find("passed \"web\", which is no listening TCP or unix stream socket") != std::string::npos);
  BOOST_TEST(said.find("passed \"api\", which is no listening TCP or unix stream socket") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_kept_socket_has_a_name_that_a_manager_takes) {
  BOOST_TEST(name_of("127.77.3.9:80") == "reeve/127.77.3.9,80");
  BOOST_TEST(name_of("[::1]:80") == "reeve/[,,1],80");
  BOOST_TEST(name_of("unix:/run/web.sock") == "reeve/unix,/run/web.sock");
  const std::string beyond = name_of(
      "unix:/run/w\xc3\xa4"
      "b.sock");
  BOOST_TEST(beyond.starts_with("reeve/#"));
  BOOST_TEST(beyond != name_of("unix:/run/w\xc3\xa4"
                               "c.sock"));
  BOOST_TEST(linux::is_fd_name(beyond));
}

BOOST_AUTO_TEST_CASE(a_line_is_an_entry_with_the_fields_of_its_container) {
  const std::string path = "/var/tmp/reeve-journal-" + std::to_string(::getpid());
  const linux::UniqueFd there(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  std::strcpy(at.sun_path, path.c_str());
  BOOST_REQUIRE(::bind(there.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
  Journal journal(*linux::JournalSocket::open(path));
  ContainerSpec container;
  container.name = "main";
  const std::string fields = Journal::fields_of({PodId{1}, "default", "web", "uid-1"}, container);
  const std::string head =
      "SYSLOG_IDENTIFIER=web/main\nREEVE_NAMESPACE=default\nREEVE_POD=web\nREEVE_POD_UID=uid-1\nREEVE_CONTAINER=main\n";
  const auto entry = [&] {
    char bytes[1024];
    const ssize_t got = ::recv(there.get(), bytes, sizeof bytes, 0);
    return std::string(bytes, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  };
  BOOST_TEST(journal.write(fields, LogSource::out, "hello"));
  BOOST_TEST(entry() == head + "PRIORITY=6\nREEVE_STREAM=stdout\nMESSAGE=hello\n");
  BOOST_TEST(journal.write(fields, LogSource::err, "<3>no"));
  BOOST_TEST(entry() == head + "PRIORITY=3\nREEVE_STREAM=stderr\nMESSAGE=no\n");
  BOOST_TEST(journal.write(fields, LogSource::err, "<9>"));
  BOOST_TEST(entry() == head + "PRIORITY=6\nREEVE_STREAM=stderr\nMESSAGE=<9>\n");
  ::unlink(path.c_str());
  BOOST_TEST(!journal.write(fields, LogSource::out, "nobody reads"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace reeve::runtime
