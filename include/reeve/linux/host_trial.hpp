#pragma once
// What this kernel lets us do, found by doing it in a child.

#include <cstdint>
#include <string>

namespace reeve::linux {

// Makes namespaces of these kinds (CLONE_NEW flags); 0, or the errno that it met. Without CAP_SYS_ADMIN a user
// namespace is made with them.
int try_namespaces(int kinds);

// The same, with a /proc mounted in a new pid namespace.
int try_proc_mount();

// Whether namespaces are to be had without a user namespace.
bool has_sys_admin() noexcept;

// "all", "none", "all but SYS_TIME", or "CHOWN KILL ..." of a mask as /proc/PID/status shows it; all: as many as the
// other mask has.
std::string capability_words(std::uint64_t mask, std::uint64_t all);

}  // namespace reeve::linux
