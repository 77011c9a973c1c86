#pragma once
// Identities that cannot be mixed up. Every restart is a new one, so a late message finds nobody.

#include <compare>
#include <cstdint>
#include <functional>

namespace reeve {

template <class Tag>
struct Id {
  std::uint64_t value = 0;
  constexpr auto operator<=>(const Id&) const = default;
  constexpr explicit operator bool() const noexcept { return value != 0; }
};

using PodId = Id<struct PodTag>;            // one pod, from creation until nothing of it is left
using InstanceId = Id<struct InstanceTag>;  // one run of one container
using ProbeRunId = Id<struct ProbeRunTag>;  // one run of one probe
using ServiceId = Id<struct ServiceTag>;    // one service, from creation to deletion

}  // namespace reeve

template <class Tag>
struct std::hash<reeve::Id<Tag>> {
  std::size_t operator()(reeve::Id<Tag> id) const noexcept { return std::hash<std::uint64_t>()(id.value); }
};
