#pragma once
// What the tests of sandboxes share: pods with servers in them, and what can be reached from where.

#include <linux/support.hpp>

#include <reeve/linux/sandbox.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace reeve::linux::test {

// Null, with the reason as a message, where none can be made.
std::unique_ptr<Sandbox> make_sandbox(SandboxSpec spec);
std::unique_ptr<Sandbox> isolated_sandbox(const std::string& host_name = "");

// A container of that pod.
ProcessSpec inside(const Sandbox& sandbox);

// What behave with these flags prints there, once it has ended.
std::string output_of(const ProcessSpec& spec, const std::vector<std::string>& flags);

// A port of ours that nobody uses, and one on which we listen as long as it lives.
std::uint16_t free_port();
struct Listener {
  Listener();
  UniqueFd fd;
  std::uint16_t port = 0;
};

// The body of the answer to GET / on that port of the network's 127.0.0.1; or why there is none.
std::string ask(const Network& network, std::uint16_t port);
// The same from where we are ourselves.
std::string ask_host(std::uint16_t port);

// Which network a socket belongs to.
std::uint64_t network_cookie(int fd);

}  // namespace reeve::linux::test
