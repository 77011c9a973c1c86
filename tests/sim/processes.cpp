// How the world's processes and probes behave.
#include "world.hpp"

namespace reeve::sim {

void World::perform(const StartSandbox& effect) {
  SandboxState& sandbox = sandboxes_[effect.pod->id];
  sandbox.making += 1;
  sandbox.ports = effect.ports;
  sandbox.may_end = effect.spec->network == Network::nat;
  const bool slow = options_.slow_sandboxes && !calm_ && chance_.percent(30);
  const bool fails = options_.sandbox_failures && !calm_ && chance_.percent(20);
  schedule(slow ? chance_.skewed(seconds(60)) : Duration{0}, Kind::sandbox, effect.pod->id.value, fails ? 0 : 1);
}

void World::perform(const StopSandbox& effect) { sandboxes_[effect.pod].stands = false; }

void World::answer_sandbox(PodId pod, bool good) {
  SandboxState& sandbox = sandboxes_[pod];
  if (!good) return step(SandboxFailed{pod, "cannot make a network namespace: No space left on device"});
  sandbox.stands = true;
  SandboxStarted started{pod, {}};
  const std::int32_t newest = next_port_ - std::int32_t(1 + chance_.below(8));
  const bool clashes = options_.sandbox_failures && !calm_ && chance_.percent(10);
  for (std::size_t i = 0; i < sandbox.ports; ++i) {
    started.ports.push_back(clashes ? newest - std::int32_t(i) : next_port_++);
  }
  if (sandbox.may_end && options_.sandbox_ends && chance_.percent(50)) {
    schedule(chance_.skewed(seconds(2000)), Kind::sandbox_end, pod.value, sandbox.making);
  }
  step(std::move(started));
}

void World::end_sandbox(PodId pod, int making) {
  const SandboxState& sandbox = sandboxes_[pod];
  if (sandbox.stands && sandbox.making == making && !calm_) step(SandboxEnded{pod, "pasta exited with code 1"});
}

void World::perform(const StartContainer& effect) {
  Process& process = processes_[effect.instance];
  for (const ContainerSpec& each : effect.spec->init_containers) {
    process.is_init = process.is_init || (&each == effect.container && !each.restart_policy);
  }
  const auto& readiness = effect.container->readiness_probe;
  process.tells = readiness && readiness->notify;
  process.ignores_term = options_.ignores_term && !calm_ && chance_.percent(30);
  const bool slow = options_.slow_starts && !calm_ && chance_.percent(30);
  const Duration delay = slow ? chance_.skewed(seconds(20)) : Duration{0};
  const bool fails = options_.start_failures && !calm_ && chance_.percent(10);
  schedule(delay, fails ? Kind::start_fail : Kind::start, effect.instance.value);
}

void World::begin_running(InstanceId instance) {
  const auto found = processes_.find(instance);
  if (found == processes_.end()) return;
  static const Duration lives[] = {Duration{0}, seconds(1), seconds(15), seconds(200), seconds(2000)};
  static const int codes[] = {0, 0, 1, 2, -9, -11};
  const bool told_to_stop = found->second.told_to_stop, tells = found->second.tells;
  found->second.running = true;
  if (found->second.is_init) {
    const bool fails = options_.crashes && !calm_ && chance_.percent(30);
    schedule(chance_.skewed(seconds(20)), Kind::crash, instance.value, fails ? 1 : 0);
  } else if (options_.crashes && !calm_ && chance_.percent(60)) {
    schedule(chance_.skewed(chance_.one_of(lives) * 2), Kind::crash, instance.value, chance_.one_of(codes));
  }
  step(ContainerStarted{instance, static_cast<int>(instance.value % 30000 + 2)});
  if (tells) schedule(chance_.skewed(seconds(30)), Kind::say, instance.value, int(NotifyMessage::State::ready));
  if (told_to_stop) obey_term(instance);
}

// Whoever says that it is not ready says otherwise later on; the calm wait for that.
void World::say(InstanceId instance, NotifyMessage::State state) {
  using State = NotifyMessage::State;
  const auto found = processes_.find(instance);
  if (found == processes_.end() || !found->second.running) return;
  static const State states[] = {State::ready, State::ready, State::reloading, State::stopping};
  if (calm_) state = State::ready;
  const bool goes_on = state != State::ready || (!calm_ && chance_.percent(60));
  const State next = state != State::ready ? State::ready : chance_.one_of(states);
  if (goes_on) schedule(chance_.skewed(seconds(200)), Kind::say, instance.value, int(next));
  step(ProcessNotified{instance, {.state = state}});
}

void World::perform(const SignalContainer& effect) {
  const auto found = processes_.find(effect.instance);
  if (found == processes_.end()) return;
  found->second.told_to_stop = true;
  if (found->second.running) obey_term(effect.instance);
}

void World::obey_term(InstanceId instance) {
  const auto found = processes_.find(instance);
  if (found == processes_.end() || found->second.ignores_term) return;
  const bool slow = options_.slow_deaths && chance_.percent(40);
  const bool clean = chance_.percent(50);
  schedule(slow ? chance_.skewed(seconds(40)) : Duration{0}, Kind::die, instance.value, clean ? 0 : -15);
}

void World::perform(const KillContainer& effect) {
  const bool slow = options_.slow_deaths && chance_.percent(20);
  schedule(slow ? chance_.skewed(seconds(5)) : Duration{0}, Kind::die, effect.instance.value, -9);
}

void World::perform(const StartProbe& effect) {
  const auto part = chance_.below(100);
  ProbeResult result = ProbeResult::success;
  if (!calm_ && options_.probe_failures && part < 30) result = part < 5 ? ProbeResult::unknown : ProbeResult::failure;
  if (!calm_ && part >= 30 && part < 35) result = ProbeResult::warning;
  if (!calm_ && options_.probe_errors && part >= 35 && part < 50) result = ProbeResult::error;
  const auto& command = effect.container->command;
  const bool sick = effect.type == ProbeType::readiness && !command.empty() && command.back() == "sick";
  if (sick && !calm_) result = ProbeResult::failure;
  Probe& probe = probes_[effect.run];
  probe.will_answer = calm_ || !options_.probe_hangs || !chance_.percent(10);
  if (!probe.will_answer) return;
  const bool slow = !calm_ && options_.slow_probes && chance_.percent(20);
  schedule(slow ? chance_.skewed(effect.probe->period * 3) : Duration{0}, Kind::answer, effect.run.value,
           static_cast<int>(result));
}

// Those after a start end; those before a stop may hang.
void World::perform(const StartHook& effect) {
  const auto& pre_stop = effect.container->lifecycle->pre_stop;
  const bool is_pre_stop = pre_stop && effect.handler == &*pre_stop;
  const bool fails = !calm_ && options_.probe_failures && chance_.percent(15);
  const auto result = fails ? ProbeResult::failure : ProbeResult::success;
  Probe& hook = probes_[effect.run];
  hook.will_answer = !is_pre_stop || !options_.probe_hangs || !chance_.percent(20);
  if (!hook.will_answer) return;
  const bool slow = options_.slow_probes && chance_.percent(50);
  schedule(slow ? chance_.skewed(seconds(40)) : Duration{0}, Kind::answer, effect.run.value, static_cast<int>(result));
}

// Connections end by themselves, sooner or later; where a worker is stuck, nobody hears of it.
void World::perform(const DrainEndpoint& effect) {
  drains_begun_ += 1;
  drains_[drains_begun_] = {effect.service, effect.pod};
  const bool slow = options_.slow_drains && chance_.percent(50);
  schedule(slow ? chance_.skewed(seconds(40)) : Duration{0}, Kind::drained, drains_begun_);
  if (options_.stuck_workers && chance_.percent(20)) drains_.erase(drains_begun_);
}

void World::perform(const CutEndpoint& effect) {
  for (const auto& [number, drain] : drains_) {
    if (drain.service != effect.service || drain.pod != effect.pod) continue;
    schedule(chance_.up_to(milliseconds(options_.stuck_workers ? 1500 : 900)), Kind::drained, number);
  }
}

void World::perform(const RemoveEndpoint& effect) {
  std::erase_if(drains_, [&](const auto& each) {
    return each.second.service == effect.service && each.second.pod == effect.pod;
  });
}

void World::perform(const AbortProbe& effect) {
  const auto found = probes_.find(effect.run);
  if (found == probes_.end()) return;
  const bool slow = options_.slow_probes && chance_.percent(30);
  schedule(slow ? chance_.skewed(seconds(15)) : Duration{0}, Kind::answer, effect.run.value,
           static_cast<int>(ProbeResult::failure));
}

// An answer may be on its way already; it finds nobody.
void World::perform(const CancelProbe& effect) {
  const auto found = probes_.find(effect.run);
  if (found == probes_.end()) return;
  found->second.cancelled = true;
  if (!found->second.will_answer) probes_.erase(found);
}

}  // namespace reeve::sim
