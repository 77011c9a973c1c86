#pragma once
// Decides when to probe and what a run of results means. Performs no probe (pkg/kubelet/prober/worker.go).

#include <reeve/core/id.hpp>
#include <reeve/core/spec.hpp>
#include <reeve/core/time.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace reeve {

enum class ProbeType { liveness, readiness, startup };
std::string_view probe_type_name(ProbeType type) noexcept;  // "Liveness"

enum class ProbeResult {
  success,
  warning,  // counts as success, told by an event
  failure,
  unknown,  // counts as failure, told by no event
  error,    // says nothing about the container: tried again at once, then thrown away
};

// What one run of a probe came to; text is the handler's output or its error.
struct ProbeOutcome {
  ProbeResult result = ProbeResult::success;
  std::string text;
};

// One result, for people to look at.
struct ProbeRecord {
  Instant when;  // it came
  ProbeResult result = ProbeResult::success;
  Duration latency{};
  std::string text;  // its first bytes
};

// Which handler a probe has that is run; a valid one has exactly one.
using ProbeHandler = std::variant<const ExecAction*, const HttpGetAction*, const TcpSocketAction*>;
ProbeHandler handler_of(const ProbeSpec& probe) noexcept;

// One probe of one container, over all of the container's runs. Its ticks count from the container's start, so that
// they do not depend on when the worker was made (Kubernetes' do).
class ProbeWorker {
 public:
  ProbeWorker(ProbeType type, const ProbeSpec& spec) noexcept : type_(type), spec_(&spec) {}

  ProbeType type() const noexcept { return type_; }
  const ProbeSpec& spec() const noexcept { return *spec_; }

  // A notify probe is never run: it is told.
  bool is_told() const noexcept { return spec_->notify.has_value(); }

  // A new instance of the container runs: the verdict is its initial one. The run of equal results goes on, as in
  // Kubernetes, so failures counted just before a crash still count.
  void container_started() noexcept;

  // Probing may begin, `since` being the container's start: startup probes at once, the others once it is Started.
  void arm(Instant since, Instant now) noexcept;

  // A run is wanted now, after a refused connection (readiness only); not before the initial delay. Ticks count from
  // it.
  void trigger(Instant now) noexcept;

  // The container ended, or it is being stopped: no more runs until the next start.
  void hold() noexcept;

  // True if a run is due; the caller then calls begin with the run's identity.
  bool is_due(Instant now) const noexcept;
  void begin(ProbeRunId run, Instant now) noexcept;

  // The run in flight, if it has passed its timeout and was not told so yet.
  std::optional<ProbeRunId> time_out(Instant now) noexcept;

  // The run in flight, if any.
  std::optional<ProbeRunId> in_flight() const noexcept;

  // Takes the outcome of the run in flight.
  enum class Verdict { none, same, success, failure };
  struct Judgement {
    Verdict verdict = Verdict::none;  // none: nothing counted; same: below the threshold or nothing new
    bool thrown_away = false;         // an error that was tried often enough
  };
  Judgement finish(ProbeResult result, Instant now) noexcept;

  // Of one that is told, and armed: what it was told, or that it was told nothing for too long.
  Verdict hear(const ProbeOutcome& told, Instant now);
  bool is_armed() const noexcept { return std::holds_alternative<Listening>(state_); }
  bool heard_nothing(Instant now) const noexcept;  // for too long
  void expect_nothing_before(Instant until) noexcept;
  // True where the silence may be ours, for it is looked at too late: what was said meanwhile is about to be heard.
  // Once in each silence, and then for a second.
  bool may_have_missed(Instant now) noexcept;
  Duration silence_max() const noexcept;  // periodSeconds * failureThreshold

  // Keeps the outcome of the run in flight for people to look at; to be called before finish.
  void remember(const ProbeOutcome& outcome, Instant now);

  // The last ten results, oldest first.
  static constexpr std::size_t records_max = 10;
  static constexpr std::size_t record_text_max = 120;
  const std::vector<ProbeRecord>& records() const noexcept { return records_; }

  // How many equal results came in a row, and which.
  int run_length() const noexcept { return run_length_; }
  bool last_succeeded() const noexcept { return last_success_; }
  std::optional<Instant> next_run() const noexcept;

  // True once the published verdict of this instance is success.
  bool passed() const noexcept { return passed_; }

  // When to be called next.
  std::optional<Instant> deadline() const noexcept;

 private:
  struct Idle {};
  struct Waiting {
    Instant tick;
  };
  struct InFlight {
    ProbeRunId run;
    Instant tick;
    std::optional<Instant> abort_at;
    int attempt = 1;
    Instant begun{};
  };
  struct Listening {
    std::optional<Instant> until;  // hearing nothing until then is failure
    bool has_waited = false;       // longer than that, since we were late
  };
  struct OnHold {};
  using State = std::variant<Idle, Waiting, InFlight, Listening, OnHold>;

  void listen(Instant since, Instant now) noexcept;
  void keep(const ProbeOutcome& outcome, Instant begun, Instant now);
  Instant next_tick(Instant tick, Instant now) const noexcept;
  Verdict count(bool success) noexcept;

  ProbeType type_;
  const ProbeSpec* spec_;
  State state_ = Idle{};
  Instant earliest_{};  // the container's start and the initial delay
  bool passed_ = false;
  bool last_success_ = true;
  int run_length_ = 0;
  int attempt_ = 1;
  std::vector<ProbeRecord> records_;  // holds nothing before the first result
};

}  // namespace reeve
