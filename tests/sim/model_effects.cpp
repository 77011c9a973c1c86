// The model's half that objects: whether each effect was allowed.
#include "model.hpp"

#include <reeve/core/environment.hpp>

#include <algorithm>

namespace reeve::sim {

PodModel& Model::pod_of(const PodIdentity& identity, const std::shared_ptr<const PodSpec>& spec) {
  const auto [found, is_new] = pods_.try_emplace(identity.id);
  PodModel& pod = found->second;
  if (!is_new) return pod;
  pod.id = identity.id;
  pod.name_space = identity.name_space;
  pod.name = identity.name;
  pod.spec = spec;
  pod.created = now_;
  pod.inits = pod.spec->init_containers.size();
  for (const auto* list : {&pod.spec->init_containers, &pod.spec->containers}) {
    for (const ContainerSpec& each : *list) {
      ContainerModel& container = pod.containers.emplace_back();
      container.spec = &each;
      const bool is_init = list == &pod.spec->init_containers;
      const bool is_sidecar = each.restart_policy == RestartPolicy::always;
      container.role = !is_init ? Role::regular : is_sidecar ? Role::sidecar : Role::init;
      if (each.startup_probe) container.probes.emplace_back(ProbeType::startup, &*each.startup_probe);
      if (each.readiness_probe) container.probes.emplace_back(ProbeType::readiness, &*each.readiness_probe);
      if (each.liveness_probe) container.probes.emplace_back(ProbeType::liveness, &*each.liveness_probe);
    }
  }
  return pod;
}

void Model::check(const StartSandbox& effect) {
  const auto known = pods_.find(effect.pod->id);
  const bool is_first = known == pods_.end() || known->second.waiting;
  PodModel& pod = pod_of(*effect.pod, effect.spec);
  pod.waiting = false;
  for (const std::string& each : pod.spec->depends_on) {
    must(!is_first || is_met(each, pod), pod.name, " was started before ", each, " was ready");
  }
  must(pod.box == PodModel::Box::absent, "a second sandbox of ", pod.name);
  must(!pod.stop_by && (shutdowns_ == 0 || is_depended_on(pod)), "a sandbox of a pod that leaves: ", pod.name);
  must(is_first || now_ >= pod.box_due, "a sandbox of ", pod.name, " was made during its back-off");
  must(is_first || pod.box_changed || is_first_step_at_or_after(pod.box_due), "a sandbox was made too late");
  pod.box = PodModel::Box::making;
  std::size_t open_ports = 0;
  for (const ContainerModel& each : pod.containers) {
    open_ports += std::size_t(std::ranges::count(each.spec->ports, 0, &ContainerPort::container_port));
  }
  must(effect.ports == (pod.ports.empty() ? open_ports : 0), "a wrong number of ports was asked for");
  must(effect.hosts.size() == pod.spec->links.size(), "the hosts of ", pod.name, " are not its links");
}

void Model::check(const StopSandbox& effect) {
  const auto found = pods_.find(effect.pod);
  must(found != pods_.end(), "a sandbox of nobody was stopped");
  PodModel& pod = found->second;
  pod.box_changed = true;
  if (pod.box == PodModel::Box::refused) {
    pod.box = PodModel::Box::absent;
    return;
  }
  must(pod.box == PodModel::Box::standing || pod.box == PodModel::Box::broken, "a sandbox was stopped twice");
  must(std::ranges::none_of(links_, [&](const auto& each) { return each.first.second == pod.id; }), "the sandbox of ",
       pod.name, " went before its links");
  must(!pod.anything_lives(), "the sandbox of ", pod.name, " was stopped under what runs in it");
  must(pod.stop_by || pod.box == PodModel::Box::broken, "a sandbox was stopped without a reason");
  pod.box = PodModel::Box::absent;
  if (pod.stop_by) return;
  pod.initialized = false;
  for (ContainerModel& each : pod.containers) {
    if (each.role != Role::regular) each.is_final = false;
    each.awaits = each.ended && !each.is_final;
  }
}

void Model::check(const OpenLink& effect) {
  const auto pod = pods_.find(effect.pod);
  must(pod != pods_.end() && has_own_network(*pod->second.spec), "a link of a pod without a network of its own");
  const bool is_there = pod->second.box == PodModel::Box::standing || pod->second.box == PodModel::Box::broken;
  must(is_there, "a link of ", pod->second.name, " opened without a sandbox");
  must(services_.contains(effect.service), "a link to a service that is not open");
  must(links_.emplace(std::pair(effect.service, effect.pod), effect.address).second, "a link was opened twice");
}

void Model::check(const CloseLink& effect) {
  must(links_.erase({effect.service, effect.pod}) == 1, "a link was closed that is not open");
}

void Model::check_environment(const StartContainer& effect, const PodModel& pod) const {
  const auto open_port = std::ranges::find(effect.container->ports, 0, &ContainerPort::container_port);
  const bool has_open_port = open_port != effect.container->ports.end();
  must((effect.environment != nullptr) == (has_open_port || !pod.spec->links.empty()), "an environment for nothing");
  const auto value = [&](const std::string& name) -> std::string {
    const auto found = std::ranges::find(effect.environment->given, name, &NameValue::name);
    return found == effect.environment->given.end() ? "" : found->value;
  };
  for (const std::string& each : pod.spec->links) {
    const std::string host = value(each == "s0"   ? "S0_SERVICE_HOST"
                                   : each == "s1" ? "S1_SERVICE_HOST"
                                                  : "S9_SERVICE_HOST");
    must(host.starts_with("127.77."), each, " has no address");
  }
  if (!has_open_port) return;
  const auto is_mine = [&](std::int32_t port) { return std::to_string(port) == value("PORT"); };
  must(std::ranges::any_of(pod.ports, is_mine), effect.container->name, " does not know its port");
}

void Model::check(const StartContainer& effect) {
  must(effect.instance > newest_instance_, "an instance number was used twice");
  newest_instance_ = effect.instance;
  must(pods_.contains(effect.pod->id), "a container was started in a pod without a sandbox");
  PodModel& pod = pods_.at(effect.pod->id);
  must(pod.box == PodModel::Box::standing, "a container of ", pod.name, " was started without a sandbox");
  check_environment(effect, pod);
  const auto at = std::ranges::find(pod.containers, effect.container, &ContainerModel::spec);
  must(at != pod.containers.end(), "a container was started that the pod has not");
  must(!pod.stop_by, "a container was started in a pod that leaves: ", pod.name);
  must(shutdowns_ == 0 || is_depended_on(pod), "a container was started after a shutdown");
  must(!at->live, "two instances of ", at->spec->name, " of ", pod.name);
  must(!at->is_final, at->spec->name, " was started though it ended for good");
  if (at->starts == 0) {
    const auto blocks = [&](const ContainerModel& each) {
      return !each.is_done() && !(each.role == Role::sidecar && pod.initialized);
    };
    const auto before = at->role == Role::regular ? pod.containers.begin() + std::ptrdiff_t(pod.inits) : at;
    must(std::none_of(pod.containers.begin(), before, blocks), "a container was started before those it waits for");
    const auto first = pod.containers.begin() + std::ptrdiff_t(at->role == Role::regular ? pod.inits : 0);
    must(std::none_of(first, at, [](const auto& each) { return each.holds_up_others(); }),
         "a container was started before a postStart hook ended");
  } else {
    count_restart(pod, *at);
  }
  at->starts += 1;
  at->live = effect.instance;
  instances_[effect.instance] = {&pod, std::size_t(at - pod.containers.begin())};
}

void Model::count_restart(const PodModel& pod, ContainerModel& container) {
  must(container.restart_at.has_value(), container.spec->name, " was restarted against its policy");
  must(now_ >= *container.restart_at, container.spec->name, " of ", pod.name, " was restarted during its back-off");
  const bool asked = std::exchange(container.restart_asked, false);
  must(asked || *container.ended == now_ || container.released || is_first_step_at_or_after(*container.restart_at),
       container.spec->name, " was restarted too late");
  container.restart_at.reset();
  if (!container.restart_seen) return;
  const RestartBackoff& policy = pod.spec->restart_backoff;
  auto& entry = container.entry;
  Duration delay = std::min(policy.initial, policy.max);
  if (entry && *container.restart_seen - entry->updated <= policy.reset) {
    delay = std::min(entry->delay * std::int64_t(policy.factor), policy.max);
  }
  entry = ContainerModel::Entry{delay, now_};
}

// Sidecars wait for the regular containers and for the sidecars behind them.
void Model::check_order_of_stop(const PodModel& pod, std::size_t index) const {
  if (pod.containers[index].role != Role::sidecar) return;
  for (std::size_t later = index + 1; later < pod.containers.size(); ++later) {
    must(!pod.containers[later].live, "a sidecar was stopped before those that need it");
  }
}

void Model::check(const SignalContainer& effect) {
  const auto found = instances_.find(effect.instance);
  must(found != instances_.end(), "a signal for an instance that does not live");
  PodModel& pod = *found->second.pod;
  ContainerModel& container = pod.containers[found->second.container];
  must(!container.signalled, "a second stop signal");
  const bool is_broken = pod.box == PodModel::Box::broken;
  must(container.hook == ContainerModel::Hook::none, "a stop signal in the middle of a hook");
  must(container.must_stop || container.stopping_by || pod.stop_by || is_broken,
       "a stop signal without a reason: ", container.spec->name);
  const bool was_asked = container.stopping_by && !container.by_pod;  // before its pod was, by a probe
  must(!pod.stop_by || was_asked || pod.drain == PodModel::Drain::over, "the stop signal came before the drain ended");
  const Instant by = container.stopping_by.value_or(stop_at(pod, container));
  const bool had_time = container.running && by - seconds(2) > now_;
  must(container.stopping_by || !container.has_pre_stop() || !had_time, container.spec->name, " got no preStop hook");
  if (!container.stopping_by) {
    container.by_probe = container.must_stop.has_value() && !container.by_human && !container.by_hook;
  }
  container.signalled = now_;
  container.kill_at = std::max(by, now_ + seconds(2));
  container.kill_changed = true;
  container.must_stop.reset();
  for (ProbeModel& each : container.probes) {
    if (each.type != ProbeType::readiness) each.armed = false;
  }
  if ((pod.stop_by || is_broken) && !container.by_human && !was_asked)
    check_order_of_stop(pod, found->second.container);
  // One that is restarted on request may be given up by its owner in the same step.
  if (!pod.terminating || container.by_human) return;
  for (const auto& [name, service] : supervisor_.services()) {
    if (service->object().spec.publish_not_ready_addresses) continue;
    for (const ServiceId id : service->ids()) {
      const auto& endpoints = services_[id].endpoints;
      const auto endpoint = endpoints.find(pod.id);
      must(endpoint == endpoints.end() || !endpoint->second.ready, "the stop signal came before the endpoint was out");
    }
  }
}

void Model::check(const KillContainer& effect) {
  const auto found = instances_.find(effect.instance);
  must(found != instances_.end(), "a kill for an instance that does not live");
  ContainerModel& container = found->second.pod->containers[found->second.container];
  must(!container.killed, "killed twice");
  container.killed = true;
  if (shutdowns_ > 1) {
    container.signalled = container.signalled.value_or(now_);
    for (ProbeModel& each : container.probes) each.armed = each.armed && each.type == ProbeType::readiness;
    return;
  }
  must(container.signalled.has_value(), "killed before the stop signal");
  must(now_ >= container.kill_at, "killed within the grace period");
  must(container.kill_changed || is_first_step_at_or_after(container.kill_at), "killed too late");
}

void Model::check(const ForgetInstance& effect) {
  const auto found = dead_.find(effect.instance);
  must(found != dead_.end(), "forgot an instance that lives or was forgotten");
  std::erase(found->second.pod->containers[found->second.container].dead, effect.instance);
  dead_.erase(found);
}

void Model::check(const StartProbe& effect) {
  const auto found = instances_.find(effect.instance);
  must(found != instances_.end(), "a probe of an instance that does not live");
  ContainerModel& container = found->second.pod->containers[found->second.container];
  ProbeModel* probe = container.probe(effect.type);
  must(probe != nullptr && probe->spec == effect.probe, "a probe that the container has not");
  must(!probe->run, "two runs of one probe");
  must(!runs_.contains(effect.run), "a probe run number was used twice");
  must(container.running, "a probe of a container that does not run");
  must(!container.signalled || effect.type == ProbeType::readiness, "a liveness probe of what is being stopped");
  must(probe->armed && !probe->on_hold, "a probe on hold ran");
  must(probe->due <= now_, "a probe ran before it was due");
  must(probe->due_changed || is_first_step_at_or_after(probe->due), "a probe ran too late");
  probe->run = effect.run;
  probe->aborted = false;
  if (probe->calls == 0) probe->begun = now_;
  probe->abort_at = now_ + probe->spec->timeout;
  probe->calls += 1;
  runs_[effect.run] = {found->second, effect.type};
}

void Model::check(const StartHook& effect) {
  using Hook = ContainerModel::Hook;
  const auto found = instances_.find(effect.instance);
  must(found != instances_.end(), "a hook of an instance that does not live");
  PodModel& pod = *found->second.pod;
  ContainerModel& container = pod.containers[found->second.container];
  must(container.running && !container.signalled, "a hook of what does not run, or was signalled");
  must(hooks_.emplace(effect.run, found->second).second, "a hook's number was used twice");
  if (container.has_post_start() && effect.handler == &*container.spec->lifecycle->post_start) {
    must(std::exchange(container.hook_is_due, false), "a postStart hook without a start");
    return;
  }
  const bool is_asked = container.must_stop || pod.stop_by || pod.box == PodModel::Box::broken;
  must(is_asked && container.hook == Hook::none && !container.stopping_by, "a preStop hook without a reason");
  must(!pod.stop_by || pod.drain == PodModel::Drain::over, "a preStop hook came before the drain ended");
  container.by_pod = pod.stop_by || pod.box == PodModel::Box::broken;
  container.by_probe = container.must_stop.has_value() && !container.by_human && !container.by_hook;
  container.stopping_by = stop_at(pod, container);
  container.hook = Hook::pre_stop;
  container.hook_until = *container.stopping_by - seconds(2);
  must(*container.hook_until > now_, "a preStop hook without any time");
  container.must_stop.reset();
  for (ProbeModel& each : container.probes) each.armed = each.armed && each.type == ProbeType::readiness;
}

void Model::check(const AbortProbe& effect) {
  const auto found = runs_.find(effect.run);
  must(found != runs_.end(), "aborted a probe that does not run");
  const RunPlace& at = found->second;
  ProbeModel& probe = *at.place.pod->containers[at.place.container].probe(at.type);
  must(!probe.aborted, "aborted twice");
  must(now_ >= probe.abort_at && is_first_step_at_or_after(probe.abort_at), "aborted at the wrong time");
  probe.aborted = true;
}

void Model::check(const CancelProbe& effect) {
  if (const auto hook = hooks_.extract(effect.run)) {
    PodModel& pod = *hook.mapped().pod;
    ContainerModel& container = pod.containers[hook.mapped().container];
    const bool is_late = container.hook_until && *container.hook_until <= now_;
    must(!container.live || container.must_stop || pod.stop_by || pod.box == PodModel::Box::broken || is_late ||
             shutdowns_ > 1,
         "a hook was ended without a reason");
    container.hook = ContainerModel::Hook::none;
    container.hook_until.reset();
    return;
  }
  const auto found = runs_.find(effect.run);
  must(found != runs_.end(), "cancelled a probe that does not run");
  const RunPlace at = found->second;
  ContainerModel& container = at.place.pod->containers[at.place.container];
  must(!container.live || at.type != ProbeType::readiness || container.killed, "cancelled the readiness of what lives");
  container.probe(at.type)->run.reset();
  runs_.erase(found);
}

void Model::check(const OpenService& effect) { services_.try_emplace(effect.service); }

void Model::check(const CloseService& effect) {
  must(std::ranges::none_of(links_, [&](const auto& each) { return each.first.first == effect.service; }),
       "a service was closed before its links");
  must(services_.erase(effect.service) == 1, "closed a service that is not open");
}

void Model::check(const SetEndpoint& effect) {
  const auto found = services_.find(effect.service);
  must(found != services_.end(), "an endpoint of a service that is not open");
  const auto [at, is_new] = found->second.endpoints.try_emplace(effect.pod, effect);
  must(is_new || !(at->second == effect), "an endpoint was told twice");
  must(!is_new || effect.ready || effect.serving, "an endpoint that was not ready before it was listed");
  at->second = effect;
  published_[effect.pod].insert(effect.service);
}

void Model::check(const DrainEndpoint& effect) {
  const auto found = pods_.find(effect.pod);
  must(found != pods_.end(), "a drain of what is not there");
  PodModel& pod = found->second;
  const bool is_new = pod.drain_begun && published_[pod.id].contains(effect.service);  // came in this step
  must(pod.undrained.erase(effect.service) == 1 || is_new, "a drain of ", pod.name, " for nothing");
  pod.drain = PodModel::Drain::draining;
  pod.draining.insert(effect.service);
  const auto service = services_.find(effect.service);
  if (service == services_.end()) return;  // closed, but what was connected lives on
  const auto endpoint = service->second.endpoints.find(effect.pod);
  must(endpoint == service->second.endpoints.end() || endpoint->second.terminating,
       "a drain of an endpoint that stays");
}

void Model::check(const CutEndpoint& effect) {
  const auto found = pods_.find(effect.pod);
  must(found != pods_.end() && found->second.draining.contains(effect.service), "a cut of what is not drained");
  PodModel& pod = found->second;
  if (pod.drain == PodModel::Drain::draining) {
    must(now_ >= pod.drain_until, "cut before its time");
    must(pod.drain_changed || is_first_step_at_or_after(pod.drain_until), "cut too late");
    pod.drain = PodModel::Drain::cutting;
    pod.drain_until = now_ + seconds(1);
    pod.undrained = pod.draining;
  }
  must(pod.undrained.erase(effect.service) == 1, "cut twice");
}

void Model::check(const RemoveEndpoint& effect) {
  const auto found = services_.find(effect.service);
  must(found != services_.end() && found->second.endpoints.erase(effect.pod) == 1, "removed an endpoint that is not");
}

void Model::check(const ReportEvent& effect) {
  must(effect.event.last == now_ && effect.event.first <= now_, "an event with a wrong time");
  must(effect.event.count >= 1 && !effect.event.message.empty(), "an event without a message");
}

void Model::check(const Exit&) {
  must(!exited_, "exited twice");
  must(shutdowns_ > 0, "exited without being asked");
  exited_ = true;
}

}  // namespace reeve::sim
