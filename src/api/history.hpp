#pragma once
// The newest changes of one kind of object, for watchers to read at their own pace.

#include "api/snapshot.hpp"

#include <deque>
#include <memory>

namespace reeve::api {

struct HistoryEntry {
  ChangeType type = ChangeType::modified;
  Snapshot snapshot;
};

class History {
 public:
  static constexpr std::size_t bytes_max = 8 * 1024 * 1024;

  bool is_recording() const noexcept { return recording_; }
  void record_from_here_on() noexcept { recording_ = true; }
  // Forgets everything: nobody asked for a long time.
  void stop() noexcept;

  void add(ChangeType type, Snapshot snapshot);
  // A change that nobody recorded: who knows less has missed it.
  void skip(std::uint64_t version) noexcept { begin_ = version; }

  // Whether all changes after this version are known.
  bool reaches_back_to(std::uint64_t version) const noexcept { return version >= begin_; }
  // The first change after this version, or nothing yet.
  std::shared_ptr<const HistoryEntry> after(std::uint64_t version) const;

  std::size_t bytes() const noexcept { return bytes_; }

 private:
  bool recording_ = false;
  std::uint64_t begin_ = 0;
  std::size_t bytes_ = 0;
  std::deque<std::shared_ptr<const HistoryEntry>> entries_;
};

}  // namespace reeve::api
