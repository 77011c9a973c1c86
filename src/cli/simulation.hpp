#pragma once
// What would happen: the supervisor itself on a virtual clock, in a world that does as [simulate.NAME] tables say.

#include "cli/simulation_series.hpp"

#include <reeve/core/supervisor.hpp>

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace reeve::cli {

// One line of the timeline.
struct Happening {
  Instant at;
  std::string object;     // "pod/web"
  std::string_view what;  // "started", "exited", "restarted", "ready", "event", ...
  std::string text;       // "exited with code 1"
};

class Simulation {
 public:
  Simulation(const SupervisorOptions& options, Simulations assumptions) : supervisor_(options) {
    assume(std::move(assumptions));
  }

  // From here on, of replica sets and pods that are new; what is not named is assumed as before.
  void assume(Simulations assumptions);

  // An object is written, as if by its file.
  void apply(Object object) { tell(ObjectApplied{std::move(object)}); }

  // Lets virtual time pass; stops early once happenings_max of them were collected.
  void advance(Duration duration);

  // The same, but no further than to where every deployment is done with its update, or late.
  void advance_until_settled(Duration at_most);

  // A line of the caller's own.
  void note(std::string object, std::string_view what, std::string text);

  const Series& series() const noexcept { return series_; }
  Instant now() const noexcept { return now_; }
  const std::vector<Happening>& happenings() const noexcept { return happenings_; }
  const Supervisor& supervisor() const noexcept { return supervisor_; }
  bool is_cut_short() const noexcept { return happenings_.size() >= happenings_max; }

  static constexpr std::size_t happenings_max = 1'000'000;

 private:
  struct Run {
    const SimulationSpec* assumed = nullptr;
    std::string assumed_of;  // "simulate.web"
    Instant since;
  };
  // When a run ends, in the order in which the ends were planned.
  struct Ending {
    Instant at;
    std::uint64_t number;
    InstanceId instance;
    ExitStatus status;
    auto operator<=>(const Ending& other) const noexcept {
      return std::pair(at, number) <=> std::pair(other.at, other.number);
    }
    bool operator==(const Ending& other) const noexcept { return number == other.number; }
  };

  // What a program says on NOTIFY_SOCKET, and when.
  struct Saying {
    InstanceId instance;
    NotifyMessage message;
    Duration again{};  // 0: once
  };

  void tell(Input input);
  void end_due_runs();
  void plan_sayings(const StartContainer& effect);
  void say(Instant at, Saying saying) { sayings_.emplace(at, std::move(saying)); }
  void say_next();
  void plan_end(InstanceId instance, Duration after, ExitStatus status);
  bool advance_once(Instant end);
  bool is_settled() const;
  struct Assumed {
    const SimulationSpec* spec = nullptr;
    std::string of;  // "simulate.web"
  };
  const Assumed& assumed_of(const PodIdentity& pod);
  ProbeOutcome outcome_of(const StartProbe& probe) const;
  std::string service_text(ServiceId service) const;
  void note_pods();
  std::size_t note_steps(const Pod& pod);
  void note_progress();

  void perform(const StartSandbox& effect);
  void perform(const StartContainer& effect);
  void perform(const SignalContainer& effect);
  void perform(const KillContainer& effect);
  void perform(const StartProbe& effect);
  void perform(const StartHook& effect);
  void perform(const OpenService& effect);
  void perform(const SetEndpoint& effect);
  void perform(const RemoveEndpoint& effect);
  void perform(const DrainEndpoint& effect);
  void perform(const ReportEvent& effect);
  template <class Other>
  void perform(const Other&) {}

  Supervisor supervisor_;
  std::list<Simulations> assumptions_;      // of each version of the files, the newest last
  std::map<std::string, Assumed> assumed_;  // by replica set, or by pod and its number
  Series series_;
  std::map<ObjectRef, std::string> progress_;  // the reasons that were told
  Instant now_{};
  std::uint64_t endings_planned_ = 0;
  std::int32_t next_port_ = 40000;
  std::deque<Input> queue_;
  std::set<Ending> endings_;
  std::multimap<Instant, Saying> sayings_;
  std::unordered_map<InstanceId, Run> runs_;
  std::unordered_map<InstanceId, std::string> titles_;            // "pod/web", "pod/web container a"
  std::map<std::pair<PodId, std::string>, int> starts_;           // by pod and container
  std::unordered_map<ServiceId, std::string> services_;           // their names
  std::map<std::pair<ServiceId, PodId>, SetEndpoint> endpoints_;  // as published
  struct Seen {
    std::string name;
    std::string ip;
    bool ready = false;
    std::size_t steps = 0;  // of its leaving
  };
  std::map<PodId, Seen> seen_;
  std::vector<Happening> happenings_;
};

// "10s      pod/web  exited with code 1".
std::string timeline(const std::vector<Happening>& happenings);

// One JSON object per line.
std::string timeline_json(const std::vector<Happening>& happenings);

// How the pods stand at the end: NAME READY STATUS RESTARTS.
std::string final_state(const Supervisor& supervisor);

}  // namespace reeve::cli
