#include "api/history.hpp"

#include <algorithm>

namespace reeve::api {

void History::stop() noexcept {
  recording_ = false;
  if (!entries_.empty()) begin_ = entries_.back()->snapshot.version;
  entries_.clear();
  entries_.shrink_to_fit();
  bytes_ = 0;
}

void History::add(ChangeType type, Snapshot snapshot) {
  bytes_ += snapshot.bytes();
  entries_.push_back(std::make_shared<const HistoryEntry>(HistoryEntry{type, std::move(snapshot)}));
  while (bytes_ > bytes_max) {
    bytes_ -= entries_.front()->snapshot.bytes();
    begin_ = entries_.front()->snapshot.version;
    entries_.pop_front();
  }
}

std::shared_ptr<const HistoryEntry> History::after(std::uint64_t version) const {
  const auto found =
      std::ranges::upper_bound(entries_, version, {}, [](const auto& each) { return each->snapshot.version; });
  return found == entries_.end() ? nullptr : *found;
}

}  // namespace reeve::api
