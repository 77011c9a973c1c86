#include "world.hpp"

#include "text.hpp"

#include <algorithm>

namespace reeve::sim {
namespace {

constexpr std::size_t trace_lines_max = 400;
constexpr std::size_t past_max = 64;
constexpr Duration calm_within = seconds(6000);  // the longest back-off, and every wave of a rollout
constexpr Duration crash_every = seconds(2000);
constexpr Duration gone_within = seconds(900);  // one after another, where they depend on each other

}  // namespace

World::World(std::uint64_t seed, Duration lasts, bool trace)
    : chance_(seed),
      options_(chance_),
      lasts_(lasts),
      tracing_(trace),
      rolls_(seed % 5 != 3),
      crashes_(seed % 7 == 6),
      crash_chance_(~seed),
      supervisor_(SupervisorOptions{.seed = seed}),
      model_(*supervisor_) {
  if (seed % 8 == 5) options_.operator_every /= 40;  // a very busy operator
}

void World::run() {
  for (int i = 0; i < 6; ++i) apply_something();
  schedule(options_.operator_every, Kind::operate);
  if (options_.refusals) schedule(seconds(30), Kind::refuse);
  if (options_.stalls) schedule(seconds(100), Kind::stall);
  if (crashes_) schedule(crash_chance_.skewed(crash_every), Kind::crash_reeve);
  run_until(now_ + lasts_);
  if (options_.shutdown_at_end) return shut_down();
  calm_down();
  const Instant end = now_ + calm_within;
  while (!is_settled() && now_ < end) run_until(now_ + seconds(10));
  if (!is_settled()) throw Violation("calm came, and not all that is wanted");
}

void World::calm_down() {
  note("CALM");
  calm_ = true;
  step(Ticked{});
  resume_all();
}

// Every pod has ended, or each of its containers is ready or has ended for good; none is still leaving.
bool World::is_settled() const {
  const auto is_rolled_out = [this](const auto& each) { return model_.is_rolled_out(*each.second); };
  if (!std::ranges::all_of(supervisor_->deployments(), is_rolled_out)) return false;
  return std::ranges::all_of(model_.pods(), [](const auto& each) {
    const PodModel& pod = each.second;
    if (pod.terminating) return false;
    if (pod.waiting) return true;  // the model says whether it may
    return is_final(pod.seen->phase()) || std::ranges::all_of(pod.containers, [](const ContainerModel& container) {
             return container.is_ready() || container.is_final;
           });
  });
}

void World::shut_down() {
  step(ShutdownRequested{});
  if (options_.shutdown_twice) schedule(chance_.up_to(seconds(20)), Kind::shutdown);
  const Instant end = now_ + gone_within;
  while (!model_.exited() && now_ < end) run_until(now_ + seconds(10));
  if (!model_.exited()) throw Violation("it was asked to shut down and did not");
  step(ObjectApplied{random_pod(chance_, options_)});
}

void World::schedule(Duration in, Kind kind, std::uint64_t id, int value) {
  heap_.push({now_ + in, ++sequence_, kind, id, value});
}

Duration World::tick_delay() {
  return options_.late_ticks && !calm_ && chance_.percent(30) ? chance_.skewed(seconds(3)) : Duration{0};
}

void World::run_until(Instant end) {
  while (next(end)) {
  }
  now_ = std::max(now_, end);
}

bool World::next(Instant end) {
  const auto deadline = supervisor_->deadline();
  if (deadline != tick_for_) {
    tick_for_ = deadline;
    if (deadline) tick_at_ = *deadline + tick_delay();
  }
  const bool tick_first = deadline && (heap_.empty() || tick_at_ < heap_.top().at);
  if (!tick_first && heap_.empty()) return false;
  const Instant at = tick_first ? tick_at_ : heap_.top().at;
  if (at > end) return false;
  now_ = std::max(now_, at);
  if (tick_first) {
    step(Ticked{});
  } else {
    const Happening what = heap_.top();
    heap_.pop();
    happen(what);
  }
  return true;
}

void World::happen(const Happening& what) {
  const InstanceId instance{what.id};
  switch (what.kind) {
    case Kind::sandbox:
      return answer_sandbox(PodId{what.id}, what.value != 0);
    case Kind::sandbox_end:
      return end_sandbox(PodId{what.id}, what.value);
    case Kind::start:
      return begin_running(instance);
    case Kind::start_fail:
      if (processes_.erase(instance) != 0) step(ContainerStartFailed{instance, "cannot exec /bin/app: No such file"});
      return;
    case Kind::crash:
      if (calm_ && !processes_[instance].is_init) return;
      [[fallthrough]];
    case Kind::die:
      if (processes_.erase(instance) == 0) return;
      return step(ContainerExited{instance, what.value < 0 ? ExitStatus{0, -what.value} : ExitStatus{what.value, 0}});
    case Kind::answer: {
      const auto probe = probes_.extract(ProbeRunId{what.id});
      if (!probe || (probe.mapped().cancelled && !options_.late_answers)) return;
      return step(ProbeFinished{ProbeRunId{what.id}, {static_cast<ProbeResult>(what.value), "no answer"}});
    }
    case Kind::operate:
      if (calm_ || supervisor_->is_shutting_down()) return;
      operate();
      return schedule(chance_.skewed(options_.operator_every * 2), Kind::operate);
    case Kind::refuse:
      if (calm_) return;
      refuse();
      return schedule(chance_.skewed(seconds(300)), Kind::refuse);
    case Kind::stall:
      if (calm_) return;
      now_ += chance_.skewed(seconds(90));
      return schedule(chance_.skewed(seconds(3000)), Kind::stall);
    case Kind::crash_reeve:
      if (calm_ || supervisor_->is_shutting_down()) return;
      crash();
      return schedule(crash_chance_.skewed(crash_every), Kind::crash_reeve);
    case Kind::say:
      return say(instance, static_cast<NotifyMessage::State>(what.value));
    case Kind::shutdown:
      return step(ShutdownRequested{});
    case Kind::drained: {
      const auto drain = drains_.extract(what.id);
      if (drain) step(EndpointDrained{drain.mapped().service, drain.mapped().pod});
      return;
    }
  }
}

void World::step(Input input) {
  if (tracing_) note(text_of(now_, input));
  remember(input);
  model_.before(now_, input);
  take(supervisor_->step(now_, std::move(input)));
  if (options_.stale_inputs && chance_.permille(20)) hurl_stale_input();
}

void World::take(const Effects& effects) {
  steps_ += 1;
  for (const Effect& effect : effects) {
    digest_ = mixed(digest_, now_, effect);
    if (tracing_) note("    " + text_of(effect));
  }
  model_.after(now_, effects);
  for (const Effect& effect : effects) {
    std::visit([this](const auto& each) { perform(each); }, effect);
  }
  if (crashes_) check_saved_version();
}

// What was told once and is over now changes nothing when it is told again.
void World::hurl_stale_input() {
  if (past_.empty()) return;
  Input input = past_[chance_.below(past_.size())];
  if (model_.is_news(input)) return;
  if (tracing_) note("stale " + text_of(now_, input));
  const auto deadline = supervisor_->deadline();
  if (!supervisor_->step(now_, std::move(input)).empty() || supervisor_->deadline() != deadline) {
    throw Violation("a stale input changed something");
  }
}

void World::remember(const Input& input) {
  if (!options_.stale_inputs || std::holds_alternative<ObjectApplied>(input)) return;
  if (std::holds_alternative<ObjectDeleted>(input) || std::holds_alternative<ShutdownRequested>(input)) return;
  past_.push_back(input);
  if (const auto* exited = std::get_if<ContainerExited>(&input)) {
    past_.push_back(ContainerStarted{exited->instance, 9});
    past_.push_back(ContainerStartFailed{exited->instance, "late"});
  }
  while (past_.size() > past_max) past_.pop_front();
}

void World::note(std::string line) {
  trace_.push_back(std::move(line));
  if (trace_.size() > trace_lines_max) trace_.pop_front();
}

void World::refuse() {
  const auto all = supervisor_->pods();
  if (!all.empty()) step(ConnectionRefused{all[chance_.below(all.size())]->id()});
}

}  // namespace reeve::sim
