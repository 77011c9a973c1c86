#pragma once
// Finds and ends all descendants of the calling process. Only system calls: usable after a clone.

#include <sys/types.h>

#include <cstddef>

namespace reeve::linux {

// Pids in memory straight from the kernel, for there is no allocator after a clone.
class PidList {
 public:
  PidList() noexcept = default;
  PidList(const PidList&) = delete;
  PidList& operator=(const PidList&) = delete;
  ~PidList();

  bool push(pid_t pid) noexcept;  // false: no memory
  void clear() noexcept { size_ = 0; }
  std::size_t size() const noexcept { return size_; }
  pid_t operator[](std::size_t index) const noexcept { return pids_[index]; }

 private:
  pid_t* pids_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

enum class ListedBy {
  children_files,  // /proc/<pid>/task/<tid>/children
  stat_files,      // the parent in every /proc/<pid>/stat, for kernels without the former
};

// Lists root and then its descendants, zombies too. False when /proc or memory is not to be had. A process that forks
// meanwhile may be missed: look again.
bool list_tree(PidList& tree, pid_t root, ListedBy listed_by) noexcept;

// The parent of a process; 0 where it is gone or has none that we see.
pid_t parent_of(pid_t pid) noexcept;

// Whether /proc speaks of our own pid namespace, without which pids read there are somebody else's.
bool proc_is_ours() noexcept;

// Sends a signal to every descendant there is now. False when /proc could not be read.
bool signal_descendants(int signal_number) noexcept;

// Stops and then kills every descendant there is now. Those that were missed come to the calling subreaper when their
// parents die: wait for children and do it again until there are none. False when /proc could not be read.
bool kill_descendants() noexcept;

}  // namespace reeve::linux
