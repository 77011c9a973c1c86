#include "cli/simulation.hpp"

#include <reeve/core/text.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

namespace reeve::cli {
namespace {

// Told by lines of their own.
constexpr std::array<std::string_view, 3> told_otherwise{"Created", "Started", "Pulled"};

// A replica set is its deployment's name and a hash.
std::string deployment_of(const Pod& pod) {
  if (!pod.owner()) return {};
  return pod.owner()->name.substr(0, pod.owner()->name.rfind('-'));
}

std::string lower(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return small;
}

std::string ended_text(ExitStatus status) {
  if (status.signal == SIGKILL) return "was killed";
  if (status.signal != 0) return "ended by the stop signal";
  return "exited with code " + std::to_string(status.code);
}

// Why a probe fails under these assumptions; empty: it succeeds.
std::string why_failing(ProbeType type, const SimulationSpec& assumed, Duration age) {
  const auto reached = [&](const std::optional<Duration>& after) { return after && age >= *after; };
  if (type == ProbeType::liveness) {
    return reached(assumed.liveness_fails_after)
               ? "livenessFailsAfterSeconds = " + in_seconds(*assumed.liveness_fails_after)
               : "";
  }
  if (assumed.never_ready) return "neverReady = true";
  if (age < assumed.ready_after) return "readyAfterSeconds = " + in_seconds(assumed.ready_after);
  if (type == ProbeType::readiness && reached(assumed.readiness_fails_after)) {
    return "readinessFailsAfterSeconds = " + in_seconds(*assumed.readiness_fails_after);
  }
  return {};
}

std::string condition_text(const SetEndpoint& endpoint) {
  if (endpoint.terminating) return endpoint.serving ? "draining" : "leaving";
  return endpoint.ready ? "ready" : "not ready";
}

}  // namespace

void Simulation::assume(Simulations assumptions) {
  if (!assumptions_.empty()) {
    for (const auto& each : assumptions_.back()) assumptions.insert(each);
  }
  assumptions_.push_back(std::move(assumptions));
}

// The next thing that happens until then; false: nothing does.
bool Simulation::advance_once(Instant end) {
  std::optional<Instant> next = supervisor_.deadline();
  if (!sayings_.empty() && (!next || sayings_.begin()->first < *next)) next = sayings_.begin()->first;
  if (!endings_.empty() && (!next || endings_.begin()->at <= *next)) next = endings_.begin()->at;
  if (!next || *next > end || is_cut_short()) return false;
  now_ = std::max(now_, *next);
  if (!endings_.empty() && endings_.begin()->at <= now_) {
    end_due_runs();
  } else if (!sayings_.empty() && sayings_.begin()->first <= now_) {
    say_next();
  } else {
    tell(Ticked{});
  }
  return true;
}

void Simulation::advance(Duration duration) {
  const Instant end = later(now_, duration);
  while (advance_once(end)) {
  }
  now_ = end;
}

bool Simulation::is_settled() const {
  return std::ranges::all_of(supervisor_.deployments(), [](const auto& each) {
    const Deployment& deployment = *each.second;
    const DeploymentCondition* const progress = deployment.condition(DeploymentConditionType::progressing);
    const bool is_late = progress != nullptr && progress->status == ConditionStatus::no;
    return is_late || deployment.object().spec.paused ||
           (rollout::is_complete(deployment.counts(), deployment.object().spec.replicas) &&
            deployment.counts().terminating == 0);
  });
}

void Simulation::advance_until_settled(Duration at_most) {
  const Instant end = later(now_, at_most);
  while (!is_settled()) {
    if (!advance_once(end)) {
      now_ = end;
      return;
    }
  }
}

void Simulation::end_due_runs() {
  const Ending ending = *endings_.begin();
  endings_.erase(endings_.begin());
  if (runs_.erase(ending.instance) == 0) return;
  note(titles_.at(ending.instance), "exited", ended_text(ending.status));
  tell(ContainerExited{ending.instance, ending.status});
}

void Simulation::tell(Input input) {
  queue_.push_back(std::move(input));
  while (!queue_.empty() && !is_cut_short()) {
    Input next = std::move(queue_.front());
    queue_.pop_front();
    const Effects effects = supervisor_.step(now_, std::move(next));
    note_pods();
    note_progress();
    series_.look(supervisor_, now_);
    for (const Effect& effect : effects) std::visit([&](const auto& each) { perform(each); }, effect);
  }
}

void Simulation::note(std::string object, std::string_view what, std::string text) {
  happenings_.push_back({now_, std::move(object), what, std::move(text)});
}

namespace {

std::string step_text(LeavingStep step) {
  switch (step) {
    case LeavingStep::drain:
      return "leaving: its connections are drained";
    case LeavingStep::cut:
      return "leaving: what is still open is cut";
    case LeavingStep::pre_stop:
      return "leaving: its preStop hooks run";
    case LeavingStep::stop:
      return "leaving: it gets the stop signal";
    case LeavingStep::kill:
      return "leaving: its time is over, it is killed";
    case LeavingStep::gone:
      break;
  }
  return "leaving: nothing of it runs any more";
}

}  // namespace

// The steps that are new; returns how many there are.
std::size_t Simulation::note_steps(const Pod& pod) {
  const std::vector<LeavingRecord> steps = pod.leaving_steps();
  const auto before = seen_.find(pod.id());
  for (std::size_t i = before == seen_.end() ? 0 : before->second.steps; i < steps.size(); ++i) {
    note("pod/" + pod.identity().name, leaving_step_name(steps[i].step), step_text(steps[i].step));
  }
  return steps.size();
}

// What changed about pods that no effect tells.
void Simulation::note_pods() {
  std::map<PodId, Seen> now;
  for (const Pod* each : supervisor_.pods()) {
    now[each->id()] = {each->identity().name, each->pod_ip(), each->is_ready(), note_steps(*each)};
  }
  for (const auto& [id, pod] : now) {
    const auto before = seen_.find(id);
    const bool was_ready = before != seen_.end() && before->second.ready;
    if (pod.ready == was_ready) continue;
    note("pod/" + pod.name, pod.ready ? "ready" : "unready", pod.ready ? "is ready" : "is not ready");
  }
  for (const auto& [id, pod] : seen_) {
    if (!now.contains(id)) note("pod/" + pod.name, "gone", "is gone");
  }
  seen_ = std::move(now);
}

// What holds for the first pod of a replica set holds for all of them, however long ago that was.
const Simulation::Assumed& Simulation::assumed_of(const PodIdentity& pod) {
  static const SimulationSpec nothing;
  const Pod* const found = supervisor_.find_pod(pod.name_space, pod.name);
  const bool is_owned = found != nullptr && found->owner();
  const std::string key = is_owned ? found->owner()->name : pod.name + '/' + std::to_string(pod.id.value);
  const auto [entry, is_new] = assumed_.try_emplace(key, Assumed{&nothing, {}});
  if (!is_new) return entry->second;
  const Simulations& current = assumptions_.back();
  for (const std::string& each : {pod.name, found == nullptr ? std::string() : deployment_of(*found)}) {
    const auto assumed = current.find(each);
    if (assumed == current.end()) continue;
    entry->second = {&assumed->second, "simulate." + each};
    break;
  }
  return entry->second;
}

// Kubernetes says in a condition alone that an update came through, or is late.
void Simulation::note_progress() {
  for (const auto& [name, deployment] : supervisor_.deployments()) {
    const DeploymentCondition* const progress = deployment->condition(DeploymentConditionType::progressing);
    if (progress == nullptr || std::exchange(progress_[name], progress->reason) == progress->reason) continue;
    const bool is_late = progress->status == ConditionStatus::no;
    if (!is_late && progress->reason != "NewReplicaSetAvailable") continue;
    note("deployment/" + name.name, is_late ? "late" : "rolled-out",
         std::string(progress->reason) + ": " + progress->message);
  }
}

void Simulation::plan_end(InstanceId instance, Duration after, ExitStatus status) {
  endings_.insert({now_ + after, ++endings_planned_, instance, status});
}

void Simulation::perform(const StartSandbox& effect) {
  SandboxStarted made{effect.pod->id, {}};
  for (std::size_t i = 0; i < effect.ports; ++i) made.ports.push_back(next_port_++);
  queue_.emplace_back(std::move(made));
}

// The same assumptions as those of a probe that is run.
void Simulation::plan_sayings(const StartContainer& effect) {
  const SimulationSpec& assumed = *runs_.at(effect.instance).assumed;
  const ContainerSpec& container = *effect.container;
  const auto is_told = [](const Boxed<ProbeSpec>& probe) { return probe && probe->notify; };
  using State = NotifyMessage::State;
  if (!assumed.never_ready && (is_told(container.readiness_probe) || is_told(container.startup_probe))) {
    say(later(now_, assumed.ready_after), {effect.instance, {.state = State::ready}});
  }
  if (assumed.readiness_fails_after && is_told(container.readiness_probe)) {
    say(later(now_, *assumed.readiness_fails_after), {effect.instance, {.state = State::reloading}});
  }
  if (!is_told(container.liveness_probe)) return;
  const Duration half = ProbeWorker(ProbeType::liveness, *container.liveness_probe).silence_max() / 2;
  say(later(now_, half), {effect.instance, {.watchdog = NotifyMessage::Watchdog::alive}, half});
}

void Simulation::say_next() {
  auto saying = sayings_.extract(sayings_.begin());
  const Saying& said = saying.mapped();
  const auto run = runs_.find(said.instance);
  if (run == runs_.end()) return;
  const std::optional<Duration>& silent_after = run->second.assumed->liveness_fails_after;
  if (said.message.watchdog && silent_after && now_ - run->second.since >= *silent_after) return;
  if (said.message.state) {
    note(titles_.at(said.instance), "says", "says " + std::string(notify_state_text(*said.message.state)));
  }
  if (said.again > Duration{0}) say(later(now_, said.again), said);
  tell(ProcessNotified{said.instance, said.message});
}

void Simulation::perform(const StartContainer& effect) {
  const bool alone = effect.spec->containers.size() + effect.spec->init_containers.size() == 1;
  std::string title = "pod/" + effect.pod->name + (alone ? "" : " container " + effect.container->name);
  const int number = ++starts_[{effect.pod->id, effect.container->name}];
  const Assumed& its = assumed_of(*effect.pod);
  Run run{its.spec, its.of, now_};
  titles_[effect.instance] = title;
  const SimulationSpec& assumed = *run.assumed;
  if (assumed.start_fails) {
    note(title, "start-failed", "cannot be started");
    queue_.emplace_back(ContainerStartFailed{effect.instance, "[" + run.assumed_of + "] startFails = true"});
    return;
  }
  const std::string restart = std::to_string(number - 1);
  note(title, number == 1 ? "started" : "restarted", number == 1 ? "started" : "restarted (restart " + restart + ")");
  runs_[effect.instance] = std::move(run);
  queue_.emplace_back(ContainerStarted{effect.instance, number});
  plan_sayings(effect);
  const bool is_init = std::ranges::any_of(effect.spec->init_containers, [&](const ContainerSpec& each) {
    return &each == effect.container && each.restart_policy != RestartPolicy::always;
  });
  if (is_init) return plan_end(effect.instance, Duration{0}, {});
  const bool crashes = assumed.crash_after && (assumed.crashes == 0 || number <= assumed.crashes);
  if (crashes) plan_end(effect.instance, *assumed.crash_after, {assumed.exit_code, 0});
}

void Simulation::perform(const SignalContainer& effect) {
  const auto found = runs_.find(effect.instance);
  if (found == runs_.end() || found->second.assumed->ignores_term) return;
  plan_end(effect.instance, found->second.assumed->stop, {0, effect.signal});
}

void Simulation::perform(const KillContainer& effect) { plan_end(effect.instance, Duration{0}, {0, SIGKILL}); }

ProbeOutcome Simulation::outcome_of(const StartProbe& probe) const {
  const auto found = runs_.find(probe.instance);
  if (found == runs_.end()) return {ProbeResult::failure, "it does not run"};
  const Run& run = found->second;
  const std::string why = why_failing(probe.type, *run.assumed, now_ - run.since);
  if (why.empty()) return {};
  return {ProbeResult::failure, "[" + run.assumed_of + "] " + why};
}

void Simulation::perform(const StartProbe& effect) {
  queue_.emplace_back(ProbeFinished{effect.run, outcome_of(effect)});
}

// Hooks succeed at once; how long a sleep lasts is written.
void Simulation::perform(const StartHook& effect) { queue_.emplace_back(ProbeFinished{effect.run, {}}); }

void Simulation::perform(const OpenService& effect) {
  services_[effect.service] = effect.name;
  std::string list;
  for (const std::string& each : effect.addresses) list += (list.empty() ? "" : ", ") + each;
  note("service/" + effect.name, "listening",
       "listens on " + list + (effect.hands_over ? ", for containers that get its sockets" : ""));
}

void Simulation::perform(const SetEndpoint& effect) {
  SetEndpoint& endpoint = endpoints_[{effect.service, effect.pod}] = effect;
  const auto pod = seen_.find(effect.pod);
  std::string whose = effect.address;
  if (pod != seen_.end()) {
    // Pods with a network of their own have the port at an address of their own.
    endpoint.address = pod->second.ip + effect.address.substr(effect.address.rfind(':'));
    whose = endpoint.address + " (pod/" + pod->second.name + ")";
  }
  note("service/" + services_[effect.service], "endpoint", "endpoint " + whose + " " + condition_text(effect));
}

void Simulation::perform(const RemoveEndpoint& effect) {
  const auto found = endpoints_.find({effect.service, effect.pod});
  if (found == endpoints_.end()) return;
  note("service/" + services_[effect.service], "endpoint", "endpoint " + found->second.address + " removed");
  endpoints_.erase(found);
}

// No connection is open in this world.
void Simulation::perform(const DrainEndpoint& effect) {
  queue_.emplace_back(EndpointDrained{effect.service, effect.pod});
}

void Simulation::perform(const ReportEvent& effect) {
  const Event& event = effect.event;
  if (std::ranges::find(told_otherwise, event.reason) != told_otherwise.end()) return;
  std::string text = event.type == EventType::warning ? "Warning " : "Normal ";
  text += std::string(event.reason) + ": " + event.message;
  if (event.count > 1) {
    text += " (x" + std::to_string(event.count) + " over " + human_duration(event.last - event.first) + ")";
  }
  note(lower(kind_name(event.object.kind)) + "/" + event.object.name, "event", std::move(text));
}

}  // namespace reeve::cli
