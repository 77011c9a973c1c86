// What must hold after every step.
#include "model.hpp"

#include <algorithm>
#include <set>

namespace reeve::sim {

void Model::after(Instant now, const Effects& effects) {
  for (auto& [id, pod] : pods_) pod.seen = nullptr;
  const std::vector<const Pod*> real = supervisor_.pods();
  for (const Pod* pod : real) {
    if (const auto found = pods_.find(pod->id()); found != pods_.end()) found->second.seen = pod;
  }
  for (const Pod* pod : real) find_waiting(*pod);
  // What ended, or has its turn, is started, and may then go with its pod, whose owner sees only now that it is not
  // available.
  const auto tail = std::find_if(effects.rbegin(), effects.rend(), [&](const Effect& each) { return is_start(each); });
  const auto check_all = [this](auto first, auto last) {
    for (; first != last; ++first) std::visit([this](const auto& each) { check(each); }, *first);
  };
  check_all(effects.begin(), tail.base());
  for (auto& [id, pod] : pods_) observe(pod);
  check_all(tail.base(), effects.end());
  must(pods_.size() >= real.size(), "a pod that never started anything");
  for (const Pod* pod : real) pods_.at(pod->id()).seen = pod;
  for (auto& [id, pod] : pods_) check_pod(pod);
  for (auto pod = pods_.begin(); pod != pods_.end();) {
    const auto next = std::next(pod);
    if (pod->second.seen == nullptr) bury(pod->second);
    pod = next;
  }
  check_deployments();
  check_links();
  check_addresses();
  const auto deadline = supervisor_.deadline();
  must(!deadline || *deadline > now, "the deadline is not ahead");
  must(!exited_ || (real.empty() && pods_.empty()), "exited before all was gone");
  must(exited_ || shutdowns_ == 0 || !real.empty(), "all is gone and it does not exit");
  must(supervisor_.events().events().size() <= 16384, "too many events");
  last_ = now;
  any_step_ = true;
}

// A container is started in the step in which its turn came, or it ended, or a human asked for that.
bool Model::is_start(const Effect& effect) const {
  const auto* start = std::get_if<StartContainer>(&effect);
  const auto pod = start == nullptr ? pods_.end() : pods_.find(start->pod->id);
  if (pod == pods_.end()) return false;
  const auto at = std::ranges::find(pod->second.containers, start->container, &ContainerModel::spec);
  if (at == pod->second.containers.end()) return false;
  return at->starts == 0 || (at->restart_at == now_ && (at->ended == now_ || at->restart_asked));
}

// Reads off the real pod what the model cannot know: that its owner lets it go.
void Model::observe(PodModel& pod) {
  const bool leaves = pod.seen == nullptr || pod.seen->is_terminating();
  const Duration own = pod.spec->termination_grace_period;
  if (leaves && !pod.terminating) {
    must(shutdowns_ != 1 || !is_depended_on(pod), pod.name, " leaves before those that depend on it");
    pod.terminating = true;
    leave(pod, now_ + (own < Duration{0} ? seconds(1) : own));
    if (own == Duration{0}) end_drain(pod);
  }
  if (!pod.stop_by && (pod.all_regular_final() || pod.init_failed())) leave(pod, now_ + own, false);
  shorten(pod);
  release(pod);
}

// One that was not started yet.
void Model::find_waiting(const Pod& pod) {
  if (pods_.contains(pod.id()) || pod.spec()->depends_on.empty()) return;
  PodModel& model = pod_of(pod.identity(), pod.spec());
  model.waiting = true;
  model.seen = &pod;
}

bool Model::is_met(const std::string& dependency, const PodModel& pod) const {
  if (const Pod* found = supervisor_.find_pod(pod.name_space, dependency)) {
    return (found->is_ready() && !found->is_withdrawn()) || found->phase() == Phase::succeeded;
  }
  const auto found = supervisor_.deployments().find({Kind::deployment, pod.name_space, dependency});
  if (found == supervisor_.deployments().end()) return false;
  const auto replicas = found->second->object().spec.replicas;
  const rollout::Limits limits = rollout::limits_of(found->second->object().spec);
  const std::int64_t available = found->second->counts().available;
  return replicas == 0 ? found->second->counts().replicas == 0 : available >= 1 && available >= limits.available_min();
}

// By anything that is there, whether it waits, runs or leaves.
bool Model::is_depended_on(const PodModel& pod) const {
  std::string name = pod.name;
  if (pod.seen != nullptr && pod.seen->owner()) name = pod.seen->owner()->name.substr(0, 2);  // of its deployment
  return std::ranges::any_of(supervisor_.pods(), [&](const Pod* each) {
    const auto& list = each->spec()->depends_on;
    return each->identity().name_space == pod.name_space && std::ranges::find(list, name) != list.end();
  });
}

void Model::bury(PodModel& pod) {
  must(pod.terminating, pod.name, " vanished");
  must(!pod.anything_lives(), pod.name, " is gone while something of it lives");
  must(pod.box == PodModel::Box::absent, pod.name, " is gone and its sandbox is not");
  for (const ContainerModel& each : pod.containers) must(each.dead.empty(), "a run of a pod that is gone is kept");
  for (const auto& [id, service] : services_) {
    must(!service.endpoints.contains(pod.id), "an endpoint of a pod that is gone");
  }
  published_.erase(pod.id);
  pods_.erase(pod.id);
}

void Model::check_box(const PodModel& pod) const {
  using Box = PodModel::Box;
  const bool is_there = pod.box == Box::standing || pod.box == Box::broken;
  must(!is_there || !pod.stop_by || pod.anything_lives(), "the sandbox of ", pod.name, " was not stopped");
  must(pod.box != Box::broken || pod.anything_lives(), "the sandbox of ", pod.name, " was not replaced");
  must(pod.box != Box::absent || pod.stop_by || pod.waiting || pod.box_due > now_, "the sandbox of ", pod.name,
       " was not made");
}

// Exactly those of pods with a network of their own, while that stands, to services that exist.
void Model::check_links() const {
  std::map<std::pair<ServiceId, PodId>, std::string> wanted;
  for (const auto& [id, pod] : pods_) {
    const bool is_there = pod.box == PodModel::Box::standing || pod.box == PodModel::Box::broken;
    if (!is_there || !has_own_network(*pod.spec)) continue;
    for (const std::string& name : pod.spec->links) {
      const auto found = supervisor_.services().find({Kind::service, pod.name_space, name});
      if (found == supervisor_.services().end()) continue;
      const Service& service = *found->second;
      for (std::size_t i = 0; i < service.ids().size(); ++i) wanted[{service.ids()[i], id}] = service.addresses(i)[0];
    }
  }
  must(links_ == wanted, "the open links are not those that should be");
}

void Model::check_addresses() const {
  std::set<std::string> addresses;
  std::set<std::int32_t> ports;
  for (const auto& [id, pod] : pods_) {
    for (const std::int32_t each : pod.ports) must(ports.insert(each).second, "two pods have the same port");
    if (pod.seen == nullptr) continue;
    must(pod.seen->assigned_ports() == pod.ports, pod.name, " has other ports than it was given");
    const std::string& address = pod.seen->pod_ip();
    const bool is_own = has_own_network(*pod.spec);
    must(is_own ? address.starts_with("127.78.") : address == "127.0.0.1", pod.name, " has a wrong address");
    must(!is_own || addresses.insert(address).second, "two pods have the same address");
  }
}

void Model::check_fixed(const Service& service) const {
  const auto& endpoints = services_.at(service.ids()[0]).endpoints;
  must(endpoints.size() == service.object().spec.endpoints.size(), "not all fixed endpoints are there");
  for (const auto& [id, each] : endpoints) {
    const auto& written = service.object().spec.endpoints;
    must(
        each.ready && each.serving && !each.in_pod_network && std::ranges::find(written, each.address) != written.end(),
        "a fixed endpoint is not as written");
  }
}

Phase Model::phase_of(const PodModel& pod) const {
  const auto regular = pod.containers.begin() + std::ptrdiff_t(pod.inits);
  const bool waits = !pod.initialized || std::any_of(regular, pod.containers.end(),
                                                     [](const auto& each) { return !each.ended && !each.running; });
  if (pod.stop_by && !pod.anything_lives()) {
    if (pod.box == PodModel::Box::making && waits && !pod.overdue && !pod.init_failed()) {
      return Phase::pending;
    }
    const bool good =
        std::all_of(regular, pod.containers.end(), [](const auto& each) { return each.ended && each.code == 0; });
    return good && !pod.overdue ? Phase::succeeded : Phase::failed;
  }
  return waits ? Phase::pending : Phase::running;
}

void Model::check_pod(PodModel& pod) {
  check_drain(pod);
  for (std::size_t i = 0; i < pod.containers.size(); ++i) check_container(pod, i);
  const auto inits_end = pod.containers.begin() + std::ptrdiff_t(pod.inits);
  const bool all_done = std::all_of(pod.containers.begin(), inits_end, [](const auto& each) { return each.is_done(); });
  pod.initialized = pod.initialized || all_done;
  check_box(pod);
  pod.box_changed = false;
  for (ContainerModel& each : pod.containers) {
    each.kill_changed = each.released = false;
    for (ProbeModel& probe : each.probes) probe.due_changed = false;
  }
  if (pod.seen == nullptr) return;
  const auto is_open = [&](const std::string& each) { return !is_met(each, pod); };
  must(!pod.waiting || pod.stop_by || std::ranges::any_of(pod.spec->depends_on, is_open), pod.name,
       " waits for nothing");
  must(!pod.terminating || pod.anything_lives() || pod.box == PodModel::Box::making, pod.name, " should be gone");
  const bool ready =
      std::ranges::all_of(pod.containers, [](const auto& each) { return each.role == Role::init || each.is_ready(); });
  must(pod.seen->is_ready() == ready, pod.name, ready ? " is not ready and should be" : " is ready and should not be");
  const Phase phase = phase_of(pod);
  must(pod.seen->phase() == phase, pod.name, " is ", std::string(phase_name(pod.seen->phase())), " and should be ",
       std::string(phase_name(phase)));
  check_endpoints(pod);
}

// What the services were told; and a restart is over once nothing of before lives.
void Model::check_drain(PodModel& pod) {
  using Drain = PodModel::Drain;
  const bool goes_on = pod.anything_lives() && (pod.drain == Drain::draining || pod.drain == Drain::cutting);
  must(!goes_on || pod.undrained.empty(), "a service of ", pod.name, " was not told to drain it");
  must(!goes_on || pod.drain_until > now_, "the drain of ", pod.name, " goes on after its time");
  must(!goes_on || pod.is_withdrawn(), "a drain of ", pod.name, " for nothing");
  pod.drain_changed = pod.drain_begun = false;
  pod.undrained.clear();
  if (pod.stop_by) {
    for (ContainerModel& each : pod.containers) {
      for (ProbeModel& probe : each.probes) {
        must(!probe.run || probe.type == ProbeType::readiness, "liveness goes on in a pod that leaves");
        probe.armed = probe.armed && probe.type == ProbeType::readiness;
      }
    }
  }
  const auto is_of_before = [&](const ContainerModel& each) {
    return each.role != Role::init && each.live && each.live <= pod.restarts_up_to;
  };
  if (!pod.restarts || pod.drain != Drain::over || std::ranges::any_of(pod.containers, is_of_before)) return;
  pod.restarts = false;
  pod.drain = Drain::none;
}

void Model::check_container(const PodModel& pod, std::size_t index) {
  const ContainerModel& model = pod.containers[index];
  const std::string& name = model.spec->name;
  must(model.dead.size() <= 2, "too many dead runs are kept");
  must(!model.must_stop, name, " failed a probe and was not stopped");
  must(model.live || pod.stop_by || model.is_final || !model.ended || model.restart_at || model.awaits, name,
       " is lost");
  must(!model.restart_at || *model.restart_at > now_, name, " was not restarted");
  must(!model.live || !model.signalled || model.killed || model.kill_at > now_, name, " was not killed");
  must(!model.hook_is_due, "the postStart hook of ", name, " was not run");
  must(!model.hook_until || *model.hook_until > now_, "the preStop hook of ", name, " goes on after its time");
  for (const ProbeModel& probe : model.probes) {
    must(!probe.run || model.live, "a probe outlives its container");
    must(!probe.run || probe.aborted || probe.abort_at > now_, "a probe was not aborted");
    must(!probe.run || !model.signalled || probe.type == ProbeType::readiness, "liveness goes on while being stopped");
    must(!model.live || !probe.armed || probe.run || probe.due > now_, "a probe of ", name, " is due and does not run");
  }
  const bool is_to_stop = pod.stop_by ? pod.drain == PodModel::Drain::over : pod.box == PodModel::Box::broken;
  const bool is_in_hook = model.hook == ContainerModel::Hook::pre_stop;
  must(!model.live || !model.stopping_by || model.signalled || is_in_hook || is_to_stop || model.killed, name,
       " got no stop signal after its hook");
  if (is_to_stop && model.live && !model.signalled && !is_in_hook && !model.killed) {
    const auto lives = [](const ContainerModel& each) { return bool(each.live); };
    const auto next = pod.containers.begin() + std::ptrdiff_t(index) + 1;
    const bool waits = model.role == Role::sidecar && std::any_of(next, pod.containers.end(), lives);
    must(waits, name, " of ", pod.name, " got no stop signal");
  }
  if (pod.seen == nullptr) return;
  const Container& real =
      index < pod.inits ? pod.seen->init_containers()[index] : pod.seen->containers()[index - pod.inits];
  must(real.live_instance().value_or(InstanceId{}) == model.live, name, " lives another life");
  must(real.is_started() == model.started, name, " is started or is not");
  must(real.is_running() == (model.live && model.running), name, " runs or does not");
  must(real.is_ready() == model.is_ready(), name, " of ", pod.name, " is ready or is not");
  must(real.is_backing_off() == model.restart_at.has_value(), name, " backs off or does not");
  must(model.starts > 0 || pod.stop_by || index > 0 || pod.box != PodModel::Box::standing,
       "the first container was not started");
}

void Model::check_endpoints(const PodModel& pod) {
  const bool is_ready = pod.seen->is_ready();
  for (const auto& [ref, service] : supervisor_.services()) {
    const ServiceSpec& spec = service->object().spec;
    if (!spec.endpoints.empty()) {
      check_fixed(*service);
      continue;
    }
    const auto label = pod.seen->metadata().labels.find("app");
    const bool selected = ref.name_space == pod.name_space && label != pod.seen->metadata().labels.end() &&
                          spec.selector.at("app") == label->second;
    const bool ready = (spec.publish_not_ready_addresses || is_ready) && !pod.is_withdrawn();
    for (std::size_t i = 0; i < spec.ports.size(); ++i) {
      const auto number = pod.seen->resolve(*spec.ports[i].target_port);
      const bool has_port = number.has_value();
      must(has_port || spec.ports[i].name == "lost" || spec.ports[i].name == "admin", "a port was not found");
      const auto& endpoints = services_.at(service->ids()[i]).endpoints;
      const auto published = endpoints.find(pod.id);
      const bool stays = spec.on_unready != OnUnready::keep && published != endpoints.end();
      const bool wanted =
          selected && has_port && !is_final(pod.seen->phase()) && !pod.is_drained() && (ready || is_ready || stays);
      must((published != endpoints.end()) == wanted, pod.name, wanted ? " is no endpoint of " : " is an endpoint of ",
           ref.name);
      if (!wanted) continue;
      must(published->second.ready == ready && published->second.serving == is_ready &&
               published->second.terminating == pod.is_withdrawn(),
           "the endpoint of ", pod.name, " shows a wrong state");
      must(published->second.address == "127.0.0.1:" + std::to_string(*number) &&
               published->second.in_pod_network == has_own_network(*pod.spec),
           "the endpoint of ", pod.name, " is elsewhere");
    }
  }
}

}  // namespace reeve::sim
