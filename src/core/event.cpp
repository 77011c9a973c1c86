#include <reeve/core/event.hpp>

#include <algorithm>
#include <functional>

namespace reeve {
namespace {

constexpr Duration stored_for = seconds(3600);
constexpr Duration group_gap_max = seconds(600);
constexpr std::size_t distinct_messages_max = 10;
constexpr std::size_t groups_max = 4096;
constexpr std::string_view folded_prefix = "(combined from similar events): ";

void mix(std::size_t& hash, std::string_view text) {
  hash ^= std::hash<std::string_view>()(text) + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2);
}

// Source, object without field path, type and reason: the group in which messages are counted.
std::size_t group_key(const Event& event) {
  std::size_t hash = static_cast<std::size_t>(event.object.kind) * 2 + static_cast<std::size_t>(event.type);
  mix(hash, event.object.name_space);
  mix(hash, event.object.name);
  mix(hash, event.source);
  mix(hash, event.reason);
  return hash;
}

bool is_folded(const Event& event) { return event.message.starts_with(folded_prefix); }

std::size_t event_key(const Event& event) {
  std::size_t hash = group_key(event);
  if (is_folded(event)) return hash;
  mix(hash, event.field_path);
  mix(hash, event.message);
  return hash;
}

// All folded events of a group share one stored event.
bool alike(const Event& a, const Event& b) {
  if (a.object != b.object || a.type != b.type || a.source != b.source || a.reason != b.reason) return false;
  if (is_folded(a) && is_folded(b)) return true;
  return a.field_path == b.field_path && a.message == b.message;
}

}  // namespace

const Event& EventLog::record(Event event, Instant now) {
  while (!events_.empty() && now - events_.front().last > stored_for) drop_oldest();
  if (folds(event, now)) event.message = std::string(folded_prefix) + event.message;
  const std::size_t key = event_key(event);
  if (const auto stored = find(key, event); stored != events_.end()) {
    stored->count += 1;
    stored->last = now;
    stored->message = std::move(event.message);
    events_.splice(events_.end(), events_, stored);
    return *stored;
  }
  if (!events_.empty() && events_.size() >= events_max_) drop_oldest();
  event.count = 1;
  event.id = ++ids_;
  event.first = event.last = now;
  events_.push_back(std::move(event));
  by_key_.emplace(key, std::prev(events_.end()));
  return events_.back();
}

std::vector<const Event*> EventLog::about(const ObjectRef& object) const {
  std::vector<const Event*> found;
  for (const Event& event : events_) {
    if (event.object == object) found.push_back(&event);
  }
  return found;
}

// Recent ones stand at the end, and it is recent ones that are asked for.
const Event* EventLog::find(std::uint64_t id) const noexcept {
  const auto found = std::find_if(events_.rbegin(), events_.rend(), [id](const Event& each) { return each.id == id; });
  return found == events_.rend() ? nullptr : &*found;
}

// Recording moves an event to the end, so no more than as many as were recorded have to be looked at.
void EventLog::stamp(std::span<const std::uint64_t> recorded, std::uint64_t first) {
  std::unordered_map<std::uint64_t, Event*> newest;
  for (auto each = events_.rbegin(); each != events_.rend() && newest.size() < recorded.size(); ++each) {
    newest.emplace(each->id, &*each);
  }
  for (const std::uint64_t id : recorded) {
    const auto found = newest.find(id);
    if (found != newest.end()) found->second->version = first;
    first += 1;
  }
}

void EventLog::drop_oldest() {
  const auto oldest = events_.begin();
  const auto [first, last] = by_key_.equal_range(event_key(*oldest));
  const auto entry = std::find_if(first, last, [&](const auto& each) { return each.second == oldest; });
  if (entry != last) by_key_.erase(entry);
  if (keeps_expired_) expired_.push_back(std::move(*oldest));
  events_.erase(oldest);
}

// Remembers the event's message in its group; true once the group holds too many different ones.
bool EventLog::folds(const Event& event, Instant now) {
  if (groups_.size() >= groups_max) {
    std::erase_if(groups_, [&](const auto& each) { return now - each.second.last > group_gap_max; });
    if (groups_.size() >= groups_max) groups_.clear();
  }
  Group& group = groups_[group_key(event)];
  if (now - group.last > group_gap_max) group.messages.clear();
  group.last = now;
  const std::size_t message = std::hash<std::string>()(event.message);
  if (std::ranges::find(group.messages, message) == group.messages.end() &&
      group.messages.size() < distinct_messages_max) {
    group.messages.push_back(message);
  }
  return group.messages.size() >= distinct_messages_max;
}

std::list<Event>::iterator EventLog::find(std::size_t key, const Event& event) {
  const auto [first, last] = by_key_.equal_range(key);
  const auto entry = std::find_if(first, last, [&](const auto& each) { return alike(*each.second, event); });
  return entry == last ? events_.end() : entry->second;
}

}  // namespace reeve
