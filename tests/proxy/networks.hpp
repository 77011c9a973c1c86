#pragma once
// Network namespaces that a test makes, as pods have them: nothing but loopback, and gone when nobody holds them.

#include <reeve/linux/network.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <proxy/support.hpp>

namespace reeve::proxy::test {

using SharedNetwork = std::shared_ptr<const linux::NetworkNamespace>;

// A new namespace whose loopback is up, and which has the other address too, if one is given.
SharedNetwork make_network(const std::string& other_address = "");

// Says "skipped" where this process may not make namespaces.
bool skip_without_networks();

// Which namespaces the kernel still has, whoever holds them: each gets an id that goes with it (RTM_NEWNSID).
class LiveNetworks {
 public:
  LiveNetworks();
  void watch(const linux::NetworkNamespace& network);
  std::size_t count() const;

 private:
  SharedNetwork observer_;  // ids are its own affair
  UniqueFd netlink_;
};

}  // namespace reeve::proxy::test
