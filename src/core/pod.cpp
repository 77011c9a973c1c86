#include "core/pod_ports.hpp"

#include <reeve/core/pod.hpp>

#include <algorithm>

namespace reeve {
namespace {

template <class Containers>
bool any_of(const Containers& containers, bool (Container::*is)() const noexcept) {
  return std::ranges::any_of(containers, [is](const Container& each) { return (each.*is)(); });
}

// An init container that holds up the next one no longer.
bool is_done(const Container& container) {
  return container.role() == Role::sidecar ? container.is_started() : container.succeeded();
}

}  // namespace

Pod::Pod(PodId id, std::string uid, ObjectMeta metadata, std::shared_ptr<const PodSpec> spec,
         std::optional<ObjectRef> owner, std::string pod_ip, Instant created)
    : identity_(std::make_shared<PodIdentity>(PodIdentity{id, metadata.name_space, metadata.name, std::move(uid)})),
      metadata_(std::move(metadata)),
      spec_(std::move(spec)),
      owner_(std::move(owner)),
      created_(created),
      pod_ip_(std::move(pod_ip)),
      sandbox_(spec_->restart_backoff) {
  init_.reserve(spec_->init_containers.size());
  regular_.reserve(spec_->containers.size());
  for (const ContainerSpec& each : spec_->init_containers) {
    const bool is_sidecar = each.restart_policy == RestartPolicy::always;
    init_.emplace_back(each, is_sidecar ? Role::sidecar : Role::init, *spec_);
  }
  for (const ContainerSpec& each : spec_->containers) regular_.emplace_back(each, Role::regular, *spec_);
  transitions_.fill(created);
  set(ConditionType::scheduled, true, created);
}

// Every handler tells all containers, of which at most one knows the identity, and then settles what follows.
template <class Handler>
void Pod::with(Step& step, Handler&& handler) {
  PodStep mine = of(step);
  if (is_overdue(step.now)) exceed_deadline(mine);  // first, or a late tick would still start something
  for_each([&](Container& each) { handler(mine, each); });
  settle(mine);
}

void Pod::begin(Step& step) {
  PodStep mine = of(step);
  for (const std::string& each : spec_->links) {
    if (step.around.linked({Kind::service, identity_->name_space, each}).service != nullptr) continue;
    report(step, EventType::warning, "LinkUnresolved",
           "There is no service \"" + each +
               "\" to link to: its address is known to the pod, and nothing answers there until there is one");
  }
  settle(mine);
  if (!may_start_) tell_dependencies(step);
}

void Pod::tell_dependencies(Step& step) const {
  std::string list;
  for (const Surroundings::Unmet& each : step.around.unmet_by(*this)) {
    list += (list.empty() ? "" : ", ") + each.name;
    if (each.exists) continue;
    report(step, EventType::warning, "DependencyMissing",
           "There is no " + each.name + " to depend on: the pod starts once there is one that is ready");
  }
  report(step, EventType::normal, reason::waiting_for_dependencies, "Waits for " + list);
}

void Pod::dependency_changed(Step& step) {
  PodStep mine = of(step);
  if (is_overdue(step.now)) exceed_deadline(mine);
  settle(mine);
}

// Once it has started, nobody's trouble stops it.
void Pod::look_around(const Step& step) {
  if (may_start_) return;
  waits_for_.clear();
  for (Surroundings::Unmet& each : step.around.unmet_by(*this)) waits_for_.push_back(std::move(each.name));
  may_start_ = waits_for_.empty();
}

template <class Handler>
bool Pod::with_sandbox(Step& step, Handler&& handler) {
  PodStep mine = of(step);
  if (is_overdue(step.now)) exceed_deadline(mine);
  const bool is_news = handler();
  settle(mine);
  return is_news;
}

bool Pod::sandbox_started(Step& step, const std::vector<std::int32_t>& ports) {
  return with_sandbox(step, [&] {
    if (!sandbox_.made()) return false;
    if (ports_.empty()) ports_ = ports;
    return true;
  });
}

bool Pod::sandbox_failed(Step& step, const std::string& message) {
  return with_sandbox(step, [&] { return retry_sandbox(step, message); });
}

bool Pod::sandbox_refused(Step& step, const std::string& why) {
  return with_sandbox(step, [&] {
    if (!retry_sandbox(step, why)) return false;
    step.want(StopSandbox{identity_->id});
    return true;
  });
}

bool Pod::retry_sandbox(Step& step, const std::string& message) {
  if (!sandbox_.failed(step.now)) return false;
  report(step, EventType::warning, "FailedCreatePodSandBox", "Failed to create pod sandbox: " + message);
  return true;
}

// Where nothing may be started again, there is no use for another one.
bool Pod::sandbox_ended(Step& step) {
  return with_sandbox(step, [&] {
    const Instant kill_at = later(step.now, spec_->termination_grace_period);
    if (leaving_ || !sandbox_.broke(step.now, kill_at)) return false;
    restart_.reset();
    report(step, EventType::normal, "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
    abandoned_ = spec_->restart_policy == RestartPolicy::never;
    if (abandoned_) begin_leaving(step, kill_at, Drain::no);
    for_each([](Container& each) { each.suspend(); });
    return true;
  });
}

void Pod::started(Step& step, InstanceId instance, int pid) {
  with(step, [&](PodStep& mine, Container& each) { each.started(mine, instance, pid); });
}

void Pod::start_failed(Step& step, InstanceId instance, const std::string& message) {
  with(step, [&](PodStep& mine, Container& each) { each.start_failed(mine, instance, message); });
}

void Pod::exited(Step& step, InstanceId instance, ExitStatus status, std::optional<Usage> usage) {
  with(step, [&](PodStep& mine, Container& each) { each.exited(mine, instance, status, usage); });
}

// What does not serve starts anew at once; the rest once its connections are drained.
void Pod::restart_now(Step& step) {
  if (leaving_ || sandbox_.is_broken() || is_final(phase_)) return;
  PodStep mine = of(step);
  if (is_overdue(step.now)) {
    exceed_deadline(mine);
  } else if (!restart_) {
    begin_restart(mine);
  }
  settle(mine);
}

void Pod::probe_finished(Step& step, ProbeRunId run, const ProbeOutcome& outcome) {
  with(step, [&](PodStep& mine, Container& each) { each.probe_finished(mine, run, outcome); });
}

void Pod::notified(Step& step, InstanceId instance, const NotifyMessage& message) {
  with(step, [&](PodStep& mine, Container& each) { each.notified(mine, instance, message); });
}

void Pod::notify_refused(Step& step, InstanceId instance, const std::string& why) {
  with(step, [&](PodStep& mine, Container& each) { each.notify_refused(mine, instance, why); });
}

void Pod::end_delay(Step& step) {
  with(step, [](PodStep& mine, Container& each) { each.end_delay(mine); });
}

bool Pod::is_restarting() const noexcept {
  return !leaving_ &&
         (restart_ || any_of(init_, &Container::is_being_stopped) || any_of(regular_, &Container::is_being_stopped));
}

bool Pod::waits_for_kill() const noexcept {
  return any_of(init_, &Container::waits_for_kill) || any_of(regular_, &Container::waits_for_kill);
}

void Pod::connection_refused(Step& step) {
  with(step, [](PodStep& mine, Container& each) { each.connection_refused(mine); });
}

void Pod::tick(Step& step) {
  with(step, [](PodStep& mine, Container& each) { each.tick(mine); });
}

void Pod::relabel(Labels labels, Labels annotations) {
  metadata_.labels = std::move(labels);
  metadata_.annotations = std::move(annotations);
  relabelled_ += 1;
}

void Pod::remove(Step& step, std::optional<Duration> grace) {
  Duration given = grace.value_or(spec_->termination_grace_period);
  if (given < Duration{0}) given = seconds(1);
  if (is_final(phase_)) given = Duration{0};
  const Instant gone_by = later(step.now, given);
  if (!removal_ || gone_by < removal_->gone_by) removal_ = Removal{gone_by, given};
  begin_leaving(step, gone_by, Drain::yes);
  if (given == Duration{0}) leaving_->release();
  PodStep mine = of(step);
  settle(mine);
}

void Pod::hasten(Step& step) {
  if (!leaving_) return;
  leaving_->set_kill_at(step.now, step.now);
  leaving_->release();
  with(step, [](PodStep& mine, Container& each) { each.kill(mine); });
}

bool Pod::is_gone() const noexcept { return is_terminating() && !any_live() && sandbox_.is_absent(); }

std::optional<Instant> Pod::gone_by() const noexcept {
  if (!removal_) return std::nullopt;
  return removal_->gone_by;
}

std::optional<Duration> Pod::removal_grace() const noexcept {
  if (!removal_) return std::nullopt;
  return removal_->grace;
}

void Pod::settle(PodStep& step) {
  // Sidecars do not keep a pod alive.
  if (!leaving_ && (all_regular_ended() || init_failed())) {
    begin_leaving(step, later(step.now, spec_->termination_grace_period), Drain::no);
  }
  if (leaving_) {
    go_on_leaving(step);
  } else {
    if (restart_) go_on_restarting(step);
    if (sandbox_.is_broken()) replace_sandbox(step);
    look_around(step);
    if (may_start_ && sandbox_.is_due(step.now)) make_sandbox(step);
    if (sandbox_.stands()) start_containers(step);
  }
  refresh(step.now);
}

void Pod::make_sandbox(PodStep& step) {
  sandbox_.begin();
  // Those of an earlier sandbox are kept.
  step.want(StartSandbox{identity_, spec_, pod_ip_, host_entries(step), ports_.empty() ? count_open_ports(*spec_) : 0});
}

// As a cluster's DNS would know them.
std::vector<HostEntry> Pod::host_entries(const Step& step) const {
  std::vector<HostEntry> entries;
  for (const std::string& each : spec_->links) {
    const std::string full = each + '.' + identity_->name_space;
    entries.push_back({step.around.linked({Kind::service, identity_->name_space, each}).address,
                       {each, full, full + ".svc", full + ".svc.cluster.local"}});
  }
  return entries;
}

void Pod::stop_sandbox(PodStep& step) {
  sandbox_.stopped();
  step.want(StopSandbox{identity_->id});
}

// All that runs in the broken one is stopped first, as for a pod that leaves.
void Pod::replace_sandbox(PodStep& step) {
  stop_in_order(step, sandbox_.kill_at());
  if (any_live()) return;
  stop_sandbox(step);
  initialized_ = false;
  for_each([](Container& each) { each.renew(); });
}

void Pod::start_containers(PodStep& step) {
  if (!run_init(step)) return;
  for (Container& each : regular_) {
    each.start(step);
    if (each.holds_up_others()) return;
  }
}

// Starts the next init container; true once all have done their part.
bool Pod::run_init(PodStep& step) {
  for (Container& each : init_) {
    if (each.never_ran()) each.start(step);
    if (!is_done(each) && !(each.role() == Role::sidecar && initialized_)) return false;
  }
  return true;
}

bool Pod::is_overdue(Instant now) const noexcept {
  return spec_->active_deadline && !leaving_ && !is_final(phase_) && later(created_, *spec_->active_deadline) <= now;
}

void Pod::exceed_deadline(PodStep& step) {
  deadline_exceeded_ = true;
  report(step, EventType::normal, "DeadlineExceeded", "Pod was active on the node longer than the specified deadline");
  begin_leaving(step, later(step.now, spec_->termination_grace_period), Drain::yes);
  for_each([&](Container& each) { each.leave(step); });
}

void Pod::report(Step& step, EventType type, std::string_view reason, std::string message) const {
  step.report({.object = {Kind::pod, identity_->name_space, identity_->name},
               .field_path = {},
               .type = type,
               .reason = reason,
               .message = std::move(message),
               .source = source::kubelet});
}

// The regular containers together, then the sidecars from last to first, each after the one behind it ended.
void Pod::stop_in_order(PodStep& step, Instant kill_at) {
  for (Container& each : regular_) each.stop(step, kill_at);
  for (Container& each : init_) {
    each.role() == Role::init ? each.stop(step, kill_at) : each.begin_pre_stop(step, kill_at);
  }
  if (any_of(regular_, &Container::is_live)) return;
  for (auto each = init_.rbegin(); each != init_.rend(); ++each) {
    each->stop(step, kill_at);
    if (each->is_live()) return;
  }
}

bool Pod::all_regular_ended() const noexcept {
  return std::ranges::all_of(regular_, [](const Container& each) { return each.has_ended(); });
}

bool Pod::init_failed() const noexcept {
  return std::ranges::any_of(init_, [](const Container& each) { return each.role() == Role::init && each.failed(); });
}

bool Pod::any_live() const noexcept {
  return any_of(init_, &Container::is_live) || any_of(regular_, &Container::is_live);
}

std::optional<Instant> Pod::deadline() const noexcept {
  std::optional<Instant> earliest;
  const auto consider = [&](std::optional<Instant> at) {
    if (at && (!earliest || *at < *earliest)) earliest = at;
  };
  for (const Container& each : init_) consider(each.deadline());
  for (const Container& each : regular_) consider(each.deadline());
  if (const Leaving* going = walk()) consider(going->deadline());
  if (!leaving_ && may_start_) consider(sandbox_.deadline());
  if (spec_->active_deadline && !leaving_ && !is_final(phase_)) consider(later(created_, *spec_->active_deadline));
  return earliest;
}

}  // namespace reeve
