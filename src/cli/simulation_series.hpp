#pragma once
// How many pods of each deployment were available over time.

#include <reeve/core/supervisor.hpp>

#include <map>
#include <string>
#include <vector>

namespace reeve::cli {

// From an instant on.
struct Sample {
  Instant at;
  rollout::Count desired = 0;
  rollout::Count minimum = 0;  // what the strategy allows while it updates
  rollout::Count available = 0;
  rollout::Count updated = 0;
  rollout::Count existing = 0;
};

struct Rolled {
  Instant begin;  // of its second revision
  std::vector<Sample> samples;
};

class Series {
 public:
  // Keeps what changed; the last of an instant stands.
  void look(const Supervisor& supervisor, Instant now);

  // By deployment, those alone that went from one revision to another.
  std::map<std::string, Rolled> rolled() const;

 private:
  struct Kept {
    std::int64_t revision = 0;
    Rolled rolled;
  };
  std::map<std::string, Kept> kept_;
};

// A plot of what was available, of what was wanted and of what was allowed.
std::string plot(const std::string& deployment, const Rolled& rolled, Instant end);

// One JSON object in a line.
std::string series_json(const std::string& deployment, const std::vector<Sample>& samples);

}  // namespace reeve::cli
