#include "cli/simulation_series.hpp"

#include <reeve/core/text.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdio>

namespace reeve::cli {
namespace json = boost::json;
namespace {

constexpr std::size_t columns = 64;
constexpr rollout::Count rows_max = 12;

Sample sample_of(const Deployment& deployment, Instant now) {
  const rollout::Limits limits = rollout::limits_of(deployment.object().spec);
  const rollout::Counts& counts = deployment.counts();
  return {now, limits.replicas, limits.available_min(), counts.available, counts.updated, counts.replicas};
}

bool is_same(const Sample& one, Sample other) {
  other.at = one.at;
  return one.desired == other.desired && one.minimum == other.minimum && one.available == other.available &&
         one.updated == other.updated && one.existing == other.existing;
}

// What was so at an instant.
const Sample& at(const std::vector<Sample>& samples, Instant instant) {
  const auto after = std::ranges::upper_bound(samples, instant, {}, &Sample::at);
  return after == samples.begin() ? samples.front() : *std::prev(after);
}

// What the columns stand for.
struct Span {
  Instant begin;
  Duration step{};

  Instant at(std::size_t column) const { return begin + step * static_cast<std::int64_t>(column); }
};

// The update and a little around it; to the end, where it did not come through. How the first revision came is left
// out.
Span span_of(const Rolled& rolled, Instant end) {
  const std::vector<Sample>& samples = rolled.samples;
  const Sample& last = samples.back();
  const bool is_through = last.available >= last.desired && last.updated >= last.desired;
  const Instant until = is_through ? std::max(last.at, rolled.begin) : end;
  const Duration lead = std::max<Duration>((until - rolled.begin) / 8, seconds(1));
  const auto full = std::ranges::find_if(samples, [](const Sample& each) { return each.available >= each.desired; });
  const Instant earliest = full == samples.end() ? Instant{} : std::min(full->at, rolled.begin);
  const Instant from = std::max(rolled.begin - lead, earliest);
  const Instant to = std::max(std::min(until + lead, end), from + seconds(1));
  return {from, (to - from) / static_cast<std::int64_t>(columns)};
}

// The least that was available within a column.
rollout::Count least(const std::vector<Sample>& samples, const Span& span, std::size_t column) {
  rollout::Count least = at(samples, span.at(column)).available;
  for (const Sample& each : samples) {
    if (each.at > span.at(column) && each.at < span.at(column + 1)) least = std::min(least, each.available);
  }
  return least;
}

char mark(const std::vector<Sample>& samples, const Span& span, std::size_t column, rollout::Count row) {
  const Sample& now = at(samples, span.at(column));
  if (least(samples, span, column) >= row) return '#';
  if (now.desired == row) return '=';
  return now.minimum == row ? '-' : ' ';
}

std::string time_text(Instant instant) {
  char text[32];
  std::snprintf(text, sizeof text, "%.0fs", std::chrono::duration<double>(instant.time_since_epoch()).count());
  return text;
}

std::string axis(const Span& span) {
  const std::string from = time_text(span.begin), to = time_text(span.at(columns));
  const std::size_t gap = columns > from.size() + to.size() ? columns - from.size() - to.size() : 1;
  return "      +" + std::string(columns, '-') + "\n       " + from + std::string(gap, ' ') + to + "\n";
}

json::value seconds_of(Duration duration) {
  if (duration % seconds(1) == Duration{0}) return whole_seconds(duration);
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

void Series::look(const Supervisor& supervisor, Instant now) {
  for (const auto& [name, deployment] : supervisor.deployments()) {
    Kept& kept = kept_["deployment/" + name.name];
    if (kept.revision == 1 && deployment->revision() > 1) kept.rolled.begin = now;
    kept.revision = std::max(kept.revision, deployment->revision());
    const Sample sample = sample_of(*deployment, now);
    std::vector<Sample>& all = kept.rolled.samples;
    if (!all.empty() && is_same(all.back(), sample)) continue;
    if (!all.empty() && all.back().at == now) {
      all.back() = sample;
    } else {
      all.push_back(sample);
    }
  }
}

std::map<std::string, Rolled> Series::rolled() const {
  std::map<std::string, Rolled> rolled;
  for (const auto& [name, kept] : kept_) {
    if (kept.revision > 1) rolled.emplace(name, kept.rolled);
  }
  return rolled;
}

std::string plot(const std::string& deployment, const Rolled& rolled, Instant end) {
  const std::vector<Sample>& samples = rolled.samples;
  const Span span = span_of(rolled, end);
  rollout::Count top = 1;
  for (const Sample& each : samples) top = std::max({top, each.available, each.desired});
  const rollout::Count each_row = (top + rows_max - 1) / rows_max;
  std::string text = deployment + ": # available, = desired, - fewest allowed\n";
  for (rollout::Count row = (top + each_row - 1) / each_row * each_row; row > 0; row -= each_row) {
    char head[32];
    std::snprintf(head, sizeof head, "%5lld |", static_cast<long long>(row));
    std::string line = head;
    for (std::size_t column = 0; column < columns; ++column) line += mark(samples, span, column, row);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text + axis(span);
}

std::string series_json(const std::string& deployment, const std::vector<Sample>& samples) {
  json::array list;
  for (const Sample& each : samples) {
    list.push_back(json::object{{"seconds", seconds_of(each.at.time_since_epoch())},
                                {"desired", each.desired},
                                {"minimum", each.minimum},
                                {"available", each.available},
                                {"updated", each.updated},
                                {"existing", each.existing}});
  }
  return json::serialize(json::object{{"object", deployment}, {"what", "series"}, {"series", std::move(list)}}) + '\n';
}

}  // namespace reeve::cli
