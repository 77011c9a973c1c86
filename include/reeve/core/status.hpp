#pragma once
// What is: states, reasons, phases and conditions in Kubernetes' own words (reference: types.go of core/v1).

#include <reeve/core/id.hpp>
#include <reeve/core/time.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace reeve {

// How a process ended. A signal shows as exit code 128 + signal, as containerd reports it.
struct ExitStatus {
  int code = 0;
  int signal = 0;
  bool operator==(const ExitStatus&) const = default;
};

constexpr int exit_code_of(ExitStatus status) noexcept {
  return status.signal != 0 ? 128 + status.signal : status.code;
}

namespace reason {
inline constexpr std::string_view container_creating = "ContainerCreating";
inline constexpr std::string_view pod_initializing = "PodInitializing";
inline constexpr std::string_view waiting_for_dependencies = "WaitingForDependencies";
inline constexpr std::string_view post_start_hook_error = "PostStartHookError";
inline constexpr std::string_view crash_loop_back_off = "CrashLoopBackOff";
inline constexpr std::string_view completed = "Completed";
inline constexpr std::string_view error = "Error";
inline constexpr std::string_view start_error = "StartError";
}  // namespace reason

// What a run and all it waited for has used.
struct Usage {
  Duration user{};
  Duration system{};
  std::int64_t resident_bytes_max = 0;
};

struct StateWaiting {
  std::string_view reason;
  std::string message;
  std::optional<Instant> until{};  // of a back-off
};
struct StateRunning {
  InstanceId instance;
  int pid = 0;
  Instant started_at;
};
struct StateTerminated {
  InstanceId instance;
  std::string_view reason;
  std::string message;  // for StartError: the step, the path and errno
  int exit_code = 0;
  int signal = 0;
  Instant started_at;
  Instant finished_at;
  std::optional<Usage> usage{};
};
using ContainerState = std::variant<StateWaiting, StateRunning, StateTerminated>;

struct ContainerStatus {
  std::string_view name;
  ContainerState state;
  std::optional<StateTerminated> last_state;
  bool ready = false;
  bool started = false;
  int restart_count = 0;
};

enum class Phase { pending, running, succeeded, failed };
std::string_view phase_name(Phase phase) noexcept;

constexpr bool is_final(Phase phase) noexcept { return phase == Phase::succeeded || phase == Phase::failed; }

// In the order in which Kubernetes lists them.
enum class ConditionType { ready_to_start_containers, initialized, ready, containers_ready, scheduled };
inline constexpr std::size_t condition_types = 5;
std::string_view condition_name(ConditionType type) noexcept;

struct Condition {
  ConditionType type = ConditionType::ready;
  bool status = false;
  std::string_view reason;
  std::string message;
  Instant last_transition;
};

}  // namespace reeve
