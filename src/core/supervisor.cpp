#include <reeve/core/result.hpp>
#include <reeve/core/supervisor.hpp>

#include <algorithm>

namespace reeve {

Effects Supervisor::step(Instant now, Input input) {
  Effects effects;
  effects_indexed_ = 0;
  Step step{now, effects, events_, ids_, *this};
  std::visit([&](auto& each) { answer(step, each); }, input);
  finish(step);
  return effects;
}

void Supervisor::finish(Step& step) {
  wake_deployments(step.now);
  reconcile_deployments(step);  // what is wanted first: no timer starts something that is to go
  fire_timers(step);
  reconcile_deployments(step);
  wake_dependents(step);
  leave_in_order(step);
  end_by_itself(step);
  index_new_ids(step.effects);
  note_step(step.effects);
  if (shutting_down_ && !exited_ && entries_.empty()) {
    exited_ = true;
    step.want(Exit{exit_code_});
  }
}

std::optional<Instant> Supervisor::deadline() const noexcept {
  std::optional<Instant> earliest;
  if (!timers_.empty()) earliest = timers_.begin()->first;
  if (!deployment_timers_.empty() && (!earliest || deployment_timers_.begin()->first < *earliest)) {
    earliest = deployment_timers_.begin()->first;
  }
  return earliest;
}

std::vector<const Pod*> Supervisor::pods() const {
  std::vector<const Pod*> all;
  all.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) all.push_back(entry.pod.get());
  return all;
}

const Pod* Supervisor::find_pod(const std::string& name_space, const std::string& name) const {
  const auto found = by_name_.find({Kind::pod, name_space, name});
  return found == by_name_.end() ? nullptr : find(found->second);
}

// --- Happenings of containers and probes find their pod by the identity of the run. ---

template <class AnyId>
std::optional<PodId> Supervisor::take(std::unordered_map<AnyId, PodId>& index, AnyId id) {
  const auto found = index.find(id);
  if (found == index.end()) {
    late_inputs_ += 1;
    return std::nullopt;
  }
  const PodId pod = found->second;
  index.erase(found);
  return pod;
}

// Two pods that were given the same port would take each other's connections.
void Supervisor::answer(Step& step, SandboxStarted& input) {
  const auto is_taken = [&](std::int32_t port) { return ports_.contains(port); };
  const auto taken = std::ranges::find_if(input.ports, is_taken);
  with_pod(step, input.pod, [&](Pod& pod) {
    const bool is_news =
        taken == input.ports.end()
            ? pod.sandbox_started(step, input.ports)
            : pod.sandbox_refused(step, "port " + std::to_string(*taken) + " is another pod's already");
    late_inputs_ += is_news ? 0 : 1;
    ports_.insert(pod.assigned_ports().begin(), pod.assigned_ports().end());
  });
}

void Supervisor::answer(Step& step, SandboxFailed& input) {
  with_pod(step, input.pod, [&](Pod& pod) { late_inputs_ += pod.sandbox_failed(step, input.message) ? 0 : 1; });
}

void Supervisor::answer(Step& step, SandboxEnded& input) {
  with_pod(step, input.pod, [&](Pod& pod) { late_inputs_ += pod.sandbox_ended(step) ? 0 : 1; });
}

void Supervisor::answer(Step& step, ContainerStarted& input) {
  const auto found = instances_.find(input.instance);
  if (found == instances_.end()) {
    late_inputs_ += 1;
    return;
  }
  with_pod(step, found->second, [&](Pod& pod) { pod.started(step, input.instance, input.pid); });
}

void Supervisor::answer(Step& step, ContainerStartFailed& input) {
  const auto id = take(instances_, input.instance);
  if (id) with_pod(step, *id, [&](Pod& pod) { pod.start_failed(step, input.instance, input.message); });
}

void Supervisor::answer(Step& step, ContainerExited& input) {
  const auto id = take(instances_, input.instance);
  if (id) with_pod(step, *id, [&](Pod& pod) { pod.exited(step, input.instance, input.status, input.usage); });
}

void Supervisor::answer(Step& step, ProbeFinished& input) {
  const auto id = take(runs_, input.run);
  if (id) with_pod(step, *id, [&](Pod& pod) { pod.probe_finished(step, input.run, input.outcome); });
}

void Supervisor::answer(Step& step, ProcessNotified& input) {
  const auto found = instances_.find(input.instance);
  if (found == instances_.end()) {
    late_inputs_ += 1;
    return;
  }
  with_pod(step, found->second, [&](Pod& pod) { pod.notified(step, input.instance, input.message); });
}

void Supervisor::answer(Step& step, NotifyRefused& input) {
  const auto found = instances_.find(input.instance);
  if (found == instances_.end()) {
    late_inputs_ += 1;
    return;
  }
  with_pod(step, found->second, [&](Pod& pod) { pod.notify_refused(step, input.instance, input.why); });
}

