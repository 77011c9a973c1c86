#pragma once
// Errors as values: what was tried and the errno it met, kept together.

#include <tl/expected.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace reeve {

// Says what could not be done: "cannot open /etc/web", and the errno that says why (0: the text says it all).
struct Error {
  std::string what;
  int code = 0;

  // "cannot open /etc/web: Permission denied".
  std::string message() const;

  // The same error, told by somebody further out: "start web-1: cannot open /etc/web".
  Error within(std::string_view where) &&;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(std::string what, int code = 0) {
  return tl::unexpected<Error>(Error{std::move(what), code});
}

// Ends the program: we were wrong, and nothing after this can be trusted.
[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace reeve

// A condition that only a mistake of ours can break; on in every build.
#define REEVE_CHECK(condition) \
  (static_cast<bool>(condition) ? void(0) : ::reeve::check_failed(#condition, __FILE__, __LINE__))

#define REEVE_TRY_CONCAT_(a, b) a##b
#define REEVE_TRY_NAME_(line) REEVE_TRY_CONCAT_(reeve_try_, line)
#define REEVE_TRY_IMPL_(name, target, expression)                              \
  auto name = (expression);                                                    \
  if (!name) return ::tl::unexpected<::reeve::Error>(std::move(name).error()); \
  target = *std::move(name)

// REEVE_TRY(const UniqueFd fd, open_for_reading(path)): the value, or return the error.
#define REEVE_TRY(target, expression) REEVE_TRY_IMPL_(REEVE_TRY_NAME_(__LINE__), target, expression)

// REEVE_TRY_VOID(mount_proc()): go on, or return the error.
#define REEVE_TRY_VOID(expression)                                               \
  do {                                                                           \
    if (auto reeve_outcome = (expression); !reeve_outcome)                       \
      return ::tl::unexpected<::reeve::Error>(std::move(reeve_outcome).error()); \
  } while (false)
