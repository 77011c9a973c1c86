// What a pod shows: phase, conditions, the words of kubectl's columns.
#include <reeve/core/pod.hpp>

#include <algorithm>

namespace reeve {
namespace {

std::string joined(const std::vector<std::string_view>& names) {
  std::string text = "[";
  for (const std::string_view name : names) {
    if (text.size() > 1) text += ' ';
    text += name;
  }
  return text + ']';
}

bool is_waiting_for_first_run(const Container& container) { return container.never_ran() && !container.last_end(); }

// An init container that has done its part.
bool is_complete(const Container& container) {
  return container.role() == Role::sidecar ? container.is_started() : container.succeeded();
}

// What a pod's readiness asks: plain init containers are over by then.
bool counts(const Container& container) { return container.role() != Role::init; }

// Live, but not yet seen running, and never ran before.
bool is_first_start(const Container& container) {
  return container.is_live() && !container.is_running() && !container.last_end();
}

}  // namespace

void Pod::refresh(Instant now) {
  if (!is_final(phase_)) phase_ = compute_phase();
  const bool init_done = std::ranges::all_of(init_, is_complete);
  initialized_ = initialized_ || init_done;
  initialized_once_ = initialized_once_ || init_done;
  const bool is_over = is_final(phase_);
  const auto ready = [](const Container& each) { return !counts(each) || each.is_ready(); };
  const bool all_ready = !is_over && std::ranges::all_of(init_, ready) && std::ranges::all_of(regular_, ready);
  set(ConditionType::ready_to_start_containers, sandbox_.stands(), now);
  set(ConditionType::initialized, initialized_once_ || phase_ == Phase::succeeded, now);
  set(ConditionType::containers_ready, all_ready, now);
  set(ConditionType::ready, all_ready, now);
}

unsigned Pod::standing() const noexcept {
  return static_cast<unsigned>(phase_) | (is_ready() ? 8u : 0u) | (is_terminating() ? 16u : 0u) |
         (ports_.empty() ? 0u : 32u) | (is_withdrawn() ? 64u : 0u);
}

std::size_t Pod::fingerprint() const noexcept {
  std::size_t hash = standing() | (deadline_exceeded_ ? 128u : 0u);
  const auto mix = [&hash](std::size_t value) { hash = (hash ^ value) * 0x9e3779b97f4a7c15u + (hash >> 29); };
  for (const bool each : conditions_) mix(each ? 1u : 2u);
  mix(removal_ ? static_cast<std::size_t>(removal_->gone_by.time_since_epoch().count()) : 0);
  mix(waits_for_.size());
  mix(relabelled_);
  if (const Leaving* going = walk()) mix(going->steps().size() * 64 + going->services_waited_for() + 1);
  for (const Container& each : init_) mix(each.fingerprint());
  for (const Container& each : regular_) mix(each.fingerprint());
  return hash;
}

void Pod::set(ConditionType type, bool status, Instant now) noexcept {
  const auto index = static_cast<std::size_t>(type);
  if (conditions_[index] == status) return;
  conditions_[index] = status;
  transitions_[index] = now;
}

// The order of the rules is Kubernetes' (getPhase).
Phase Pod::compute_phase() const {
  if (deadline_exceeded_ && !any_live()) return Phase::failed;
  if (abandoned_ && !any_live()) return settled_phase();
  if (init_failed()) return any_live() ? phase_ : Phase::failed;
  const auto pending = [](const Container& each) { return is_waiting_for_first_run(each) || is_first_start(each); };
  if (!initialized_ && !std::ranges::all_of(init_, is_complete)) {
    return is_gone() ? settled_phase() : Phase::pending;
  }
  if (std::ranges::any_of(regular_, pending) && !is_gone()) return Phase::pending;
  if (std::ranges::any_of(regular_, [](const Container& each) { return each.is_live(); })) return Phase::running;
  return settled_phase();
}

// Nothing runs: whether it will again, else how it ended.
Phase Pod::settled_phase() const {
  const auto will_restart = [](const Container& each) {
    return each.is_backing_off() || each.is_live() || each.awaits_sandbox();
  };
  if (std::ranges::any_of(regular_, will_restart)) return Phase::running;
  if (any_live()) return Phase::running;  // a sidecar is still stopping
  const auto succeeded = [](const Container& each) { return each.succeeded(); };
  return std::ranges::all_of(regular_, succeeded) ? Phase::succeeded : Phase::failed;
}

std::string_view Pod::waiting_reason() const noexcept {
  if (!waits_for_.empty()) return reason::waiting_for_dependencies;
  return init_.empty() ? reason::container_creating : reason::pod_initializing;
}

std::vector<ContainerStatus> Pod::init_container_statuses() const {
  std::vector<ContainerStatus> statuses;
  for (const Container& each : init_)
    statuses.push_back(each.status(*identity_, waits_for_.empty() ? reason::pod_initializing : waiting_reason()));
  return statuses;
}

std::vector<ContainerStatus> Pod::container_statuses() const {
  std::vector<ContainerStatus> statuses;
  for (const Container& each : regular_) statuses.push_back(each.status(*identity_, waiting_reason()));
  return statuses;
}

std::vector<std::string_view> Pod::unready_containers() const {
  std::vector<std::string_view> names;
  for (const Container& each : init_) {
    if (counts(each) && !each.is_ready()) names.push_back(each.spec().name);
  }
  for (const Container& each : regular_) {
    if (!each.is_ready()) names.push_back(each.spec().name);
  }
  return names;
}

std::vector<std::string_view> Pod::incomplete_containers() const {
  std::vector<std::string_view> names;
  for (const Container& each : init_) {
    if (!is_complete(each)) names.push_back(each.spec().name);
  }
  return names;
}

std::vector<Condition> Pod::conditions() const {
  std::vector<Condition> all;
  for (std::size_t i = 0; i < condition_types; ++i) all.push_back(describe(static_cast<ConditionType>(i)));
  return all;
}

Condition Pod::describe(ConditionType type) const {
  const bool status = is_true(type);
  Condition condition{type, status, {}, {}, transitions_[static_cast<std::size_t>(type)]};
  const bool is_readiness = type == ConditionType::ready || type == ConditionType::containers_ready;
  if (phase_ == Phase::succeeded && (is_readiness || type == ConditionType::initialized)) {
    condition.reason = "PodCompleted";
  } else if (phase_ == Phase::failed && is_readiness) {
    condition.reason = "PodFailed";
  } else if (!status && is_readiness) {
    condition.reason = "ContainersNotReady";
    condition.message = "containers with unready status: " + joined(unready_containers());
  } else if (!status && type == ConditionType::ready_to_start_containers && !waits_for_.empty()) {
    condition.reason = reason::waiting_for_dependencies;
    for (const std::string& each : waits_for_)
      condition.message += (condition.message.empty() ? "waits for " : ", ") + each;
  } else if (!status && type == ConditionType::initialized) {
    condition.reason = "ContainersNotInitialized";
    condition.message = "containers with incomplete status: " + joined(incomplete_containers());
  }
  return condition;
}

namespace {

std::string ended_word(const StateTerminated& end) {
  if (!end.reason.empty()) return std::string(end.reason);
  if (end.signal != 0) return "Signal:" + std::to_string(end.signal);
  return "ExitCode:" + std::to_string(end.exit_code);
}

// "Init:Error", "Init:CrashLoopBackOff" or "Init:0/2".
std::string init_word(const ContainerStatus& status, std::size_t index, std::size_t count) {
  if (const auto* ended = std::get_if<StateTerminated>(&status.state)) return "Init:" + ended_word(*ended);
  if (const auto* waiting = std::get_if<StateWaiting>(&status.state);
      waiting != nullptr && waiting->reason != reason::pod_initializing) {
    return "Init:" + std::string(waiting->reason);
  }
  return "Init:" + std::to_string(index) + "/" + std::to_string(count);
}

struct ContainerWords {
  std::string word;
  std::string error;       // the first container's reason among those that ended with a code
  bool any_ready = false;  // one runs and is ready
};

// From last to first, each overwriting the one before: the first container's trouble wins.
ContainerWords container_words(const std::vector<ContainerStatus>& statuses, std::string word) {
  ContainerWords words{std::move(word), {}, false};
  for (auto each = statuses.rbegin(); each != statuses.rend(); ++each) {
    if (const auto* waiting = std::get_if<StateWaiting>(&each->state)) {
      words.word = waiting->reason;
    } else if (const auto* ended = std::get_if<StateTerminated>(&each->state)) {
      words.word = ended_word(*ended);
      if (ended->exit_code != 0) words.error = words.word;
    } else if (each->ready) {
      words.any_ready = true;
    }
  }
  return words;
}

}  // namespace

std::string Pod::status_word() const {
  if (is_terminating() && !is_final(phase_)) return "Terminating";
  std::string word(status_reason().empty() ? phase_name(phase_) : status_reason());
  const auto init = init_container_statuses();
  for (std::size_t i = 0; i < init.size(); ++i) {
    const bool is_done = init_[i].role() == Role::sidecar ? init[i].started : init_[i].succeeded();
    if (is_done) continue;
    if (!initialized_once_) return init_word(init[i], i, init.size());
    break;
  }
  const ContainerWords words = container_words(container_statuses(), std::move(word));
  if (words.word != reason::completed) return words.word;
  if (words.any_ready) return is_ready() ? "Running" : words.error.empty() ? "NotReady" : words.error;
  return words.error.empty() ? words.word : words.error;
}

Pod::ReadyCount Pod::ready_count() const {
  ReadyCount count;
  const auto add = [&](const Container& each) {
    if (each.role() == Role::init) return;
    count.total += 1;
    if (each.is_running() && each.is_ready()) count.ready += 1;
  };
  std::ranges::for_each(init_, add);
  std::ranges::for_each(regular_, add);
  return count;
}

int Pod::restart_count() const {
  int restarts = 0;
  for (const Container& each : init_) {
    if (initialized_once_ && each.role() == Role::init) continue;
    restarts += each.status(*identity_, {}).restart_count;
  }
  for (const Container& each : regular_) restarts += each.status(*identity_, {}).restart_count;
  return restarts;
}

}  // namespace reeve
