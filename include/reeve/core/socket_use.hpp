#pragma once
// Which containers get the listening sockets of which services, and what cannot be of that.

#include <reeve/core/spec.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace reeve {

struct SocketUse {
  std::string field;    // "spec.containers[0].passSockets[1]"
  std::string service;  // its name, in the object's namespace
};

// As an object's containers write it, in order.
std::vector<SocketUse> socket_uses(const Object& object);

// A service whose sockets are passed, and which the proxy serves.
std::string proxied_text(std::string_view service);

// A link out of a network of its own leads through the proxy.
std::string unlinkable_text(std::string_view service);

// A service that serves nobody, and whose sockets nobody gets.
inline constexpr std::string_view unserved_text =
    "a service serves the pods that its selector selects, or the addresses in `endpoints`; with neither, a container "
    "has to name it in passSockets";

}  // namespace reeve
