#include <reeve/core/start_watch.hpp>

namespace reeve {

void StartWatch::note(const Effect& effect) {
  if (const auto* sandbox = std::get_if<StartSandbox>(&effect)) sandboxes_.insert(sandbox->pod->id);
  if (const auto* start = std::get_if<StartContainer>(&effect)) instances_.insert(start->instance);
}

void StartWatch::note(const Input& input) {
  if (const auto* made = std::get_if<SandboxStarted>(&input)) sandboxes_.erase(made->pod);
  if (const auto* failed = std::get_if<SandboxFailed>(&input)) sandboxes_.erase(failed->pod);
  if (const auto* started = std::get_if<ContainerStarted>(&input)) instances_.erase(started->instance);
  if (const auto* failed = std::get_if<ContainerStartFailed>(&input)) instances_.erase(failed->instance);
  if (const auto* exited = std::get_if<ContainerExited>(&input)) instances_.erase(exited->instance);
}

}  // namespace reeve
