// How a pod leaves, and how it is started anew on request: the walk, and what its containers do of it.
#include <reeve/core/pod.hpp>

#include <algorithm>

namespace reeve {

// An earlier end wins, and what was drained for a restart stays so.
void Pod::begin_leaving(Step& step, Instant kill_at, Drain drain_first) {
  if (leaving_) return leaving_->set_kill_at(step.now, std::min(leaving_->kill_at(), kill_at));
  if (restart_) {
    leaving_ = std::make_unique<Leaving>(std::move(restart_->walk));
    leaving_->set_kill_at(step.now, kill_at);
    if (drain_first == Drain::no) leaving_->release();
    restart_.reset();
    return;
  }
  leaving_ = std::make_unique<Leaving>(kill_at);
  if (drain_first == Drain::yes && any_live() && step.now < kill_at) drain(step, *leaving_);
}

void Pod::begin_restart(PodStep& step) {
  const Instant kill_at = later(step.now, std::max(spec_->termination_grace_period, shortest_grace));
  restart_ = std::make_unique<Restart>(Restart{Leaving(kill_at), InstanceId{step.ids}});
  if (any_live()) drain(step, restart_->walk);
  for_each([&](Container& each) {
    if (!each.is_running() || each.is_being_stopped()) each.restart_now(step, kill_at, restart_->newest);
  });
}

void Pod::drain(Step& step, Leaving& walk) {
  const std::vector<ServiceId> services = step.around.published_by(id());
  walk.drain(step, id(), services, spec_->drain);
  if (walk.is_released()) return;
  const std::string count = std::to_string(services.size()) + (services.size() == 1 ? " service" : " services");
  report(step, EventType::normal, "Draining",
         "Out of " + count + "; open connections get up to " + go_duration(*walk.deadline() - step.now));
}

bool Pod::endpoint_drained(Step& step, ServiceId service) {
  Leaving* const going = walk();
  if (going == nullptr || !going->drained(service)) return false;
  PodStep mine = of(step);
  if (is_overdue(step.now)) exceed_deadline(mine);
  settle(mine);
  return true;
}

void Pod::tick(PodStep& step, Leaving& walk) const {
  for (;;) {
    switch (walk.tick(step, id())) {
      case Leaving::TimeUp::none:
        return;
      case Leaving::TimeUp::drain:
        report(step, EventType::normal, "DrainTimedOut", "The time for open connections is over: they are ended");
        break;
      case Leaving::TimeUp::cut:
        report(step, EventType::warning, "DrainStuck",
               "The end of all connections was not confirmed: the programs are stopped all the same");
        break;
    }
  }
}

// How far the containers have come; one that a probe stops in mid-drain is not what is meant.
void Pod::follow(Instant now, Leaving& walk) const {
  if (!walk.is_released()) return;
  const auto any = [this](bool (Container::*is)() const noexcept) {
    const auto holds = [is](const Container& each) { return (each.*is)(); };
    return std::ranges::any_of(init_, holds) || std::ranges::any_of(regular_, holds);
  };
  if (any(&Container::is_in_pre_stop)) walk.reach(LeavingStep::pre_stop, now);
  if (any(&Container::is_signalled)) walk.reach(LeavingStep::stop, now);
  if (any(&Container::is_killed)) walk.reach(LeavingStep::kill, now);
}

void Pod::go_on_leaving(PodStep& step) {
  for_each([&](Container& each) { each.leave(step); });
  if (!any_live()) leaving_->release();  // nobody is left to serve
  tick(step, *leaving_);
  if (leaving_->is_released()) stop_in_order(step, leaving_->kill_at());
  follow(step.now, *leaving_);
  if (any_live()) return;
  leaving_->reach(LeavingStep::gone, step.now);
  if (sandbox_.is_to_be_stopped()) stop_sandbox(step);
}

// It is withdrawn until all that was asked for has been started anew.
void Pod::go_on_restarting(PodStep& step) {
  Leaving& going = restart_->walk;
  tick(step, going);
  if (!going.is_released()) return;
  if (!std::exchange(restart_->is_asked, true)) {
    for_each([&](Container& each) { each.restart_now(step, going.kill_at(), restart_->newest); });
  }
  follow(step.now, going);
  const auto is_of_before = [&](const Container& each) {
    return each.role() != Role::init && each.is_live() && *each.live_instance() <= restart_->newest;
  };
  if (std::ranges::none_of(init_, is_of_before) && std::ranges::none_of(regular_, is_of_before)) restart_.reset();
}

bool Pod::is_drained() const noexcept {
  const Leaving* const going = walk();
  return going != nullptr && going->is_released();
}

std::vector<LeavingRecord> Pod::leaving_steps() const {
  const Leaving* const going = walk();
  return going == nullptr ? std::vector<LeavingRecord>{} : going->steps();
}

std::size_t Pod::services_waited_for() const noexcept {
  const Leaving* const going = walk();
  return going == nullptr ? 0 : going->services_waited_for();
}

}  // namespace reeve
