// The model's half that listens: what each input means.
#include "model.hpp"

#include <algorithm>

namespace reeve::sim {

void ProbeModel::arm(Instant since, Instant now) {
  armed = true;
  earliest = since + spec->initial_delay;
  const Instant bound = std::max(earliest, now);
  due_changed = true;
  if (spec->notify) {
    base = due = Instant::max();  // it is never run
    return;
  }
  if (type == ProbeType::readiness) {
    base = due = bound;
    return;
  }
  base = since;
  const auto period = spec->period.count();
  const auto periods = std::max<std::int64_t>(((bound - since).count() + period - 1) / period, 1);
  due = since + periods * spec->period;
  if (now > since && due <= now) due += spec->period;
}

void ProbeModel::missed_or_next(Instant now) {
  const Instant latest = base + (now - base) / spec->period * spec->period;
  due = latest > begun ? latest : latest + spec->period;
  due_changed = true;
  calls = 0;
}

ProbeModel* ContainerModel::probe(ProbeType which) {
  const auto found = std::ranges::find(probes, which, &ProbeModel::type);
  return found == probes.end() ? nullptr : &*found;
}

bool ContainerModel::is_ready() const {
  if (role == Role::init) return is_final && ended && code == 0;
  if (!live || !running || !started) return false;
  return std::ranges::all_of(probes, [](const ProbeModel& p) { return p.type != ProbeType::readiness || p.passed; });
}

bool ContainerModel::is_done() const { return role == Role::sidecar ? started : is_ready(); }

bool PodModel::all_regular_final() const {
  return std::all_of(containers.begin() + std::ptrdiff_t(inits), containers.end(),
                     [](const ContainerModel& each) { return each.is_final; });
}

bool PodModel::init_failed() const {
  return std::ranges::any_of(
      containers, [](const auto& each) { return each.role == Role::init && each.is_final && each.code != 0; });
}

bool PodModel::anything_lives() const {
  return std::ranges::any_of(containers, [](const auto& each) { return bool(each.live); });
}

bool Model::is_news(const Input& input) const {
  const auto box_is = [this](PodId id, PodModel::Box box) {
    const auto found = pods_.find(id);
    return found != pods_.end() && found->second.box == box;
  };
  if (const auto* started = std::get_if<SandboxStarted>(&input)) return box_is(started->pod, PodModel::Box::making);
  if (const auto* failed = std::get_if<SandboxFailed>(&input)) return box_is(failed->pod, PodModel::Box::making);
  if (const auto* ended = std::get_if<SandboxEnded>(&input)) return box_is(ended->pod, PodModel::Box::standing);
  if (const auto* started = std::get_if<ContainerStarted>(&input)) {
    const auto found = instances_.find(started->instance);
    return found != instances_.end() && !found->second.pod->containers[found->second.container].running;
  }
  if (const auto* failed = std::get_if<ContainerStartFailed>(&input)) return instances_.contains(failed->instance);
  if (const auto* exited = std::get_if<ContainerExited>(&input)) return instances_.contains(exited->instance);
  if (const auto* said = std::get_if<ProcessNotified>(&input)) {
    const auto found = instances_.find(said->instance);
    return found != instances_.end() && found->second.pod->containers[found->second.container].running;
  }
  if (const auto* finished = std::get_if<ProbeFinished>(&input)) {
    return runs_.contains(finished->run) || hooks_.contains(finished->run);
  }
  if (const auto* drained = std::get_if<EndpointDrained>(&input)) {
    const auto found = pods_.find(drained->pod);
    return found != pods_.end() && found->second.draining.contains(drained->service);
  }
  if (const auto* refused = std::get_if<ConnectionRefused>(&input)) return pods_.contains(refused->pod);
  return !std::holds_alternative<Ticked>(input);
}

void Model::restart(Instant now) {
  now_ = now;
  deleted_ = {};
  pods_.clear();
  instances_.clear();
  runs_.clear();
  hooks_.clear();
  dead_.clear();
  services_.clear();
  published_.clear();
  links_.clear();
  active_.clear();
  newest_instance_ = {};
  for (auto& [name, each] : rollouts_) each.available = each.newest_available = 0;
}

void Model::before(Instant now, const Input& input) {
  must(now >= last_, "the simulation went back in time");
  now_ = now;
  deleted_ = {};
  const bool asks_to_leave =
      std::holds_alternative<ObjectDeleted>(input) || std::holds_alternative<ShutdownRequested>(input);
  if (asks_to_leave) std::visit([this](const auto& each) { note(each); }, input);
  for (auto& [id, pod] : pods_) {
    if (pod.drain == PodModel::Drain::cutting && pod.drain_until <= now_) end_drain(pod);
  }
  for (auto& [id, pod] : pods_) {
    const auto& limit = pod.spec->active_deadline;
    if (!limit || pod.stop_by || pod.created + *limit > now_) continue;
    pod.overdue = true;
    leave(pod, now_ + pod.spec->termination_grace_period);
  }
  if (!asks_to_leave) std::visit([this](const auto& each) { note(each); }, input);
}

void Model::note(const ObjectDeleted& input) {
  if (input.object.kind != Kind::pod) return;
  for (auto& [id, pod] : pods_) {
    if (pod.name != input.object.name || pod.name_space != input.object.name_space) continue;
    Duration grace = input.grace.value_or(pod.spec->termination_grace_period);
    if (grace < Duration{0}) grace = seconds(1);
    deleted_ = pod.id;
    pod.terminating = true;
    leave(pod, now_ + grace);
    if (grace == Duration{0}) end_drain(pod);
  }
}

void Model::note(const ShutdownRequested&) {
  shutdowns_ += 1;
  for (auto& [id, pod] : pods_) {
    const Duration own = pod.spec->termination_grace_period;
    if (shutdowns_ == 1 && is_depended_on(pod)) continue;
    if (shutdowns_ > 1 && !pod.terminating) leave(pod, now_);
    pod.terminating = true;
    if (shutdowns_ == 1) leave(pod, now_ + (own < Duration{0} ? seconds(1) : own));
    if (shutdowns_ > 1 || own == Duration{0}) end_drain(pod);
  }
}

void Model::note(const SandboxStarted& input) {
  const auto found = pods_.find(input.pod);
  if (found == pods_.end() || found->second.box != PodModel::Box::making) return;
  PodModel& pod = found->second;
  const auto is_taken = [&](std::int32_t port) {
    return std::ranges::any_of(
        pods_, [&](const auto& each) { return std::ranges::find(each.second.ports, port) != each.second.ports.end(); });
  };
  if (std::ranges::any_of(input.ports, is_taken)) {
    count_box(pod);
    pod.box = PodModel::Box::refused;
    pod.box_due = now_ + std::max(pod.box_entry->delay, seconds(1));
  } else {
    pod.box = PodModel::Box::standing;
    if (pod.ports.empty()) pod.ports = input.ports;
  }
}

void Model::note(const SandboxFailed& input) {
  const auto found = pods_.find(input.pod);
  if (found == pods_.end() || found->second.box != PodModel::Box::making) return;
  PodModel& pod = found->second;
  count_box(pod);
  pod.box = PodModel::Box::absent;
  pod.box_due = now_ + std::max(pod.box_entry->delay, seconds(1));
}

void Model::note(const SandboxEnded& input) {
  const auto found = pods_.find(input.pod);
  if (found == pods_.end() || found->second.box != PodModel::Box::standing || found->second.stop_by) return;
  PodModel& pod = found->second;
  const auto& entry = pod.box_entry;
  const bool waits = entry && now_ - entry->updated <= pod.spec->restart_backoff.reset;
  pod.box_due = waits ? now_ + entry->delay : now_;
  count_box(pod);
  pod.box = PodModel::Box::broken;
  pod.broken_by = now_ + pod.spec->termination_grace_period;
  pod.abandoned = pod.spec->restart_policy == RestartPolicy::never;
  pod.restarts = false;
  pod.drain = PodModel::Drain::none;
  pod.draining.clear();
  if (pod.abandoned) return leave(pod, pod.broken_by, false);
  for (ContainerModel& each : pod.containers) {
    each.awaits = each.awaits || each.restart_at.has_value();
    each.restart_at.reset();
    each.must_stop.reset();
  }
}

void Model::count_box(PodModel& pod) {
  const RestartBackoff& policy = pod.spec->restart_backoff;
  auto& entry = pod.box_entry;
  Duration delay = std::min(policy.initial, policy.max);
  if (entry && now_ - entry->updated <= policy.reset) {
    delay = std::min(entry->delay * std::int64_t(policy.factor), policy.max);
  }
  entry = ContainerModel::Entry{delay, now_};
}

// In a new sandbox each container waits for its turn again, and then for its back-off.
void Model::release(PodModel& pod) {
  if (pod.box != PodModel::Box::standing || pod.stop_by) return;
  for (std::size_t i = 0; i < pod.inits; ++i) {
    ContainerModel& each = pod.containers[i];
    release(pod, each);
    if (!each.is_done() && !(each.role == Role::sidecar && pod.initialized)) return;
  }
  for (std::size_t i = pod.inits; i < pod.containers.size(); ++i) release(pod, pod.containers[i]);
}

void Model::release(const PodModel& pod, ContainerModel& container) {
  if (!std::exchange(container.awaits, false)) return;
  container.released = true;
  container.restart_seen = container.ended;
  const bool waits = held_back(pod, container, *container.ended);
  container.restart_at = waits ? *container.ended + container.entry->delay : now_;
}

void Model::note(const RestartRequested& input) {
  std::vector<PodId> meant;
  const auto deployment = supervisor_.deployments().find(input.object);
  for (const auto& [id, pod] : pods_) {
    if (input.object.kind == Kind::pod && pod.name == input.object.name && pod.name_space == input.object.name_space) {
      meant.push_back(id);
    }
  }
  if (deployment != supervisor_.deployments().end()) {
    for (const auto& set : deployment->second->replica_sets())
      std::ranges::copy(set->pods(), std::back_inserter(meant));
  }
  for (const PodId id : meant) {
    PodModel& pod = pods_.at(id);
    if (pod.stop_by || pod.box == PodModel::Box::broken) continue;  // all of it is started anew as it is
    if (std::exchange(pod.restarts, true)) continue;
    pod.restarts_up_to = newest_instance_;
    pod.restart_by = now_ + std::max(pod.spec->termination_grace_period, seconds(2));
    begin_drain(pod, pod.restart_by);
    if (pod.drain != PodModel::Drain::over) ask_restarts(pod);
  }
}

// Of what does not serve; of the rest once the drain is over.
void Model::ask_restarts(PodModel& pod) {
  const bool is_over = pod.drain == PodModel::Drain::over;
  for (ContainerModel& each : pod.containers) {
    if (each.role == Role::init) continue;
    if (each.live && each.live <= pod.restarts_up_to &&
        (is_over || each.signalled || each.stopping_by || !each.running)) {
      each.by_human = true;
      each.by_probe = false;
      if (!each.signalled && !each.stopping_by) each.must_stop = pod.restart_by - now_;
    } else if (!each.live && each.restart_at) {
      each.restart_asked = true;
      each.restart_at = now_;
      each.restart_seen.reset();
    }
  }
}

void Model::begin_drain(PodModel& pod, Instant kill_at) {
  if (!pod.anything_lives() || kill_at <= now_) return end_drain(pod);
  pod.draining = published_[pod.id];
  pod.drain_until = std::min(now_ + pod.spec->drain, std::max(now_, kill_at - seconds(2)));
  pod.drain_changed = pod.drain_begun = true;
  if (pod.draining.empty()) return end_drain(pod);
  pod.drain = PodModel::Drain::draining;
  pod.undrained = pod.draining;
}

void Model::end_drain(PodModel& pod) {
  const bool was_over = std::exchange(pod.drain, PodModel::Drain::over) == PodModel::Drain::over;
  pod.draining.clear();
  if (pod.restarts && !was_over) ask_restarts(pod);
}

void Model::note(const EndpointDrained& input) {
  const auto found = pods_.find(input.pod);
  if (found == pods_.end() || found->second.draining.erase(input.service) == 0) return;
  if (found->second.draining.empty()) end_drain(found->second);
}

void Model::note(const ContainerStarted& input) {
  const auto found = instances_.find(input.instance);
  if (found == instances_.end()) return;
  ContainerModel& container = found->second.pod->containers[found->second.container];
  if (container.running) return;
  container.running = true;
  container.since = now_;
  if (container.signalled) return;
  for (ProbeModel& each : container.probes) {
    each.passed = each.type == ProbeType::liveness;
    each.on_hold = each.armed = false;
    each.calls = 0;
  }
  if (!container.has_post_start()) return arm(container);
  container.hook = ContainerModel::Hook::post_start;
  container.hook_is_due = true;
}

void Model::arm(ContainerModel& container) {
  if (ProbeModel* startup = container.probe(ProbeType::startup)) {
    startup->arm(container.since, now_);
  } else {
    become_started(container);
  }
}

// A postStart hook that failed ends its container, unless that ends anyway.
void Model::end_hook(Place place, bool success) {
  PodModel& pod = *place.pod;
  ContainerModel& container = pod.containers[place.container];
  const auto hook = std::exchange(container.hook, ContainerModel::Hook::none);
  container.hook_until.reset();
  if (hook != ContainerModel::Hook::post_start) return;
  if (success) return arm(container);
  if (pod.stop_by || pod.box == PodModel::Box::broken) return;
  container.must_stop = pod.spec->termination_grace_period;
  container.by_hook = true;
}

// When a container that is told now would be killed.
Instant Model::stop_at(const PodModel& pod, const ContainerModel& container) const {
  if (pod.stop_by) return *pod.stop_by;
  if (pod.box == PodModel::Box::broken) return pod.broken_by;
  return now_ + container.must_stop.value_or(Duration{0});
}

void Model::become_started(ContainerModel& container) {
  container.started = true;
  for (const auto type : {ProbeType::readiness, ProbeType::liveness}) {
    if (ProbeModel* each = container.probe(type)) each->arm(container.since, now_);
  }
  hear(container);
}

void Model::note(const ProcessNotified& input) {
  const auto found = instances_.find(input.instance);
  if (found == instances_.end()) return;
  ContainerModel& container = found->second.pod->containers[found->second.container];
  if (!container.running || !input.message.state) return;
  container.said = input.message.state;
  hear(container);
}

// What was said before the start was over counts from then on.
void Model::hear(ContainerModel& container) {
  ProbeModel* const readiness = container.probe(ProbeType::readiness);
  if (readiness == nullptr || !readiness->spec->notify || !readiness->armed || !container.said) return;
  readiness->passed = *container.said == NotifyMessage::State::ready;
}

void Model::note(const ContainerStartFailed& input) {
  const auto found = instances_.find(input.instance);
  if (found == instances_.end()) return;
  found->second.pod->containers[found->second.container].by_human = false;
  end(found->second, 128);
}

void Model::note(const ContainerExited& input) {
  const auto found = instances_.find(input.instance);
  if (found != instances_.end()) end(found->second, exit_code_of(input.status));
}

void Model::end(Place place, int code) {
  PodModel& pod = *place.pod;
  ContainerModel& container = pod.containers[place.container];
  instances_.erase(container.live);
  dead_[container.live] = place;
  container.dead.push_back(container.live);
  container.live = {};
  container.running = container.started = container.killed = container.by_hook = false;
  container.said.reset();
  container.hook = ContainerModel::Hook::none;
  container.hook_is_due = false;
  container.hook_until.reset();
  container.stopping_by.reset();
  container.code = code;
  container.ended_before = std::exchange(container.ended, now_);
  for (ProbeModel& each : container.probes) each.armed = false;
  decide_restart(pod, container);
  container.signalled.reset();
  container.by_probe = container.by_human = false;
}

bool Model::held_back(const PodModel& pod, const ContainerModel& container, Instant ended) const {
  const auto& entry = container.entry;
  return entry && ended - entry->updated <= pod.spec->restart_backoff.reset && now_ - ended < entry->delay;
}

void Model::decide_restart(PodModel& pod, ContainerModel& container) {
  const RestartPolicy policy = container.spec->restart_policy.value_or(pod.spec->restart_policy);
  const bool always =
      container.role == Role::sidecar || (container.role == Role::regular && policy == RestartPolicy::always);
  const bool wanted = always || (container.code != 0 && policy != RestartPolicy::never);
  const bool forced = container.by_probe && (container.role == Role::sidecar || policy != RestartPolicy::never);
  if (pod.stop_by) {
    container.is_final = true;
  } else if (pod.box == PodModel::Box::broken) {
    container.is_final = container.role == Role::regular && !wanted;
    container.awaits = !container.is_final;
  } else if (container.by_human) {
    container.restart_asked = true;
    container.restart_at = now_;
    container.restart_seen.reset();
  } else if (forced && !(container.ended_before && held_back(pod, container, *container.ended_before))) {
    container.restart_at = now_;
    container.restart_seen = container.ended_before;
  } else if (wanted) {
    container.restart_at = held_back(pod, container, now_) ? now_ + container.entry->delay : now_;
    container.restart_seen = now_;
  } else {
    container.is_final = true;
  }
}

void Model::note(const ProbeFinished& input) {
  if (const auto hook = hooks_.extract(input.run)) {
    const bool success = input.outcome.result == ProbeResult::success || input.outcome.result == ProbeResult::warning;
    return end_hook(hook.mapped(), success);
  }
  const auto found = runs_.find(input.run);
  if (found == runs_.end()) return;
  const RunPlace at = found->second;
  runs_.erase(found);
  ProbeModel& probe = *at.place.pod->containers[at.place.container].probe(at.type);
  probe.run.reset();
  if (input.outcome.result == ProbeResult::error && probe.calls < 3) {
    probe.due = now_;
    probe.due_changed = true;
    return;
  }
  probe.missed_or_next(now_);
  if (input.outcome.result != ProbeResult::error) judge(at.place, probe, input.outcome.result);
}

// Steps 12 to 15 of a tick.
void Model::judge(Place place, ProbeModel& probe, ProbeResult result) {
  PodModel& pod = *place.pod;
  ContainerModel& container = pod.containers[place.container];
  const bool success = result == ProbeResult::success || result == ProbeResult::warning;
  probe.length = probe.last == success ? probe.length + 1 : 1;
  probe.last = success;
  if (probe.length < (success ? probe.spec->success_threshold : probe.spec->failure_threshold)) return;
  probe.passed = success;
  if (probe.type == ProbeType::readiness) return;
  if (probe.type == ProbeType::startup || !success) {
    probe.on_hold = true;
    probe.armed = false;
    probe.length = 0;
  }
  if (probe.type == ProbeType::startup && success) become_started(container);
  if (success || pod.stop_by || container.signalled || container.stopping_by || pod.box == PodModel::Box::broken)
    return;
  container.must_stop = probe.spec->termination_grace_period.value_or(pod.spec->termination_grace_period);
}

void Model::note(const ConnectionRefused& input) {
  const auto found = pods_.find(input.pod);
  if (found == pods_.end()) return;
  for (ContainerModel& container : found->second.containers) {
    ProbeModel* readiness = container.probe(ProbeType::readiness);
    if (readiness == nullptr || !readiness->armed || readiness->run || readiness->spec->notify) continue;
    const Instant at = std::max(now_, readiness->earliest);
    if (at >= readiness->due) continue;
    readiness->base = readiness->due = at;
    readiness->due_changed = true;
  }
}

void Model::leave(PodModel& pod, Instant stop_by, bool drains) {
  const bool is_new = !pod.stop_by && !pod.restarts;
  pod.stop_by = pod.stop_by ? std::min(*pod.stop_by, stop_by) : stop_by;
  pod.restarts = false;
  if (!drains) {
    end_drain(pod);
  } else if (is_new) {
    begin_drain(pod, *pod.stop_by);
  } else if (pod.drain == PodModel::Drain::draining) {
    const Instant until = std::max(now_, *pod.stop_by - seconds(2));
    pod.drain_changed = pod.drain_changed || until < pod.drain_until;
    pod.drain_until = std::min(pod.drain_until, until);
  }
  for (ContainerModel& each : pod.containers) {
    each.awaits = false;
    each.restart_at.reset();
    each.must_stop.reset();
    if (each.ended && !each.live) each.is_final = true;
  }
}

// What a probe stops already has no longer than the pod; a sidecar has until its turn comes.
void Model::shorten(PodModel& pod) {
  if (!pod.stop_by && pod.box != PodModel::Box::broken) return;
  if (pod.stop_by && pod.drain != PodModel::Drain::over) return;
  const Instant stop_by = pod.stop_by.value_or(pod.broken_by);
  bool later_lives = false;
  for (auto each = pod.containers.rbegin(); each != pod.containers.rend(); ++each) {
    const bool has_turn =
        each->role != Role::sidecar || !later_lives || (each->stopping_by && !each->signalled && each->by_pod);
    later_lives = later_lives || each->live;
    if (has_turn && each->stopping_by && !each->signalled) {
      each->stopping_by = std::min(*each->stopping_by, stop_by);
      if (each->hook_until) each->hook_until = *each->stopping_by - seconds(2);
    }
    if (!has_turn || !each->signalled) continue;
    const Instant kill_at = std::max(stop_by, *each->signalled + seconds(2));
    if (kill_at >= each->kill_at) continue;
    each->kill_at = kill_at;
    each->kill_changed = true;
  }
}

}  // namespace reeve::sim
