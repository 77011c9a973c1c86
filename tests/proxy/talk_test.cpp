// What the first bytes of a conversation tell.
#include <boost/test/unit_test.hpp>

#include <string>

#include "proxy/talk.hpp"

namespace reeve::proxy::test {
namespace {

std::string tls_hello(const std::string& body) {
  return std::string("\x16\x03\x01\x00", 4) + static_cast<char>(body.size()) + body;
}

std::string frame(char type, const std::string& body) {
  return std::string("\0\0", 2) + static_cast<char>(body.size()) + type + std::string(5, '\0') + body;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(talk)

BOOST_AUTO_TEST_CASE(full_duplex_by_its_first_bytes) {
  BOOST_CHECK(opens_full_duplex("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  BOOST_CHECK(opens_full_duplex("SSH-2.0-OpenSSH"));
  BOOST_CHECK(opens_full_duplex(tls_hello("...\x02h2\x08http/1.1...")));
  BOOST_CHECK(!opens_full_duplex(tls_hello("...\x08http/1.1...")));
  // the rest may offer it
  BOOST_CHECK(opens_full_duplex(tls_hello("...").substr(0, 7)));
  BOOST_CHECK(!opens_full_duplex("GET / HTTP/1.1\r\n\r\n"));
  BOOST_CHECK(!opens_full_duplex("P"));
}

BOOST_AUTO_TEST_CASE(answers_that_are_none) {
  BOOST_CHECK(is_interim_answer("HTTP/1.1 100 Continue\r\n\r\n"));
  BOOST_CHECK(!is_interim_answer("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"));
  BOOST_CHECK(!is_interim_answer("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
  BOOST_CHECK(switches_protocols("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
  BOOST_CHECK(!is_interim_answer("HTTP/1.1 200 OK\r\n\r\n"));
  BOOST_CHECK(!is_interim_answer("HTTP/1.1 1"));
}

BOOST_AUTO_TEST_CASE(frames_that_ask_for_nothing) {
  BOOST_CHECK(is_http2_control(frame(4, "") + frame(8, "1234") + frame(6, "12345678")));
  BOOST_CHECK(!is_http2_control(frame(4, "") + frame(1, "headers")));
  BOOST_CHECK(!is_http2_control(frame(8, "1234").substr(0, 12)));
  BOOST_CHECK(!is_http2_control(frame(4, "") + "rest"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::proxy::test
