#include <reeve/core/rollout.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

namespace reeve::rollout {
namespace {

enum class Rounding { up, down };

// GetScaledValueFromIntOrPercent.
Count scaled(const IntOrString& either, Count total, Rounding rounding) {
  if (const auto* number = std::get_if<std::int32_t>(&either)) return *number;
  const Count part = percentage(either).value_or(0) * total;
  return std::min<Count>((part + (rounding == Rounding::up ? 99 : 0)) / 100, unlimited);
}

Count sum_of(std::span<const Scaled> sets) {
  return std::accumulate(sets.begin(), sets.end(), Count{0},
                         [](Count sum, const Scaled& each) { return sum + each.size; });
}

// getReplicaSetFraction: how many pods a replica set gains or loses by its share of the whole.
Count fraction(const Limits& limits, const Scaled& set, Count existing) {
  if (limits.replicas == 0) return -set.size;
  const Count before = set.max_before != 0 ? set.max_before : existing;
  if (before == 0) return 0;
  const double size =
      static_cast<double>(set.size) * static_cast<double>(limits.total_max()) / static_cast<double>(before);
  return std::llround(size) - set.size;
}

}  // namespace

std::optional<Count> percentage(const IntOrString& either) noexcept {
  const auto* text = std::get_if<std::string>(&either);
  if (text == nullptr || text->size() < 2 || text->back() != '%') return std::nullopt;
  std::uint32_t percent = 0;
  const char* const end = text->data() + text->size() - 1;
  const auto [stop, error] = std::from_chars(text->data(), end, percent);
  if (stop != end) return std::nullopt;
  return error == std::errc{} ? std::min<Count>(percent, unlimited) : unlimited;
}

Limits limits_of(const DeploymentSpec& deployment) {
  Limits limits{deployment.replicas, 0, 0};
  if (deployment.strategy.type == StrategyType::recreate) return limits;
  const RollingUpdate rolling = deployment.strategy.rolling_update.value_or(RollingUpdate{});
  limits.surge = scaled(rolling.max_surge, limits.replicas, Rounding::up);
  limits.unavailable = scaled(rolling.max_unavailable, limits.replicas, Rounding::down);
  // Both 0 would leave no way to move: percentages of small numbers round to that.
  if (limits.surge == 0 && limits.unavailable == 0) limits.unavailable = 1;
  limits.unavailable = std::min(limits.unavailable, limits.replicas);
  return limits;
}

Count size_of_newest(const Limits& limits, Count total, Count size) noexcept {
  if (size > limits.replicas) return limits.replicas;
  if (total >= limits.total_max()) return size;
  return size + std::min(limits.total_max() - total, limits.replicas - size);
}

// Unavailable new pods count against the old ones, so a revision that does not work stops its own rollout.
Count removable(const Limits& limits, Count total, Set newest) noexcept {
  return total - limits.available_min() - (newest.size - newest.available);
}

std::vector<Count> without_unhealthy(std::span<const Set> old, Count budget) {
  std::vector<Count> sizes;
  for (const Set& each : old) {
    const Count taken = std::clamp<Count>(each.size - each.available, 0, std::max<Count>(budget, 0));
    budget -= taken;
    sizes.push_back(each.size - taken);
  }
  return sizes;
}

std::vector<Count> without(std::span<const Set> old, Count budget) {
  std::vector<Count> sizes;
  for (const Set& each : old) {
    const Count taken = std::clamp<Count>(budget, 0, each.size);
    budget -= taken;
    sizes.push_back(each.size - taken);
  }
  return sizes;
}

std::vector<Count> in_proportion(const Limits& limits, std::span<const Scaled> sets, Count existing) {
  std::vector<Count> sizes(sets.size());
  std::ranges::transform(sets, sizes.begin(), &Scaled::size);
  const Count to_add = (limits.replicas > 0 ? limits.total_max() : 0) - sum_of(sets);
  if (to_add == 0 || sets.empty()) return sizes;
  // The biggest first; of equal ones the newer first to grow, the older first to shrink.
  std::vector<std::size_t> order(sets.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (to_add > 0) std::ranges::reverse(order);
  std::ranges::stable_sort(order, std::greater{}, [&](std::size_t index) { return sets[index].size; });
  Count added = 0;
  for (const std::size_t index : order) {
    const Count rest = to_add - added;
    if (rest == 0) break;
    const Count share = fraction(limits, sets[index], existing);
    const Count change = to_add > 0 ? std::min(share, rest) : std::max(share, rest);
    sizes[index] += change;
    added += change;
  }
  Count& biggest = sizes[order.front()];
  biggest = std::max<Count>(biggest + to_add - added, 0);
  return sizes;
}

bool is_complete(const Counts& counts, Count replicas) noexcept {
  return counts.updated == replicas && counts.replicas == replicas && counts.available == replicas;
}

bool has_progressed(const Counts& before, const Counts& now) noexcept {
  return now.updated > before.updated || now.replicas - now.updated < before.replicas - before.updated ||
         now.ready > before.ready || now.available > before.available;
}

}  // namespace reeve::rollout
