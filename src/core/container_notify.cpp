// What a program says of itself on NOTIFY_SOCKET, and what follows from it, or from its silence (sd_notify(3)).
#include <reeve/core/container.hpp>
#include <reeve/core/pod.hpp>

namespace reeve {

bool Container::notified(PodStep& step, InstanceId instance, const NotifyMessage& message) {
  if (live_instance() != instance || !is_running()) return false;
  if (message.status) said_.status = *message.status;
  if (message.extend) extend(step, *message.extend);
  if (message.state) {
    said_.state = message.state;
    take_in_state(step);
  }
  if (message.watchdog) take_in_watchdog(step, *message.watchdog);
  return true;
}

// What was said before a probe was armed counts from then on.
void Container::take_in_state(PodStep& step) {
  if (!said_.state) return;
  const bool is_ready_now = *said_.state == NotifyMessage::State::ready;
  const ProbeOutcome told{is_ready_now ? ProbeResult::success : ProbeResult::failure,
                          std::string(notify_state_text(*said_.state))};
  ProbeWorker* const startup = worker(ProbeType::startup);
  if (startup != nullptr && startup->is_armed() && is_ready_now) {
    return judge(step, *startup, startup->hear(told, step.now));  // which comes back here, once started
  }
  ProbeWorker* const readiness = worker(ProbeType::readiness);
  if (readiness != nullptr && readiness->is_armed()) readiness->hear(told, step.now);
}

void Container::take_in_watchdog(PodStep& step, NotifyMessage::Watchdog told) {
  ProbeWorker* const liveness = worker(ProbeType::liveness);
  if (liveness == nullptr || !liveness->is_armed()) return;
  const bool is_alive = told == NotifyMessage::Watchdog::alive;
  const ProbeOutcome outcome{is_alive ? ProbeResult::success : ProbeResult::failure,
                             is_alive ? "WATCHDOG=1" : "the program said WATCHDOG=trigger"};
  report_outcome(step, *liveness, outcome, false);
  judge(step, *liveness, liveness->hear(outcome, step.now));
}

// Never less than there was: of the grace period that runs, else of the start, else of the watch.
void Container::extend(PodStep& step, Duration time) {
  const Instant until = later(step.now, time);
  if (auto* stopping = std::get_if<Stopping>(&state_)) {
    if (stopping->signalled && !stopping->killed) stopping->extended = until;
    return;
  }
  for (const ProbeType type : {ProbeType::startup, ProbeType::liveness}) {
    if (ProbeWorker* each = worker(type)) each->expect_nothing_before(until);
  }
}

void Container::hear_silence(PodStep& step) {
  for (ProbeWorker& each : probes_) {
    if (!each.heard_nothing(step.now) || each.may_have_missed(step.now)) continue;
    const char* const what = each.type() == ProbeType::startup ? "no READY=1 within " : "no WATCHDOG=1 for ";
    const ProbeOutcome outcome{ProbeResult::failure, what + go_duration(each.silence_max())};
    report_outcome(step, each, outcome, false);
    judge(step, each, each.hear(outcome, step.now));
  }
}

bool Container::notify_refused(PodStep& step, InstanceId instance, const std::string& why) {
  if (live_instance() != instance) return false;
  report(step, EventType::warning, "NotifyRefused", why);
  return true;
}

}  // namespace reeve
