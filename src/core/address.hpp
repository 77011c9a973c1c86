#pragma once
// Which texts are addresses a service can listen on. Looks only; opens nothing.

#include <string_view>

namespace reeve {

// "A.B.C.D:port", "[v6]:port" or "unix:/absolute/path" that fits into a socket address.
bool is_listen_address(std::string_view text) noexcept;

// An address of 127.77.0.0/16 that a service may own: not the network's own, and not 127.77.255.254, from which
// proxied connections reach isolated pods.
bool is_cluster_address(std::string_view text) noexcept;

// "A.B.C.D", without leading zeros.
bool is_ipv4(std::string_view text) noexcept;

}  // namespace reeve
