#pragma once
// What tests ask of the network namespaces that they make.

#include <cstddef>

#include <proxy/support.hpp>
#include <support/network.hpp>

namespace reeve::proxy::test {

using reeve::test::make_network;
using reeve::test::SharedNetwork;

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
