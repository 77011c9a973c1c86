#pragma once
// Whether what is to outlive reeve is on disk.

#include <cstdint>
#include <string>

namespace reeve::runtime {

// Versions of what is to be kept count from 0, which is what was found at the start.
struct StateStatus {
  std::string directory;     // empty: nothing is kept
  std::uint64_t wanted = 0;  // the newest
  std::uint64_t tried = 0;   // what the last write that ended was about
  std::uint64_t kept = 0;    // survives a loss of power
  std::string problem;       // of that write; empty: there was none

  enum class Fate { kept, pending, failed };
  Fate fate_of(std::uint64_t version) const noexcept {
    if (directory.empty() || version <= kept) return Fate::kept;
    return version <= tried ? Fate::failed : Fate::pending;
  }
};

}  // namespace reeve::runtime
