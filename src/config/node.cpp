#include <reeve/config/node.hpp>

#include <algorithm>

namespace reeve::config {
namespace {

// How many bytes the UTF-8 character at the start of a text has; 0: it is none (RFC 3629).
std::size_t character_bytes(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool overlong = first == 0xe0 && byte(1) < 0xa0;
    const bool surrogate = first == 0xed && byte(1) > 0x9f;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool overlong = first == 0xf0 && byte(1) < 0x90;
    const bool too_big = first == 0xf4 && byte(1) > 0x8f;
    return follows(1) && follows(2) && follows(3) && !overlong && !too_big ? 4 : 0;
  }
  return 0;
}

}  // namespace

const Node* Node::find(std::string_view key) const noexcept {
  const Map* const entries = map();
  if (entries == nullptr) return nullptr;
  const auto found = std::ranges::find(*entries, key, &Entry::key);
  return found == entries->end() ? nullptr : &found->value;
}

std::string_view type_name(const Node& node, Dialect dialect) noexcept {
  constexpr std::string_view names[] = {"null",     "a boolean",      "an integer", "a fraction",
                                        "a string", "a date or time", "a list",     "a table"};
  if (node.map() != nullptr && dialect == Dialect::kubernetes) return "an object";
  return names[node.value.index()];
}

Node take(Node::Map& map, std::string_view key) {
  const auto found = std::ranges::find(map, key, &Entry::key);
  if (found == map.end()) return {};
  Node node = std::move(found->value);
  map.erase(found);
  return node;
}

Position position_of(std::string_view text, std::size_t offset) noexcept {
  Position position{1, 1};
  for (const char c : text.substr(0, offset)) {
    const bool inside_character = (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
    if (c == '\n') {
      ++position.line;
      position.column = 1;
    } else if (!inside_character) {
      ++position.column;
    }
  }
  return position;
}

Fault text_fault(std::string_view text) {
  if (text.size() > file_bytes_max) {
    return {{1, 1}, "the file is larger than 1 MiB, which is the most reeve reads: split it"};
  }
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\0') return {position_of(text, i), "a NUL byte: this is not a text file"};
    const std::size_t bytes = character_bytes(text.substr(i, 4));
    if (bytes == 0) return {position_of(text, i), "this is not UTF-8 text: save the file as UTF-8"};
    i += bytes;
  }
  return {};
}

}  // namespace reeve::config
