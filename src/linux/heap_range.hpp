#pragma once
// Where the C library keeps this process's heap, so that a fork that needs none of it can let go of the copy.

#include <cstddef>

namespace reeve::linux {

struct HeapRange {
  char* begin = nullptr;
  std::size_t bytes = 0;
};

// The pages between the start of the heap and its current end, less those that may hold thread-local storage (a static
// binary has it there). Empty where it cannot be told, as under a sanitizer.
HeapRange find_heap() noexcept;

}  // namespace reeve::linux
