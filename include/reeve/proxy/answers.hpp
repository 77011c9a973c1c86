#pragma once
// How far a server's HTTP/1 answers have come, by their own words (RFC 9112, section 6.3): a pause in the middle of one
// is no quiet moment.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace reeve::proxy {

class Answers {
 public:
  // What the client says begins a request: HEAD is answered without a body.
  void asked(std::string_view said) noexcept;

  // The server said this; nothing that is not HTTP/1 is within an answer.
  void take(std::string_view said);

  // It said so much that nobody looked at.
  void skip(std::size_t count) noexcept;

  // An answer has begun, and more of it is to come.
  bool is_within() const noexcept {
    return state_ == State::head || state_ == State::body || state_ == State::until_end;
  }

 private:
  enum class State : std::uint8_t { between, head, body, until_end, unknown };

  std::string_view take_head(std::string_view said);
  std::string_view take_body(std::string_view said) noexcept;
  void begin_body(std::string_view head) noexcept;

  State state_ = State::between;
  bool is_head_only_ = false;
  bool is_chunked_ = false;
  std::array<char, 5> tail_{};         // of a chunked body
  std::uint64_t left_ = 0;             // of a counted one
  std::unique_ptr<std::string> head_;  // that came in parts, as far as it came
};

}  // namespace reeve::proxy
