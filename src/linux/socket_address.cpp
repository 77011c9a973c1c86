#include <reeve/linux/socket_address.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace reeve::linux {
namespace {

// a listener binds to "PATH.new" first, and the kernel wants a closing zero
constexpr std::size_t path_bytes_max = sizeof(sockaddr_un::sun_path) - 1 - 4;

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

tl::unexpected<Error> misread(std::string_view text, const char* why) {
  return fail("cannot read the address \"" + std::string(text) + "\": " + why);
}

}  // namespace

Result<SocketAddress> SocketAddress::parse_unix(std::string_view text, std::string_view path) {
  if (path.empty() || path.front() != '/') return misread(text, "a unix socket needs an absolute path");
  if (path.size() > path_bytes_max) return misread(text, "a unix socket's path has at most 103 bytes");
  SocketAddress address;
  address.family_ = AF_UNIX;
  address.path_ = path;
  return address;
}

Result<SocketAddress> SocketAddress::parse(std::string_view text) {
  constexpr std::string_view unix_prefix = "unix:";
  if (text.substr(0, unix_prefix.size()) == unix_prefix) return parse_unix(text, text.substr(unix_prefix.size()));
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return misread(text, "expected IP:PORT, [IPv6]:PORT or unix:/PATH");
  const std::optional<std::uint16_t> port = parse_port(text.substr(colon + 1));
  if (!port) return misread(text, "the port is a number from 1 to 65535");
  std::string host(text.substr(0, colon));
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  SocketAddress address;
  address.family_ = bracketed ? AF_INET6 : AF_INET;
  address.port_ = *port;
  if (::inet_pton(address.family_, host.c_str(), address.ip_.data()) != 1) {
    return misread(text, bracketed ? "not an IPv6 address" : "not an IPv4 address (IPv6 is written [::1]:80)");
  }
  return address;
}

SocketAddress SocketAddress::from_raw(const RawAddress& raw) {
  SocketAddress address;
  address.family_ = raw.any.sa_family;
  if (raw.any.sa_family == AF_INET) {
    address.port_ = ntohs(raw.v4.sin_port);
    std::memcpy(address.ip_.data(), &raw.v4.sin_addr, sizeof raw.v4.sin_addr);
  } else if (raw.any.sa_family == AF_INET6) {
    address.port_ = ntohs(raw.v6.sin6_port);
    std::memcpy(address.ip_.data(), &raw.v6.sin6_addr, sizeof raw.v6.sin6_addr);
  } else if (raw.any.sa_family == AF_UNIX && raw.size > offsetof(sockaddr_un, sun_path)) {
    const std::size_t room = raw.size - offsetof(sockaddr_un, sun_path);
    address.path_.assign(raw.local.sun_path, ::strnlen(raw.local.sun_path, room));
  }
  return address;
}

RawAddress SocketAddress::raw() const noexcept {
  RawAddress raw;
  raw.any.sa_family = family_;
  if (family_ == AF_INET) {
    raw.v4.sin_port = htons(port_);
    std::memcpy(&raw.v4.sin_addr, ip_.data(), sizeof raw.v4.sin_addr);
    raw.size = sizeof raw.v4;
  } else if (family_ == AF_INET6) {
    raw.v6.sin6_port = htons(port_);
    std::memcpy(&raw.v6.sin6_addr, ip_.data(), sizeof raw.v6.sin6_addr);
    raw.size = sizeof raw.v6;
  } else {
    const std::size_t length = std::min(path_.size(), sizeof raw.local.sun_path - 1);
    std::memcpy(raw.local.sun_path, path_.data(), length);
    raw.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length + 1);
  }
  return raw;
}

std::string SocketAddress::to_string() const {
  if (family_ == AF_UNIX) return "unix:" + path_;
  char text[INET6_ADDRSTRLEN] = "";
  if (family_ == AF_UNSPEC || ::inet_ntop(family_, ip_.data(), text, sizeof text) == nullptr) return "none";
  if (family_ == AF_INET6) return "[" + std::string(text) + "]:" + std::to_string(port_);
  return std::string(text) + ":" + std::to_string(port_);
}

SocketAddress SocketAddress::with_port(std::uint16_t port) const {
  SocketAddress moved = *this;
  moved.port_ = port;
  return moved;
}

SocketAddress SocketAddress::with_path(std::string path) const {
  SocketAddress moved = *this;
  moved.path_ = std::move(path);
  return moved;
}

}  // namespace reeve::linux
