#pragma once
// A deployment on a virtual clock whose pods become ready, and unready, one by one when a test says so. Sandboxes
// are made and programs start and stop at once, unless they are to stop when told.

#include <reeve/core/supervisor.hpp>
#include <support/pass_time.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace reeve::test {

// A deployment whose template says nothing but a version.
inline DeploymentObject deployment_of(std::int32_t replicas, const std::string& version = "v1") {
  DeploymentObject object;
  object.metadata.name = "web";
  object.spec.replicas = replicas;
  object.spec.strategy.rolling_update.emplace();
  object.spec.selector.match_labels["app"] = "web";
  object.spec.pod_template.metadata.labels["app"] = "web";
  ContainerSpec& container = object.spec.pod_template.spec.containers.emplace_back();
  container.name = "main";
  container.command = {"/bin/app", version};
  ProbeSpec& probe = container.readiness_probe.emplace();
  probe.exec = ExecAction{{"check"}};
  probe.failure_threshold = 1;
  probe.timeout = probe.period = seconds(1'000'000);  // asked once, answered by the test
  return object;
}

class Rollout {
 public:
  explicit Rollout(SupervisorOptions options = {}) : supervisor(options) {}

  Supervisor supervisor;
  Instant now{};
  bool stops_at_once = true;
  std::vector<Event> events;

  void tell(Input input) {
    queue_.push_back(std::move(input));
    answer_all();
  }
  void restore(SavedState state) {
    for (const Effect& effect : supervisor.restore(now, std::move(state))) {
      std::visit([&](const auto& each) { perform(each); }, effect);
    }
    answer_all();
  }
  void answer_all() {
    while (!queue_.empty()) {
      Input next = std::move(queue_.front());
      queue_.pop_front();
      for (const Effect& effect : supervisor.step(now, std::move(next))) {
        std::visit([&](const auto& each) { perform(each); }, effect);
      }
    }
  }
  void apply(const DeploymentObject& object) { tell(ObjectApplied{object}); }

  void advance(Duration duration) { pass_time(*this, duration); }

  // What is asked of a pod's readiness is answered; again and again if need be.
  void answer(const Pod& pod, bool ready) {
    const PodId id = pod.id();
    if (!runs_.contains(id)) tell(ConnectionRefused{id});  // asks for a probe at once
    const ProbeRunId run = runs_.at(id);
    runs_.erase(id);
    tell(ProbeFinished{run, {ready ? ProbeResult::success : ProbeResult::failure, ""}});
  }

  // Active pods of a version, oldest first.
  std::vector<const Pod*> pods(const std::string& version) const {
    std::vector<const Pod*> found;
    for (const Pod* each : supervisor.pods()) {
      if (each->is_active() && each->spec()->containers[0].command[1] == version) found.push_back(each);
    }
    return found;
  }
  std::size_t ready(const std::string& version) const {
    return static_cast<std::size_t>(std::ranges::count_if(pods(version), &Pod::is_ready));
  }
  // One more becomes ready; false if there is none.
  bool one_ready(const std::string& version) {
    for (const Pod* each : pods(version)) {
      if (!each->is_ready()) return answer(*each, true), true;
    }
    return false;
  }
  void all_ready(const std::string& version) {
    while (one_ready(version)) {
    }
  }
  void one_unready(const std::string& version) {
    for (const Pod* each : pods(version)) {
      if (each->is_ready()) return answer(*each, false);
    }
  }
  // What was told to stop, does.
  void let_stop() {
    for (const InstanceId each : std::exchange(stopping_, {})) tell(ContainerExited{each, {0, 15}});
  }

  const Deployment& deployment(const std::string& name = "web") const {
    return *supervisor.deployments().at({Kind::deployment, "default", name});
  }
  const ReplicaSet* set(const std::string& version) const {
    for (const auto& each : deployment().replica_sets()) {
      if (each->pod_template().spec.containers[0].command[1] == version) return each.get();
    }
    return nullptr;
  }
  std::int64_t size(const std::string& version) const { return set(version) == nullptr ? 0 : set(version)->size(); }

  // "v1 0->3, v2 1->0": the sizes that changed since the last call.
  std::string scaled() {
    std::string text;
    for (const std::string& each : std::exchange(scaled_, {})) text += (text.empty() ? "" : ", ") + each;
    return text;
  }
  // The same, as it goes on while the pods of a version become ready one by one: "v2 0->1 [] v1 1->0".
  std::string scaled_until_ready(const std::string& version) {
    std::string text = scaled();
    while (one_ready(version)) {
      text += text.empty() ? "[]" : " []";
      const std::string next = scaled();
      if (!next.empty()) text += ' ' + next;
    }
    return text;
  }

  // "1,2,3", oldest first, as rollout history shows them.
  std::string revisions() const {
    std::vector<std::int64_t> numbers;
    for (const auto& each : deployment().replica_sets()) numbers.push_back(each->revision());
    std::ranges::sort(numbers);
    std::string text;
    for (const std::int64_t each : numbers) text += (text.empty() ? "" : ",") + std::to_string(each);
    return text;
  }

  // "True NewReplicaSetAvailable".
  std::string condition(DeploymentConditionType type) const {
    const DeploymentCondition* found = deployment().condition(type);
    return found == nullptr ? "none" : std::string(status_name(found->status)) + ' ' + std::string(found->reason);
  }
  std::string progressing() const { return condition(DeploymentConditionType::progressing); }

 private:
  void perform(const StartSandbox& effect) { queue_.push_back(SandboxStarted{effect.pod->id, {}}); }
  void perform(const DrainEndpoint& effect) { queue_.push_back(EndpointDrained{effect.service, effect.pod}); }
  void perform(const StartContainer& effect) { queue_.push_back(ContainerStarted{effect.instance, 7}); }
  void perform(const SignalContainer& effect) {
    if (!stops_at_once) return stopping_.push_back(effect.instance);
    queue_.push_back(ContainerExited{effect.instance, {0, effect.signal}});
  }
  void perform(const StartProbe& effect) { runs_[pod_of(effect.instance)] = effect.run; }
  void perform(const ReportEvent& effect) {
    events.push_back(effect.event);
    if (effect.event.reason == "ScalingReplicaSet") scaled_.push_back(short_form(effect.event.message));
  }
  template <class Other>
  void perform(const Other&) {}

  PodId pod_of(InstanceId instance) const {
    for (const Pod* each : supervisor.pods()) {
      if (each->containers()[0].live_instance() == instance) return each->id();
    }
    return {};
  }

  // "... replica set web-xyz from 0 to 3", whatever stands before it.
  std::string short_form(const std::string& message) const {
    const std::string end = message.substr(message.find("replica set "));
    const auto word = [&](const std::string& after) {
      const std::size_t at = end.find(after) + after.size();
      return end.substr(at, end.find(' ', at) - at);
    };
    const ReplicaSet* found = supervisor.find_replica_set("default", word("replica set "));
    const std::string version = found == nullptr ? "?" : found->pod_template().spec.containers[0].command[1];
    return version + ' ' + word(" from ") + "->" + word(" to ");
  }

  std::deque<Input> queue_;
  std::map<PodId, ProbeRunId> runs_;
  std::vector<InstanceId> stopping_;
  std::vector<std::string> scaled_;
};

}  // namespace reeve::test