// Only a deployment has something against it.
LivenessKill Supervisor::liveness_kill(PodId id) const {
  const auto entry = entries_.find(id);
  if (entry == entries_.end() || entry->second.owner == nullptr) return LivenessKill::now;
  const ReplicaSet& owner = *entry->second.owner;
  return deployments_.at(owner.deployment())->liveness_kill(owner, id);
}

void Supervisor::end_delay(Step& step, PodId id) {
  with_pod(step, id, [&](Pod& pod) { pod.end_delay(step); });
}

void Supervisor::answer(Step& step, ConnectionRefused& input) {
  if (fixed_endpoints_.contains(input.pod)) return;  // it has no probe to be asked
  with_pod(step, input.pod, [&](Pod& pod) { pod.connection_refused(step); });
}

void Supervisor::answer(Step& step, EndpointDrained& input) {
  with_pod(step, input.pod, [&](Pod& pod) { late_inputs_ += pod.endpoint_drained(step, input.service) ? 0 : 1; });
}

std::vector<ServiceId> Supervisor::published_by(PodId pod) const {
  const Entry& entry = entries_.at(pod);
  std::vector<ServiceId> services = entry.closed;
  for (const Service* each : entry.services) each->add_published(pod, services);
  return services;
}

void Supervisor::answer(Step&, Ticked&) {}

void Supervisor::answer(Step& step, RestartRequested& input) {
  std::vector<PodId> meant;
  if (const auto found = deployments_.find(input.object); found != deployments_.end()) {
    for (const auto& each : found->second->replica_sets()) std::ranges::copy(each->pods(), std::back_inserter(meant));
  } else if (const auto pod = by_name_.find(input.object); pod != by_name_.end()) {
    meant.push_back(pod->second);
  }
  for (const PodId each : meant) with_pod(step, each, [&](Pod& pod) { pod.restart_now(step); });
}

void Supervisor::begin_shutdown(Step& step) {
  pods_at_shutdown_ = save_pods();
  shutting_down_ = true;
  unsettled_.clear();
  deployment_timers_.clear();
  deployment_timer_.clear();
  successors_.clear();
  for (const auto& [id, entry] : entries_) to_leave_.insert(id);
  for (const PodId id : to_leave_) free_to_leave_.push_back(id);
  leave_in_order(step);
}

void Supervisor::answer(Step& step, ShutdownRequested&) {
  if (!shutting_down_) return begin_shutdown(step);
  for (const PodId each : std::exchange(to_leave_, {})) remove(step, each, Duration{0});
  for (const Pod* each : pods()) {
    with_pod(step, each->id(), [&](Pod& pod) { pod.hasten(step); });
  }
}

// --- Pods. ---

void Supervisor::create_pod(Step& step, ObjectMeta metadata, std::shared_ptr<const PodSpec> spec, ReplicaSet* owner,
                            const std::string& address_before) {
  const auto id = step.new_id<PodId>();
  by_name_[{Kind::pod, metadata.name_space, metadata.name}] = id;
  Entry& entry = entries_[id];
  entry.owner = owner;
  std::string pod_ip(host_ip);
  if (has_own_network(*spec)) pod_ip = pod_ips_.hold(address_name(metadata.name_space, metadata.name), address_before);
  entry.pod = std::make_unique<Pod>(id, random_uid(random_, uid_ending_), std::move(metadata), std::move(spec),
                                    owner == nullptr ? std::nullopt : std::optional(owner->name()), std::move(pod_ip),
                                    step.now);
  match_services(entry);
  take(*entry.pod);
  add_dependent(*entry.pod);
  const std::size_t before = step.effects.size();
  entry.pod->begin(step);
  settle(step, id, before);
}

void Supervisor::create(Step& step, ReplicaSet& owner, ObjectMeta metadata, std::shared_ptr<const PodSpec> spec) {
  create_pod(step, std::move(metadata), std::move(spec), &owner);
}

const Pod* Supervisor::find(PodId id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : found->second.pod.get();
}

void Supervisor::remove(Step& step, PodId id) { remove(step, id, std::nullopt); }

void Supervisor::remove(Step& step, PodId id, std::optional<Duration> grace) {
  with_pod(step, id, [&](Pod& pod) { pod.remove(step, grace); });
}

std::string Supervisor::fresh_name(const std::string& name_space, const std::string& base) {
  ObjectRef name{Kind::pod, name_space, {}};
  do {
    name.name = base.substr(0, 58) + random_suffix(random_, 5);
  } while (by_name_.contains(name));
  return name.name;
}

