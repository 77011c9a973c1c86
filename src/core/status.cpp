#include <reeve/core/status.hpp>

namespace reeve {

std::string_view phase_name(Phase phase) noexcept {
  constexpr std::array<std::string_view, 4> names{"Pending", "Running", "Succeeded", "Failed"};
  return names[static_cast<std::size_t>(phase)];
}

std::string_view condition_name(ConditionType type) noexcept {
  constexpr std::array<std::string_view, condition_types> names{"PodReadyToStartContainers", "Initialized", "Ready",
                                                                "ContainersReady", "PodScheduled"};
  return names[static_cast<std::size_t>(type)];
}

}  // namespace reeve
