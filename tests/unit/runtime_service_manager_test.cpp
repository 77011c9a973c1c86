// Names of kept sockets, and entries of the journal.
#include "runtime/given_sockets.hpp"
#include "runtime/journal.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <cstring>

namespace reeve::runtime {
namespace {

std::string name_of(const std::string& address) { return kept_name(*linux::SocketAddress::parse(address)); }

BOOST_AUTO_TEST_SUITE(runtime_service_manager)

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
