#pragma once
// A way out of a pod's own network: pasta (Debian package passt), which carries its traffic over sockets of the host.

#include <reeve/linux/process.hpp>
#include <reeve/linux/sandbox.hpp>

#include <string>
#include <string_view>

namespace reeve::linux {

// How pasta is run for the network of a sandbox, which must live until the process has started: without outputs.
// Nothing is forwarded either way and the host's loopback is not mapped. It prints its pid once the network is set up,
// ends when told to, and says on its standard error why it could not.
ProcessSpec pasta_process(const Sandbox& sandbox);

// The pod's /etc/resolv.conf where that of the host is this. Resolvers on the host's loopback, as systemd-resolved's,
// are out of reach inside: without another one, pasta forwards a link-local address to the first of them.
std::string resolv_conf_inside(std::string_view of_host);

}  // namespace reeve::linux