// After anything that touched a pod: its endpoints, its owner, its timer, its end. What its containers are to do
// stands behind `before`, and what the endpoints are goes in front of it: out of the lists first, then the signal.
void Supervisor::settle(Step& step, PodId id, std::size_t before) {
  index_new_ids(step.effects);
  touched_.insert(id);
  Entry& entry = entries_.at(id);
  const auto asked = static_cast<std::ptrdiff_t>(step.effects.size());
  const bool is_gone = entry.pod->is_gone();
  is_final(entry.pod->phase()) ? void(unfinished_.erase(id)) : void(unfinished_.insert(id));
  for (Service* service : entry.services) is_gone ? service->remove(step, id) : service->update(step, *entry.pod);
  update_links(step, entry);
  std::rotate(step.effects.begin() + static_cast<std::ptrdiff_t>(before), step.effects.begin() + asked,
              step.effects.end());
  if (!dependents_.empty()) {
    note_dependency({Kind::pod, entry.pod->identity().name_space, entry.pod->identity().name});
  }
  if (entry.owner != nullptr && entry.owner->update(*entry.pod, step.now)) {
    unsettled_.insert(entry.owner->deployment());
  }
  if (is_gone) {
    bury(step, id);
  } else {
    reschedule(entry);
  }
}

void Supervisor::bury(Step& step, PodId id) {
  Entry& entry = entries_.at(id);
  for (const auto* list : {&entry.pod->init_containers(), &entry.pod->containers()}) {
    for (const Container& each : *list) each.forget(step);
  }
  if (entry.timer) timers_.erase({*entry.timer, id});
  if (entry.owner != nullptr && entry.owner->forget(id)) unsettled_.insert(entry.owner->deployment());
  give_back(*entry.pod);
  remove_dependent(*entry.pod);
  to_leave_.erase(id);
  unfinished_.erase(id);
  const ObjectRef name{Kind::pod, entry.pod->identity().name_space, entry.pod->identity().name};
  by_name_.erase(name);
  note_buried(entry);
  entries_.erase(id);
  if (auto successor = successors_.extract(name)) {
    PodObject object = std::move(successor.mapped());
    saved_version_ += 1;  // it gets an address
    auto spec = std::make_shared<const PodSpec>(std::move(object.spec));
    create_pod(step, std::move(object.metadata), std::move(spec), nullptr);
  }
}

void Supervisor::reschedule(Entry& entry) {
  const auto wanted = entry.pod->deadline();
  if (wanted == entry.timer) return;
  if (entry.timer) timers_.erase({*entry.timer, entry.pod->id()});
  if (wanted) timers_.insert({*wanted, entry.pod->id()});
  entry.timer = wanted;
}

void Supervisor::fire_timers(Step& step) {
  while (!timers_.empty() && timers_.begin()->first <= step.now) {
    const auto due = *timers_.begin();
    with_pod(step, due.second, [&](Pod& pod) { pod.tick(step); });
    // A machine whose deadline does not move would spin for ever.
    REEVE_CHECK(timers_.empty() || *timers_.begin() != due);
  }
}

// Which pod a run belongs to is read off the effects that begin and end runs.
void Supervisor::index_new_ids(const Effects& effects) {
  for (; effects_indexed_ < effects.size(); ++effects_indexed_) {
    const Effect& effect = effects[effects_indexed_];
    if (const auto* start = std::get_if<StartContainer>(&effect)) {
      instances_[start->instance] = start->pod->id;
    } else if (const auto* probe = std::get_if<StartProbe>(&effect)) {
      runs_[probe->run] = instances_.at(probe->instance);
    } else if (const auto* hook = std::get_if<StartHook>(&effect)) {
      runs_[hook->run] = instances_.at(hook->instance);
    } else if (const auto* cancel = std::get_if<CancelProbe>(&effect)) {
      runs_.erase(cancel->run);
    }
  }
}

// --- Deployments. ---

bool Supervisor::is_taken(const ObjectRef& replica_set) const { return by_replica_set_.contains(replica_set); }

void Supervisor::wake_deployments(Instant now) {
  while (!deployment_timers_.empty() && deployment_timers_.begin()->first <= now) {
    const ObjectRef name = deployment_timers_.begin()->second;
    unschedule(name);
    unsettled_.insert(name);
  }
}

void Supervisor::reconcile_deployments(Step& step) {
  if (shutting_down_) return;
  while (!unsettled_.empty()) {
    const auto found = deployments_.find(*unsettled_.begin());
    unsettled_.erase(unsettled_.begin());
    if (found == deployments_.end()) continue;
    found->second->reconcile(step, *this);
    saved_version_ += found->second->take_unsaved() ? 1 : 0;
    note_dependency(found->first);
    reschedule(*found->second);
  }
}

void Supervisor::reschedule(const Deployment& deployment) {
  const ObjectRef name = deployment.name();
  unschedule(name);
  const auto wanted = deployment.deadline();
  if (!wanted) return;
  deployment_timers_.insert({*wanted, name});
  deployment_timer_[name] = *wanted;
}

void Supervisor::unschedule(const ObjectRef& deployment) {
  const auto timer = deployment_timer_.extract(deployment);
  if (timer) deployment_timers_.erase({timer.mapped(), deployment});
}

}  // namespace reeve
