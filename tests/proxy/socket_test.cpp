#include <reeve/linux/socket.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <fstream>
#include <sstream>

#include <proxy/support.hpp>

namespace reeve::proxy::test {

namespace {

// How often the host's table of TIME_WAIT connections was full (TCPTimeWaitOverflow): then it keeps none.
std::string time_wait_overflows() {
  std::ifstream netstat("/proc/net/netstat");
  std::string names, values;
  std::getline(netstat, names);
  std::getline(netstat, values);
  std::istringstream name(names), value(values);
  for (std::string key, number; name >> key && value >> number;) {
    if (key == "TCPTimeWaitOverflow") return number;
  }
  return "unknown";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sockets)

BOOST_AUTO_TEST_CASE(an_address_is_read_as_it_is_written) {
  for (const char* text : {"0.0.0.0:80", "127.0.0.1:65535", "[::]:80", "[2001:db8::1]:443", "unix:/run/web.sock"}) {
    const SocketAddress read = address(text);
    BOOST_CHECK_EQUAL(read.to_string(), text);
    BOOST_CHECK(SocketAddress::from_raw(read.raw()) == read);
  }
  BOOST_CHECK(address("[::]:80").is_wildcard());
  BOOST_CHECK(!address("[::1]:80").is_wildcard());
  BOOST_CHECK(address("0.0.0.0:80") != address("[::]:80"));
  BOOST_CHECK(address("127.0.0.1:80") < address("127.0.0.2:70"));
}

BOOST_AUTO_TEST_CASE(what_is_no_address_is_refused_with_a_reason) {
  for (const char* text :
       {"", "80", ":80", "0.0.0.0", "0.0.0.0:", "0.0.0.0:0", "0.0.0.0:65536", "0.0.0.0:80x", "::1:80", "[0.0.0.0]:80",
        "localhost:80", "unix:", "unix:web.sock", "0.0.0.0:+80", "0.0.0.0: 80"}) {
    const auto read = SocketAddress::parse(text);
    BOOST_REQUIRE_MESSAGE(!read, text);
    BOOST_CHECK(read.error().message().starts_with("cannot read the address \"" + std::string(text) + "\": "));
  }
  BOOST_CHECK(!SocketAddress::parse("unix:/" + std::string(200, 'x')));
}

BOOST_AUTO_TEST_CASE(a_port_in_time_wait_after_our_restart_can_be_bound) {
  const SocketAddress at = free_address();
  const std::string overflows = time_wait_overflows();
  {
    const auto listener = linux::bind_listener(at);
    BOOST_REQUIRE(listener);
    BOOST_REQUIRE(linux::listen_on(listener->get()));
    Connected client = connect_to(at);
    BOOST_REQUIRE_EQUAL(client.error, 0);
    auto accepted = linux::accept_connection(listener->get());
    BOOST_REQUIRE(accepted);
    // whoever closes first keeps the port in TIME_WAIT
    accepted->fd.reset();
    BOOST_CHECK(hear(client.fd.get(), 1).ended);
  }
  // a program without SO_REUSEPORT is kept out by it, so there really is one
  const UniqueFd plain(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const linux::RawAddress raw = at.raw();
  const int taken = ::bind(plain.get(), &raw.any, raw.size);
  if (taken == 0 && time_wait_overflows() != overflows) {
    BOOST_TEST_MESSAGE("skipped: the host's TIME_WAIT table is full");
    return;
  }
  BOOST_CHECK_EQUAL(taken, -1);
  const auto again = linux::bind_listener(at);
  BOOST_REQUIRE(again);
  BOOST_CHECK(linux::listen_on(again->get()));
}

BOOST_AUTO_TEST_CASE(ipv6_takes_no_ipv4) {
  const SocketAddress at = free_address("[::]");
  const auto listener = linux::bind_listener(at);
  BOOST_REQUIRE(listener);
  BOOST_REQUIRE(linux::listen_on(listener->get()));
  BOOST_CHECK_EQUAL(connect_to(address("127.0.0.1:" + std::to_string(at.port()))).error, ECONNREFUSED);
  BOOST_CHECK_EQUAL(connect_to(address("[::1]:" + std::to_string(at.port()))).error, 0);
}

BOOST_AUTO_TEST_CASE(a_unix_path_is_taken_from_nobody) {
  const SocketAddress at = free_unix_address();
  {
    const UniqueFd other = listen_at(at);
    const auto refused = linux::bind_listener(at);
    BOOST_REQUIRE(!refused);
    BOOST_CHECK_EQUAL(refused.error().code, EADDRINUSE);
  }
  // the other program is gone and left its file
  BOOST_CHECK(linux::bind_listener(at));
  ::unlink(at.path().c_str());
  ::mkdir(at.path().c_str(), 0700);
  const auto occupied = linux::bind_listener(at);
  BOOST_REQUIRE(!occupied);
  BOOST_CHECK_EQUAL(occupied.error().code, EEXIST);
  ::rmdir(at.path().c_str());
}

BOOST_AUTO_TEST_CASE(the_filter_drops_new_connections_and_nothing_else) {
  const SocketAddress at = free_address();
  const auto listener = linux::bind_listener(at);
  BOOST_REQUIRE(listener && linux::listen_on(listener->get()));
  const Connected early = connect_to(at);
  BOOST_REQUIRE(linux::filter_new_connections(listener->get()));
  const auto accepted = linux::accept_connection(listener->get());
  BOOST_REQUIRE(accepted);
  send_text(early.fd.get(), "through");
  BOOST_CHECK(wait_for([&] {
    char text[8];
    return ::recv(accepted->fd.get(), text, sizeof text, 0) == 7;
  }));
  const auto late = linux::make_stream_socket(AF_INET);
  BOOST_REQUIRE(linux::begin_connect(late->get(), at));
  BOOST_CHECK_EQUAL(linux::accept_connection(listener->get()).error().code, EAGAIN);
  BOOST_CHECK_EQUAL(*linux::count_embryonic(at), 0U);
  linux::remove_filter(listener->get());
  BOOST_CHECK_EQUAL(connect_to(at).error, 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::proxy::test
