#pragma once

namespace reeve::test {

// Under a sanitizer every fork copies the page tables of its shadow memory, and all the rest is slower too.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif

// So many rounds, or a tenth of them under a sanitizer.
constexpr int rounds(int count) { return is_sanitized ? (count + 9) / 10 : count; }

}  // namespace reeve::test
