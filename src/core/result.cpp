#include <reeve/core/result.hpp>

#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace reeve {

std::string Error::message() const {
  if (code == 0) return what;
  return what + ": " + std::generic_category().message(code);
}

Error Error::within(std::string_view where) && {
  what = std::string(where) + ": " + what;
  return std::move(*this);
}

void check_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "reeve: %s:%d: broken promise: %s\n", file, line, condition);
  std::abort();
}

}  // namespace reeve
