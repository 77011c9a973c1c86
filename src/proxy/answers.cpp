#include <reeve/proxy/answers.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

namespace reeve::proxy {
namespace {

constexpr std::string_view version = "HTTP/1.", end_of_head = "\r\n\r\n", last_chunk = "0\r\n\r\n";
constexpr std::size_t head_bytes_max = 64 * 1024;

bool is_equal_but_for_case(std::string_view one, std::string_view other) noexcept {
  return std::ranges::equal(one, other,
                            [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

// The value of a field of a head, without blanks around it.
std::optional<std::string_view> field(std::string_view head, std::string_view name) noexcept {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at)) {
    at += 2;
    const std::string_view line = head.substr(at, head.find("\r\n", at) - at);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_equal_but_for_case(line.substr(0, colon), name)) continue;
    const std::size_t begin = std::min(line.find_first_not_of(" \t", colon + 1), line.size());
    const std::size_t end = line.find_last_not_of(" \t") + 1;
    return line.substr(begin, end > begin ? end - begin : 0);
  }
  return std::nullopt;
}

}  // namespace

void Answers::asked(std::string_view said) noexcept { is_head_only_ = said.starts_with("HEAD "); }

void Answers::take(std::string_view said) {
  while (!said.empty()) {
    const bool is_answer = said.substr(0, version.size()) == version.substr(0, said.size());
    if (state_ == State::unknown && is_answer) state_ = State::between;
    if (state_ == State::between) state_ = is_answer ? State::head : State::unknown;
    if (state_ == State::unknown || state_ == State::until_end) return;
    said = state_ == State::head ? take_head(said) : take_body(said);
  }
}

void Answers::skip(std::size_t count) noexcept {
  if (state_ != State::body) {
    if (state_ != State::until_end) state_ = State::unknown;
  } else if (is_chunked_ || count > left_) {
    state_ = State::unknown;
  } else {
    left_ -= count;
    if (left_ == 0) state_ = State::between;
  }
  head_.reset();
}

// Gives back what follows it.
std::string_view Answers::take_head(std::string_view said) {
  if (head_ == nullptr) {
    const std::size_t end = said.find(end_of_head);
    if (end != std::string_view::npos) {
      begin_body(said.substr(0, end));
      return said.substr(end + end_of_head.size());
    }
    head_ = std::make_unique<std::string>();
  }
  const std::size_t before = head_->size();
  head_->append(said);
  const std::size_t end = head_->find(end_of_head);
  if (end == std::string::npos) {
    if (head_->size() > head_bytes_max) skip(0);
    return {};
  }
  begin_body(std::string_view(*head_).substr(0, end));
  head_.reset();
  return said.substr(end + end_of_head.size() - before);
}

// 101 is the last that is said in HTTP/1.
void Answers::begin_body(std::string_view head) noexcept {
  const std::string_view status = head.substr(std::min<std::size_t>(head.size(), 9), 3);
  is_chunked_ = false;
  left_ = 0;
  state_ = State::between;
  if (status.starts_with('1')) return;
  if (is_head_only_ || status == "204" || status == "304") return;
  if (const auto coding = field(head, "transfer-encoding")) {
    is_chunked_ =
        is_equal_but_for_case(coding->substr(coding->size() - std::min<std::size_t>(coding->size(), 7)), "chunked");
    state_ = is_chunked_ ? State::body : State::until_end;
    tail_ = {};
    return;
  }
  const auto length = field(head, "content-length");
  if (!length) {
    state_ = State::until_end;
    return;
  }
  const auto [end, error] = std::from_chars(length->data(), length->data() + length->size(), left_);
  if (error != std::errc{} || end != length->data() + length->size()) {
    state_ = State::unknown;
  } else if (left_ > 0) {
    state_ = State::body;
  }
}

// Gives back what follows it. Of a chunked body its end is seen only where a chunk of bytes ends: nothing follows it
// before the next request, but for those who do not wait.
std::string_view Answers::take_body(std::string_view said) noexcept {
  if (!is_chunked_) {
    const std::size_t taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, said.size()));
    left_ -= taken;
    if (left_ == 0) state_ = State::between;
    return said.substr(taken);
  }
  const std::size_t news = std::min(said.size(), tail_.size());
  std::rotate(tail_.begin(), tail_.begin() + static_cast<std::ptrdiff_t>(news), tail_.end());
  std::ranges::copy(said.substr(said.size() - news), tail_.end() - static_cast<std::ptrdiff_t>(news));
  if (std::string_view(tail_.data(), tail_.size()) == last_chunk) state_ = State::between;
  return {};
}

}  // namespace reeve::proxy
