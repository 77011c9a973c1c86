#pragma once
// The process that sets up a pod's namespaces where we may not, and then makes sockets in its network.

#include "linux/child_setup.hpp"
#include "linux/heap_range.hpp"

#include <cstddef>
#include <cstdint>

namespace reeve::linux {

// How a sandbox is furnished. Texts belong to the caller.
struct Furnishing {
  const char* host_name = nullptr;  // null: as it is
  bool own_network = false;
};

// Names the host and brings loopback up, in the namespaces of the calling thread. Only system calls.
SetupFailure furnish(const Furnishing& furnishing) noexcept;

// To the keeper, and its answer, which carries the socket where the code is 0. One packet each.
struct SocketRequest {
  std::uint32_t serial;
  std::int32_t family;
  std::int32_t type;
  std::int32_t protocol;
};
struct SocketReply {
  std::uint32_t serial;
  std::int32_t code;
};

// Its first packet: how the set-up went.
struct KeeperReport {
  std::int32_t code = 0;
  Remedy remedy = Remedy::none;
  char what[120] = {};  // empty: well
};

// Everything a keeper needs, laid out before the clone.
struct KeeperPlan {
  Furnishing furnishing;
  const char* uid_map = nullptr;
  const char* gid_map = nullptr;
  HeapRange heap;
  int control_fd = -1;
};

// What a cloned child does, all signals blocked for good. Never returns, allocates nothing, takes no lock.
[[noreturn]] void run_sandbox_keeper(const KeeperPlan& plan) noexcept;

}  // namespace reeve::linux
