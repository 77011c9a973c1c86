#pragma once
// Which texts are addresses a service can listen on. Looks only; opens nothing.

#include <string_view>

namespace reeve {

// "A.B.C.D:port", "[v6]:port" or "unix:/absolute/path" that fits into a socket address.
bool is_listen_address(std::string_view text) noexcept;

// An address of a serviceSubnet that a service may own, in any but 127.0.0.0/16: not the network's own, and not
// .255.254, from which proxied connections reach isolated pods.
bool is_cluster_address(std::string_view text) noexcept;

// "127.N.0.0/16", N above 0.
bool is_loopback_subnet(std::string_view text) noexcept;

// "A.B.C.D", without leading zeros.
bool is_ipv4(std::string_view text) noexcept;

}  // namespace reeve
