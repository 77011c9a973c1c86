// What a container shows, in Kubernetes' words.
#include <reeve/core/container.hpp>

#include <functional>
#include <string>

namespace reeve {

std::size_t Container::fingerprint() const noexcept {
  std::size_t hash = static_cast<std::size_t>(restart_count_);
  const auto mix = [&hash](std::uint64_t value) { hash = (hash ^ value) * 0x9e3779b97f4a7c15u + (hash >> 29); };
  mix(is_running() ? live_instance()->value : 0);
  mix(newest_ ? newest_->instance.value : 0);
  mix((is_backing_off() ? 1u : 0u) | (is_ready() ? 2u : 0u) | (started_ ? 4u : 0u));
  if (!said_.status.empty()) mix(std::hash<std::string>{}(said_.status));
  return hash;
}

ContainerStatus Container::status(const PodIdentity& pod, std::string_view waiting) const {
  ContainerStatus status{spec_->name, StateWaiting{waiting, {}}, newest_, is_ready(), started_, restart_count_};
  if (const auto* running = std::get_if<Running>(&state_)) {
    status.state = StateRunning{running->instance, running->pid, running->since};
  } else if (const auto* stopping = std::get_if<Stopping>(&state_); stopping != nullptr && stopping->since) {
    status.state = StateRunning{stopping->instance, stopping->pid, *stopping->since};
  } else if (is_backing_off() && !post_start_failure_.empty()) {
    status.state = StateWaiting{reason::post_start_hook_error, "PostStartHook failed: " + post_start_failure_,
                                std::get<BackingOff>(state_).until};
  } else if (is_backing_off()) {
    status.state = StateWaiting{reason::crash_loop_back_off,
                                "back-off " + go_duration(backoff_.delay().value_or(Duration{0})) +
                                    " restarting failed container=" + spec_->name + " pod=" + pod.name + "_" +
                                    pod.name_space + "(" + pod.uid + ")",
                                std::get<BackingOff>(state_).until};
  } else if (newest_) {
    status.state = *newest_;
    status.last_state = previous_;
  }
  return status;
}

}  // namespace reeve
