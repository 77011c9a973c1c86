#include "linux/heap_range.hpp"

#include <reeve/linux/fd.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace reeve::linux {
namespace {

constexpr std::uintptr_t page_bytes = 4096;

// start_brk: field 47 of /proc/PID/stat, counted from the state that follows the name in brackets (proc(5)).
std::uintptr_t start_of_heap() {
  const auto stat = read_file("/proc/self/stat", 4096);
  if (!stat) return 0;
  std::size_t at = stat->rfind(')');
  for (int field = 3; field <= 47 && at != std::string::npos; ++field) at = stat->find(' ', at + 1);
  return at == std::string::npos ? 0 : static_cast<std::uintptr_t>(std::strtoull(stat->c_str() + at, nullptr, 10));
}

}  // namespace

HeapRange find_heap() noexcept {
  static const std::uintptr_t start = start_of_heap();
  const auto end = reinterpret_cast<std::uintptr_t>(::sbrk(0));
  if (start == 0 || end <= start) return {};
  std::uintptr_t begin = start;
  // Thread-local storage ends a little behind the thread pointer.
  const auto thread = reinterpret_cast<std::uintptr_t>(__builtin_thread_pointer());
  if (thread >= start && thread < end) begin = thread + 2 * page_bytes;
  begin = (begin + page_bytes - 1) / page_bytes * page_bytes;
  if (begin >= end) return {};
  return {static_cast<char*>(::sbrk(0)) - (end - begin), end - begin};
}

}  // namespace reeve::linux
