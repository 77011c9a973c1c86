#include <reeve/proxy/balancer.hpp>

#include <reeve/core/result.hpp>

#include <algorithm>
#include <utility>

namespace reeve::proxy {
namespace {

bool contains(std::span<const PodId> pods, PodId pod) { return std::ranges::find(pods, pod) != pods.end(); }

}  // namespace

std::optional<PodId> Affinity::find(const Client& client, Instant now) const {
  const auto found = by_client_.find(client);
  if (found == by_client_.end() || found->second->until <= now) return std::nullopt;
  return found->second->pod;
}

void Affinity::remember(const Client& client, PodId pod, Instant now) {
  if (const auto found = by_client_.find(client); found != by_client_.end()) {
    *found->second = Record{client, pod, now + timeout_};
    records_.splice(records_.end(), records_, found->second);
    return;
  }
  records_.push_back(Record{client, pod, now + timeout_});
  by_client_.emplace(client, std::prev(records_.end()));
  // the timeout is the same for all, so the first is also the first to expire
  while (records_.size() > clients_max_ || records_.front().until <= now) {
    by_client_.erase(records_.front().client);
    records_.pop_front();
  }
}

Balancer::Balancer(const BalancerOptions& options) { configure(options); }

void Balancer::configure(const BalancerOptions& options) {
  balancing_ = options.balancing;
  if (options.client_ip_affinity == affinity_timeout_) return;
  affinity_timeout_ = options.client_ip_affinity;
  affinity_.reset();
  if (affinity_timeout_) affinity_.emplace(*affinity_timeout_, options.affinity_clients_max);
}

Balancer::Tier* Balancer::tier_of(const Entry& entry) noexcept {
  if (entry.removed) return nullptr;
  if (entry.endpoint.ready) return &ready_;
  if (entry.endpoint.serving && entry.endpoint.terminating) return &leaving_;
  return nullptr;
}

void Balancer::move(Entry& entry, Tier* tier) {
  if (entry.tier == tier) return;
  if (entry.tier != nullptr) {
    std::vector<Entry*>& members = entry.tier->members;
    members[entry.position] = members.back();
    members[entry.position]->position = entry.position;
    members.pop_back();
    entry.tier->ranking.erase(entry.rank());
  }
  entry.tier = tier;
  if (tier == nullptr) return;
  entry.position = tier->members.size();
  tier->members.push_back(&entry);
  tier->ranking.insert(entry.rank());
}

void Balancer::set(const Endpoint& endpoint) {
  Entry& entry = entries_[endpoint.pod];
  entry.endpoint = endpoint;
  entry.removed = false;
  move(entry, tier_of(entry));
}

void Balancer::remove(PodId pod) {
  const auto found = entries_.find(pod);
  if (found == entries_.end()) return;
  found->second.removed = true;
  found->second.endpoint.network.reset();
  move(found->second, nullptr);
  if (found->second.connections == 0) entries_.erase(found);
}

void Balancer::remove_all() {
  for (auto at = entries_.begin(); at != entries_.end();) remove((at++)->first);
}

bool Balancer::is_choosable(PodId pod) const noexcept {
  const auto found = entries_.find(pod);
  if (found == entries_.end() || found->second.tier == nullptr) return false;
  return found->second.tier == &ready_ || ready_.members.empty();
}

const Endpoint* Balancer::find(PodId pod) const noexcept {
  const auto found = entries_.find(pod);
  return found == entries_.end() || found->second.removed ? nullptr : &found->second.endpoint;
}

void Balancer::rerank(Entry& entry, std::size_t connections, std::uint64_t chosen_at) {
  std::set<Rank>::node_type node;
  if (entry.tier != nullptr) node = entry.tier->ranking.extract(entry.rank());
  entry.connections = connections;
  entry.chosen_at = chosen_at;
  if (!node) return;
  node.value() = entry.rank();
  entry.tier->ranking.insert(std::move(node));
}

void Balancer::acquire(PodId pod) {
  const auto found = entries_.find(pod);
  REEVE_CHECK(found != entries_.end());
  rerank(found->second, found->second.connections + 1, found->second.chosen_at);
}

void Balancer::release(PodId pod) {
  const auto found = entries_.find(pod);
  REEVE_CHECK(found != entries_.end() && found->second.connections > 0);
  rerank(found->second, found->second.connections - 1, found->second.chosen_at);
  if (found->second.removed && found->second.connections == 0) entries_.erase(found);
}

std::size_t Balancer::connections(PodId pod) const noexcept {
  const auto found = entries_.find(pod);
  return found == entries_.end() ? 0 : found->second.connections;
}

Balancer::Entry* Balancer::choose_affine(const std::optional<Affinity::Client>& client, Instant now,
                                         std::span<const PodId> tried) {
  if (!affinity_ || !client) return nullptr;
  const std::optional<PodId> pod = affinity_->find(*client, now);
  if (!pod || contains(tried, *pod) || !is_choosable(*pod)) return nullptr;
  return &entries_.at(*pod);
}

Balancer::Entry* Balancer::least_loaded(Tier& tier, std::span<const PodId> tried) {
  for (const Rank& rank : tier.ranking) {
    Entry* const entry = std::get<Entry*>(rank);
    if (!contains(tried, entry->endpoint.pod)) return entry;
  }
  return nullptr;
}

Balancer::Entry* Balancer::first_from(Tier& tier, std::size_t start, std::span<const PodId> tried) {
  for (std::size_t step = 0; step < tier.members.size(); ++step) {
    Entry* const entry = tier.members[(start + step) % tier.members.size()];
    if (!contains(tried, entry->endpoint.pod)) return entry;
  }
  return nullptr;
}

const Endpoint* Balancer::choose(const std::optional<Affinity::Client>& client, Instant now, Random& random,
                                 std::span<const PodId> tried) {
  Tier& tier = current();
  if (tier.members.empty()) return nullptr;
  Entry* chosen = choose_affine(client, now, tried);
  if (chosen == nullptr) {
    switch (balancing_) {
      case Balancing::least_connections:
        chosen = least_loaded(tier, tried);
        break;
      case Balancing::round_robin:
        chosen = first_from(tier, tier.next++, tried);
        break;
      case Balancing::random:
        chosen = first_from(tier, random.below(tier.members.size()), tried);
        break;
    }
  }
  if (chosen == nullptr) return nullptr;
  // equals take turns: whoever was chosen now comes last among them
  rerank(*chosen, chosen->connections, ++choices_);
  if (affinity_ && client) affinity_->remember(*client, chosen->endpoint.pod, now);
  return &chosen->endpoint;
}

}  // namespace reeve::proxy
