#include <reeve/core/probe.hpp>

#include <algorithm>
#include <array>

namespace reeve {

namespace {
// An error says nothing about the container; after this many calls in a row it is thrown away (prober.go).
constexpr int calls_max = 3;
}  // namespace

std::string_view probe_type_name(ProbeType type) noexcept {
  constexpr std::array<std::string_view, 3> names{"Liveness", "Readiness", "Startup"};
  return names[static_cast<std::size_t>(type)];
}

ProbeHandler handler_of(const ProbeSpec& probe) noexcept {
  if (probe.exec) return &*probe.exec;
  if (probe.http_get) return &*probe.http_get;
  return &*probe.tcp_socket;
}

void ProbeWorker::container_started() noexcept {
  state_ = Idle{};
  passed_ = type_ == ProbeType::liveness;
  attempt_ = 1;
}

void ProbeWorker::arm(Instant since, Instant now) noexcept {
  if (is_told()) return listen(since, now);
  earliest_ = later(since, spec_->initial_delay);
  if (type_ == ProbeType::readiness) {
    state_ = Waiting{std::max(earliest_, now)};
    return;
  }
  // The first tick after the start that is late enough; a tick that has passed is not made up for.
  const Instant bound = std::max(earliest_, now);
  const auto periods = std::max<std::int64_t>((bound - since) / spec_->period, 0);
  Instant tick = since + periods * spec_->period;
  if (tick < bound || tick <= since || (now > since && tick == now)) tick = later(tick, spec_->period);
  state_ = Waiting{tick};
}

// A start has its time from the beginning, a watch from when it is armed; readiness waits for ever.
void ProbeWorker::listen(Instant since, Instant now) noexcept {
  Listening listening;
  if (type_ == ProbeType::startup) listening.until = later(since, silence_max());
  if (type_ == ProbeType::liveness) listening.until = later(now, silence_max());
  state_ = listening;
}

Duration ProbeWorker::silence_max() const noexcept {
  if (spec_->period > Duration::max() / spec_->failure_threshold) return Duration::max();
  return spec_->period * spec_->failure_threshold;
}

bool ProbeWorker::heard_nothing(Instant now) const noexcept {
  const auto* listening = std::get_if<Listening>(&state_);
  return listening != nullptr && listening->until && *listening->until <= now;
}

bool ProbeWorker::may_have_missed(Instant now) noexcept {
  constexpr Duration late = milliseconds(100), wait = seconds(1);
  auto& listening = std::get<Listening>(state_);
  if (listening.has_waited || now - *listening.until < late) return false;
  listening = {later(now, wait), true};
  return true;
}

void ProbeWorker::expect_nothing_before(Instant until) noexcept {
  auto* listening = std::get_if<Listening>(&state_);
  if (listening != nullptr && listening->until) listening->until = std::max(*listening->until, until);
}

ProbeWorker::Verdict ProbeWorker::hear(const ProbeOutcome& told, Instant now) {
  keep(told, now, now);
  if (type_ == ProbeType::liveness) state_ = Listening{later(now, silence_max()), false};
  const Verdict verdict = count(told.result == ProbeResult::success);
  const bool decided = verdict == Verdict::success || verdict == Verdict::failure;
  if (type_ == ProbeType::startup || (type_ == ProbeType::liveness && decided && !passed_)) {
    state_ = OnHold{};
    run_length_ = 0;
  }
  return verdict;
}

void ProbeWorker::trigger(Instant now) noexcept {
  if (auto* waiting = std::get_if<Waiting>(&state_)) waiting->tick = std::min(waiting->tick, std::max(earliest_, now));
}

void ProbeWorker::hold() noexcept { state_ = OnHold{}; }

bool ProbeWorker::is_due(Instant now) const noexcept {
  const auto* waiting = std::get_if<Waiting>(&state_);
  return waiting != nullptr && waiting->tick <= now;
}

void ProbeWorker::begin(ProbeRunId run, Instant now) noexcept {
  Instant tick = std::get<Waiting>(state_).tick;
  // A run that begins late stands for all ticks until now; those that pass while it is in flight are not its own.
  if (attempt_ == 1) tick += (now - tick) / spec_->period * spec_->period;
  state_ = InFlight{run, tick, later(now, spec_->timeout), attempt_, now};
}

std::optional<ProbeRunId> ProbeWorker::time_out(Instant now) noexcept {
  auto* flight = std::get_if<InFlight>(&state_);
  if (flight == nullptr || !flight->abort_at || *flight->abort_at > now) return std::nullopt;
  flight->abort_at.reset();
  return flight->run;
}

std::optional<ProbeRunId> ProbeWorker::in_flight() const noexcept {
  const auto* flight = std::get_if<InFlight>(&state_);
  if (flight == nullptr) return std::nullopt;
  return flight->run;
}

// Ticks do not queue: of those that passed while a run took long, the latest one counts and fires at once.
Instant ProbeWorker::next_tick(Instant tick, Instant now) const noexcept {
  const auto passed = (now - tick) / spec_->period;
  return later(tick, std::max<std::int64_t>(passed, 1) * spec_->period);
}

void ProbeWorker::remember(const ProbeOutcome& outcome, Instant now) {
  keep(outcome, std::get<InFlight>(state_).begun, now);
}

void ProbeWorker::keep(const ProbeOutcome& outcome, Instant begun, Instant now) {
  if (records_.empty()) records_.reserve(records_max);
  if (records_.size() == records_max) records_.erase(records_.begin());
  std::size_t length = std::min(outcome.text.size(), record_text_max);
  // Not through the middle of a character.
  while (length > 0 && length < outcome.text.size() &&
         (static_cast<unsigned char>(outcome.text[length]) & 0xc0) == 0x80) {
    --length;
  }
  records_.push_back({now, outcome.result, now - begun, outcome.text.substr(0, length)});
}

std::optional<Instant> ProbeWorker::next_run() const noexcept {
  const auto* waiting = std::get_if<Waiting>(&state_);
  if (waiting == nullptr) return std::nullopt;
  return waiting->tick;
}

ProbeWorker::Judgement ProbeWorker::finish(ProbeResult result, Instant now) noexcept {
  const InFlight flight = std::get<InFlight>(state_);
  if (result == ProbeResult::error && flight.attempt < calls_max) {
    attempt_ = flight.attempt + 1;
    state_ = Waiting{flight.tick};  // already due: again at once, and the ticks stay where they were
    return {};
  }
  attempt_ = 1;
  state_ = Waiting{next_tick(flight.tick, now)};
  if (result == ProbeResult::error) return {Verdict::none, true};
  const Verdict verdict = count(result == ProbeResult::success || result == ProbeResult::warning);
  const bool decided = verdict == Verdict::success || verdict == Verdict::failure;
  const bool stops = type_ == ProbeType::startup || (type_ == ProbeType::liveness && verdict == Verdict::failure);
  if (decided && stops) {
    state_ = OnHold{};
    run_length_ = 0;
  }
  return {verdict, false};
}

ProbeWorker::Verdict ProbeWorker::count(bool success) noexcept {
  run_length_ = success == last_success_ ? run_length_ + 1 : 1;
  last_success_ = success;
  const int threshold = success ? spec_->success_threshold : spec_->failure_threshold;
  if (!is_told() && run_length_ < threshold) return Verdict::same;
  const bool is_news = passed_ != success || type_ == ProbeType::startup;
  passed_ = success;
  if (!is_news) return Verdict::same;
  return success ? Verdict::success : Verdict::failure;
}

std::optional<Instant> ProbeWorker::deadline() const noexcept {
  if (const auto* waiting = std::get_if<Waiting>(&state_)) return waiting->tick;
  if (const auto* flight = std::get_if<InFlight>(&state_)) return flight->abort_at;
  if (const auto* listening = std::get_if<Listening>(&state_)) return listening->until;
  return std::nullopt;
}

}  // namespace reeve
