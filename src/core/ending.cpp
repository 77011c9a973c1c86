// When reeve ends by itself: what decides, and the exit code that follows.
#include <reeve/core/ending.hpp>
#include <reeve/core/supervisor.hpp>

#include <algorithm>

namespace reeve {

ObjectRef exit_pod_of(const std::string& exit_code_from) {
  const std::size_t slash = exit_code_from.find('/');
  if (slash == std::string::npos) return {Kind::pod, "default", exit_code_from};
  return {Kind::pod, exit_code_from.substr(0, slash), exit_code_from.substr(slash + 1)};
}

PodEnd end_of(const Pod& pod) {
  PodEnd end{pod.created(), 0};
  const StateTerminated* failure = nullptr;
  for (const auto* list : {&pod.init_containers(), &pod.containers()}) {
    for (const Container& each : *list) {
      const auto& last = each.last_end();
      if (!last) continue;
      end.at = std::max(end.at, last->finished_at);
      const bool counts = each.failed() && each.role() != Role::sidecar;
      if (counts && (failure == nullptr || failure->finished_at <= last->finished_at)) failure = &*last;
    }
  }
  if (pod.phase() == Phase::failed) end.exit_code = failure != nullptr ? failure->exit_code : 1;
  return end;
}

namespace {

std::string named(const Pod& pod) {
  const PodIdentity& identity = pod.identity();
  return "pod/" + (identity.name_space == "default" ? "" : identity.name_space + '/') + identity.name;
}

}  // namespace

std::optional<Supervisor::Ending> Supervisor::ending() const {
  if (end_rule_.on_pods_finished != OnPodsFinished::exit || shutting_down_) return std::nullopt;
  if (!end_rule_.exit_code_from.empty()) {
    const auto found = by_name_.find(exit_pod_of(end_rule_.exit_code_from));
    const Pod* const pod = found == by_name_.end() ? nullptr : find(found->second);
    if (pod == nullptr || !is_final(pod->phase()) || pod->is_terminating()) return std::nullopt;
    const int code = end_of(*pod).exit_code;
    return Ending{code, named(*pod) + " has ended: its exit code is " + std::to_string(code)};
  }
  if (!unfinished_.empty() || entries_.empty() || !deployments_.empty() || !successors_.empty()) return std::nullopt;
  Ending ending{0, "every pod has succeeded"};
  Instant newest = Instant::min();
  for (const auto& [id, entry] : entries_) {
    const PodEnd end = end_of(*entry.pod);
    if (end.exit_code == 0 || end.at < newest) continue;
    newest = end.at;
    ending = {end.exit_code, "every pod has finished, and the last that failed is " + named(*entry.pod) +
                                 ": its exit code is " + std::to_string(end.exit_code)};
  }
  return ending;
}

void Supervisor::end_by_itself(Step& step) {
  const auto found = ending();
  if (!found) return;
  exit_code_ = found->code;
  step.report({.object = {Kind::node, "default", node_name_},
               .field_path = {},
               .type = found->code == 0 ? EventType::normal : EventType::warning,
               .reason = "PodsFinished",
               .message = found->why,
               .source = source::reeve});
  begin_shutdown(step);
}

}  // namespace reeve
