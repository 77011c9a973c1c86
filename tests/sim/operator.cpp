// What the world's operator does, careless as he is.
#include "world.hpp"

#include "text.hpp"

#include <iterator>

namespace reeve::sim {

void World::operate() {
  if (rolls_ && chance_.percent(60)) {
    roll_something();
  } else if (chance_.percent(60)) {
    apply_something();
  } else {
    delete_something();
  }
}

// What an operator makes of a running deployment: another size, and at times another template.
DeploymentObject World::changed(DeploymentObject running, DeploymentObject other) {
  running.spec.replicas = other.spec.replicas;
  if (chance_.percent(50)) running.spec.pod_template.spec = std::move(other.spec.pod_template.spec);
  return running;
}

// One change of one deployment, as a human makes them: also in mid-rollout, while paused, while stuck.
void World::roll_something() {
  static const IntOrString numbers[] = {0, 1, 2, 5, "0%", "1%", "25%", "50%", "100%"};
  static const Duration waits[] = {seconds(0), seconds(0), seconds(3), seconds(45)};
  const auto& all = supervisor_->deployments();
  if (all.empty()) return apply_something();
  DeploymentObject object = std::next(all.begin(), std::ptrdiff_t(chance_.below(all.size())))->second->object();
  DeploymentSpec& spec = object.spec;
  const auto die = chance_.below(20);
  if (die < 8) {
    change_template(object);
  } else if (die < 11) {
    spec.replicas = std::int32_t(chance_.below(8));
  } else if (die < 14) {
    spec.paused = !spec.paused;
  } else if (die < 16) {
    spec.strategy = {chance_.percent(25) ? StrategyType::recreate : StrategyType::rolling_update, std::nullopt};
    if (spec.strategy.type == StrategyType::rolling_update) {
      spec.strategy.rolling_update = {chance_.one_of(numbers), chance_.one_of(numbers)};
    }
  } else if (die < 18) {
    spec.min_ready = chance_.one_of(waits);
    spec.progress_deadline = chance_.percent(20) ? seconds(unlimited) : seconds(std::int64_t(60 + chance_.below(600)));
    spec.revision_history_limit = std::int32_t(chance_.below(4));
    spec.auto_rollback = chance_.percent(50);
  } else {
    return restart_something();
  }
  if (chance_.percent(20)) spec.replicas = std::int32_t(chance_.below(8));
  step(ObjectApplied{std::move(object)});
}

// Another version, one that never gets ready before calm comes, or one of those there were.
void World::change_template(DeploymentObject& object) {
  PodSpec& spec = object.spec.pod_template.spec;
  const auto& sets = supervisor_->deployments().at(ref_of(object))->replica_sets();
  if (!sets.empty() && chance_.percent(35)) {
    spec = sets[chance_.below(sets.size())]->pod_template().spec;
  } else if (chance_.percent(30)) {
    spec = random_deployment(chance_, options_).spec.pod_template.spec;
  } else {
    spec.containers[0].command = {"/bin/app", std::to_string(chance_.below(1000))};
    if (chance_.percent(40)) spec.containers[0].command.emplace_back("sick");
  }
}

void World::restart_something() {
  const auto& all = supervisor_->deployments();
  const auto pods = supervisor_->pods();
  if (!pods.empty() && chance_.percent(50)) {
    const PodIdentity& pod = pods[chance_.below(pods.size())]->identity();
    step(RestartRequested{{Kind_of_pod, pod.name_space, pod.name}});
  } else {
    step(RestartRequested{std::next(all.begin(), std::ptrdiff_t(chance_.below(all.size())))->first});
  }
}

void World::resume_all() {
  std::vector<DeploymentObject> paused;
  for (const auto& [name, each] : supervisor_->deployments()) {
    if (each->object().spec.paused) paused.push_back(each->object());
  }
  for (DeploymentObject& each : paused) {
    each.spec.paused = false;
    step(ObjectApplied{std::move(each)});
  }
}

void World::apply_something() {
  const auto die = chance_.below(10);
  if (die < 5) {
    PodObject pod = random_pod(chance_, options_);
    const bool exists = supervisor_->find_pod(pod.metadata.name_space, pod.metadata.name) != nullptr;
    if (!exists || options_.replacements) step(ObjectApplied{std::move(pod)});
  } else if (die < 8) {
    DeploymentObject deployment = random_deployment(chance_, options_);
    const auto found = supervisor_->deployments().find(ref_of(deployment));
    if (found != supervisor_->deployments().end()) {
      deployment = changed(found->second->object(), std::move(deployment));
    }
    step(ObjectApplied{std::move(deployment)});
  } else {
    step(ObjectApplied{random_service(chance_)});
  }
}

void World::delete_something() {
  static const std::optional<Duration> graces[] = {std::nullopt, seconds(0),  seconds(1),
                                                   seconds(3),   seconds(-5), seconds(100)};
  const auto die = chance_.below(10);
  ObjectDeleted input;
  if (die < 7) {
    const auto all = supervisor_->pods();
    if (all.empty()) return;
    const Pod& pod = *all[chance_.below(all.size())];
    input.object = {Kind_of_pod, pod.identity().name_space, pod.identity().name};
    if (options_.odd_graces) input.grace = chance_.one_of(graces);
  } else {
    const bool service = die == 9;
    input.object = {service ? Kind_of_service : Kind_of_deployment, "default",
                    random_name(chance_, service ? 's' : 'd')};
  }
  step(std::move(input));
}

}  // namespace reeve::sim
