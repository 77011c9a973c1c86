#include <reeve/core/summary.hpp>
#include <reeve/core/supervisor.hpp>

#include <algorithm>

namespace reeve {
namespace {

constexpr std::size_t updates_named_max = 3;

// From the kill of a tree to the end of it.
constexpr Duration kill_takes_at_most = seconds(10);

// Pods of another template are still there.
bool is_updating(const Deployment& deployment) { return deployment.counts().replicas > deployment.counts().updated; }

std::string_view update_word(const Deployment& deployment) {
  const DeploymentCondition* const progress = deployment.condition(DeploymentConditionType::progressing);
  if (progress != nullptr && progress->status == ConditionStatus::no) return " stuck at ";
  return deployment.object().spec.paused ? " paused at " : " rolling ";
}

std::string updates(const Supervisor& supervisor) {
  std::string text;
  std::size_t count = 0;
  for (const auto& [name, deployment] : supervisor.deployments()) {
    if (!is_updating(*deployment) || ++count > updates_named_max) continue;
    text += ", " + name.name + std::string(update_word(*deployment)) + std::to_string(deployment->counts().updated) +
            '/' + std::to_string(deployment->object().spec.replicas);
  }
  if (count > updates_named_max) text += " and " + std::to_string(count - updates_named_max) + " more";
  return text;
}

}  // namespace

std::string summary(const Supervisor& supervisor) {
  const std::vector<const Pod*> pods = supervisor.pods();
  const auto counted = [](std::int64_t count) { return count == 1 ? " pod " : " pods "; };
  const auto left = static_cast<std::int64_t>(pods.size());
  if (supervisor.is_shutting_down()) return "stopping: " + std::to_string(left) + counted(left) + "left";
  const auto ready = std::ranges::count_if(pods, [](const Pod* pod) { return pod->is_ready(); });
  const auto total = std::ranges::count_if(pods, [](const Pod* pod) { return pod->phase() != Phase::succeeded; });
  return std::to_string(ready) + '/' + std::to_string(total) + counted(total) + "ready" + updates(supervisor);
}

bool stops_in_time(const Supervisor& supervisor, Instant now) {
  return std::ranges::any_of(supervisor.pods(), [&](const Pod* pod) {
    const auto gone_by = pod->gone_by();  // one that waits for its dependents has not been asked yet
    return !gone_by || now < later(*gone_by, kill_takes_at_most);
  });
}

}  // namespace reeve
