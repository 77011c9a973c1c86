#pragma once
// Where a stream socket listens or connects to: IPv4, IPv6 or a unix path, as one comparable value.

#include <reeve/core/result.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace reeve::linux {

// An address in the kernel's own shape, for the length of one call.
struct RawAddress {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un local;
  };
  socklen_t size = sizeof(sockaddr_un);
  RawAddress() noexcept : local{} {}
};

class SocketAddress {
 public:
  // sixteen bytes hold both families; the first four are IPv4's
  using Ip = std::array<std::uint8_t, 16>;

  // No address; family() is AF_UNSPEC.
  SocketAddress() noexcept = default;

  // Reads "0.0.0.0:80", "[::1]:80" or "unix:/run/web.sock".
  static Result<SocketAddress> parse(std::string_view text);
  static SocketAddress from_raw(const RawAddress& raw);

  RawAddress raw() const noexcept;

  // What parse reads.
  std::string to_string() const;

  int family() const noexcept { return family_; }
  bool is_unix() const noexcept { return family_ == AF_UNIX; }
  std::uint16_t port() const noexcept { return port_; }
  const Ip& ip() const noexcept { return ip_; }
  const std::string& path() const noexcept { return path_; }

  // 0.0.0.0 or [::]: every address of the host.
  bool is_wildcard() const noexcept { return (family_ == AF_INET || family_ == AF_INET6) && ip_ == Ip{}; }

  // The same place with another port, or another path.
  SocketAddress with_port(std::uint16_t port) const;
  SocketAddress with_path(std::string path) const;

  friend bool operator==(const SocketAddress&, const SocketAddress&) = default;
  friend std::strong_ordering operator<=>(const SocketAddress&, const SocketAddress&) = default;

 private:
  static Result<SocketAddress> parse_unix(std::string_view text, std::string_view path);

  // in the order of comparison: the ports of one IP are neighbours
  std::uint16_t family_ = AF_UNSPEC;
  Ip ip_{};
  std::uint16_t port_ = 0;
  std::string path_;
};

}  // namespace reeve::linux
