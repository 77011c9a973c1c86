// A failed liveness probe kills now, or when the deployment can spare the pod.
#include <reeve/core/container.hpp>

namespace reeve {

void Container::judge_liveness(PodStep& step, ProbeWorker& worker, ProbeWorker::Verdict verdict) {
  using Verdict = ProbeWorker::Verdict;
  if (verdict == Verdict::success) kill_delayed_ = false;
  const bool fails_on = kill_delayed_ && verdict == Verdict::same && !worker.last_succeeded();
  if (verdict != Verdict::failure && !fails_on) return;
  if (step.around.liveness_kill(step.pod->id) == LivenessKill::now) {
    fail_probe(step, worker);
  } else if (verdict == Verdict::failure) {
    delay_kill(step, worker);
  }
}

// The probe goes on at its ticks, to see whether it still fails.
void Container::delay_kill(PodStep& step, ProbeWorker& worker) {
  const auto* running = std::get_if<Running>(&state_);
  if (leaving_ || running == nullptr) return;
  kill_delayed_ = true;
  worker.arm(running->since, step.now);
  report(step, EventType::warning, "LivenessKillDelayed",
         "Container " + spec_->name +
             " failed liveness probe, will be restarted once that leaves enough pods of its deployment available");
}

void Container::end_delay(PodStep& step) {
  if (kill_delayed_) fail_probe(step, *worker(ProbeType::liveness));
}

}  // namespace reeve
