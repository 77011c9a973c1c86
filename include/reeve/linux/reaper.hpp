#pragma once
// Collects the children that ended, ours and the orphans we were given.

#include <reeve/core/result.hpp>
#include <reeve/core/time.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace reeve::linux {

// One child that is gone for good, with what it and the children it waited for have used.
struct Reaped {
  pid_t pid;
  int wait_status;
  Duration user_time;
  Duration system_time;
  std::int64_t resident_bytes_max;
};

// The next child that has ended, or nothing. Never waits; call it until it returns nothing.
std::optional<Reaped> reap_one() noexcept;

// Orphans among our descendants become our children, as they do for PID 1.
Result<void> become_subreaper();

}  // namespace reeve::linux
