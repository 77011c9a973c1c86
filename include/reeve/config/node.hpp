#pragma once
// What TOML, YAML and JSON all become: one tree of values that remembers where each stood in its file.

#include <tl/expected.hpp>

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace reeve::config {

// A place in a text; both count from 1, columns in characters. Line 0: the file as a whole.
struct Position {
  int line = 0;
  int column = 0;
  auto operator<=>(const Position&) const = default;
};

// Something wrong at a place.
struct Fault {
  Position position;
  std::string text;
};

// A TOML date or time; no key of ours takes one.
struct Moment {
  std::string text;
};

struct Entry;

struct Node {
  using Sequence = std::vector<Node>;
  using Map = std::vector<Entry>;  // in the order of the file; keys are unique

  std::variant<std::monostate, bool, std::int64_t, double, std::string, Moment, Sequence, Map> value;
  Position position;
  std::string header;  // of a TOML table with a header of its own: "[pod.web.env]"

  bool is_null() const noexcept { return std::holds_alternative<std::monostate>(value); }
  const std::string* text() const noexcept { return std::get_if<std::string>(&value); }
  const Sequence* sequence() const noexcept { return std::get_if<Sequence>(&value); }
  const Map* map() const noexcept { return std::get_if<Map>(&value); }
  Map* map() noexcept { return std::get_if<Map>(&value); }

  // The value of a key of a map, or nullptr.
  const Node* find(std::string_view key) const noexcept;
};

struct Entry {
  std::string key;
  Position position;  // of the key
  Node value;
};

// Which words a file's author uses: TOML has tables, Kubernetes' manifests have objects.
enum class Dialect { toml, kubernetes };

// "an integer", "a string", "a table".
std::string_view type_name(const Node& node, Dialect dialect) noexcept;

// Removes a key from a map and returns its value; null where there is none.
Node take(Node::Map& map, std::string_view key);

// Bounds that hold for every front end.
inline constexpr std::size_t file_bytes_max = 1048576;
inline constexpr int depth_max = 100;

// What is wrong with a text before any parser sees it: too long, NUL bytes, not UTF-8. Line 0: nothing.
Fault text_fault(std::string_view text);

// The position of a byte of a text.
Position position_of(std::string_view text, std::size_t offset) noexcept;

// Front ends. Each returns the first syntax error; a key given twice is one.
tl::expected<Node, Fault> read_toml(std::string_view text);
tl::expected<std::vector<Node>, Fault> read_yaml(std::string_view text);  // one node for each document
tl::expected<Node, Fault> read_json(std::string_view text);

}  // namespace reeve::config
