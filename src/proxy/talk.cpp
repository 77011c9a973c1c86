#include "proxy/talk.hpp"

#include <cstddef>

namespace reeve::proxy {
namespace {

using namespace std::string_view_literals;

std::size_t number(std::string_view big_endian) {
  std::size_t value = 0;
  for (const char each : big_endian) value = value << 8 | static_cast<unsigned char>(each);
  return value;
}

// RFC 8446, section 5.1: type 22 is a handshake, then two bytes of version and two of length.
bool is_tls(std::string_view first) { return first.size() > 5 && first.starts_with("\x16\x03"sv); }

bool offers_http2(std::string_view hello) {
  const bool is_whole = hello.size() >= 5 + number(hello.substr(3, 2));
  return !is_whole || hello.find("\x02h2"sv) != std::string_view::npos;
}

}  // namespace

bool opens_full_duplex(std::string_view first) {
  if (is_tls(first)) return offers_http2(first);
  return first.starts_with("PRI * HTTP/2"sv) || first.starts_with("SSH-"sv);
}

bool switches_protocols(std::string_view said) { return said.starts_with("HTTP/1.1 101"sv); }

bool is_interim_answer(std::string_view said) {
  constexpr std::string_view end = "\r\n\r\n";
  return said.starts_with("HTTP/1.1 1"sv) && !switches_protocols(said) && said.find(end) + end.size() == said.size();
}

// RFC 9113, section 4.1: three bytes of length, one of type, five of flags and stream.
bool is_http2_control(std::string_view said) {
  constexpr std::size_t head = 9;
  while (said.size() >= head) {
    const char type = said[3];
    if (type != 2 && type != 4 && type != 6 && type != 8) return false;
    const std::size_t whole = head + number(said.substr(0, 3));
    if (whole > said.size()) return false;
    said.remove_prefix(whole);
  }
  return said.empty();
}

}  // namespace reeve::proxy
