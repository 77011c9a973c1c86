#include <reeve/core/deletion_order.hpp>

#include <algorithm>
#include <bit>
#include <charconv>

namespace reeve {
namespace {

constexpr const char* cost_annotation = "controller.kubernetes.io/pod-deletion-cost";

// GetDeletionCostFromPodAnnotations: what is no number counts as none.
std::int32_t cost_of(const Pod& pod) {
  const auto found = pod.metadata().annotations.find(cost_annotation);
  if (found == pod.metadata().annotations.end()) return 0;
  const std::string& text = found->second;
  std::int32_t cost = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), cost);
  return error == std::errc{} && end == text.data() + text.size() ? cost : 0;
}

// The whole part of the logarithm of an age in nanoseconds; -1 for none.
int log2_of(Duration age) {
  return age > Duration{0} ? static_cast<int>(std::bit_width(static_cast<std::uint64_t>(age.count()))) - 1 : -1;
}

// When the age since then reaches the next power of two.
Instant next_power(Instant since, int log2) {
  return log2 >= 62 ? Instant::max() : later(since, Duration(std::int64_t{1} << (log2 + 1)));
}

}  // namespace

void DeletionOrder::rank(Place& place, Instant now) {
  Rank& rank = place.rank;
  rank.ready_age = rank.ready ? log2_of(now - place.ready_since) : 0;
  rank.age = log2_of(now - place.created);
  place.ripens = next_power(place.created, rank.age);
  if (rank.ready) place.ripens = std::min(place.ripens, next_power(place.ready_since, rank.ready_age));
}

void DeletionOrder::insert(PodId pod, Place& place, Instant now) {
  rank(place, now);
  ranks_.insert(place.rank);
  ripening_.insert({place.ripens, pod});
}

void DeletionOrder::remove(PodId pod, const Place& place) {
  ranks_.erase(place.rank);
  ripening_.erase({place.ripens, pod});
}

void DeletionOrder::put(const Pod& pod, bool available, Instant now) {
  const auto [found, is_new] = places_.try_emplace(pod.id());
  Place& place = found->second;
  if (!is_new) remove(pod.id(), place);
  place.rank = {pod.phase() != Phase::pending,
                pod.is_ready(),
                available,
                cost_of(pod),
                0,
                -pod.restart_count(),
                0,
                pod.identity().uid,
                pod.id()};
  place.ready_since = pod.ready_since();
  place.created = pod.created();
  insert(pod.id(), place, now);
}

void DeletionOrder::erase(PodId pod) {
  const auto found = places_.find(pod);
  if (found == places_.end()) return;
  remove(pod, found->second);
  places_.erase(found);
}

std::vector<PodId> DeletionOrder::first(std::size_t count, Instant now) {
  while (!ripening_.empty() && ripening_.begin()->first <= now) {
    const PodId pod = ripening_.begin()->second;
    Place& place = places_.at(pod);
    remove(pod, place);
    insert(pod, place, now);
  }
  std::vector<PodId> chosen;
  for (auto each = ranks_.begin(); each != ranks_.end() && chosen.size() < count; ++each) chosen.push_back(each->pod);
  return chosen;
}

}  // namespace reeve
