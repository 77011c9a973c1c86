// TOML to nodes. The one place that sees toml++.
#define TOML_EXCEPTIONS 0
// A mistake in a file must not end the supervisor: toml++ 3.3 asserts where it could report ("[&", tomlplusplus#294).
#ifndef TOML_ASSERT
#define TOML_ASSERT(expression) static_assert(true)
#endif
#include <reeve/config/node.hpp>

#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

namespace reeve::config {
namespace {

constexpr int key_parts_max = 32;
constexpr int brackets_max = 32;

// Looks over a text for what toml++ cannot bear: brackets nested deeply and keys of many parts, into which it recurses,
// table headers that begin with no key, where it trusts what it did not check, and characters outside ASCII where it
// asks whether they are blank (its answer for U+00A1 to U+0499 is undefined). Knows just enough of TOML's grammar to
// tell strings and comments from the rest; whatever else is wrong is left to toml++.
class Precheck {
 public:
  explicit Precheck(std::string_view text) : text_(text) {}

  tl::expected<void, Fault> run() {
    while (at_ < text_.size()) {
      step();
      if (depth_ > brackets_max) return fail("brackets are nested more than 32 deep");
      if (dots_ >= key_parts_max) return fail("the key has more than 32 parts");
      if (beyond_ascii_)
        return fail("a character outside ASCII may stand in quotes only, and never right after a backslash");
      if (bad_header_) return fail("expected the name of a table: [pod.NAME]");
    }
    return {};
  }

 private:
  tl::unexpected<Fault> fail(std::string text) const {
    return tl::unexpected(Fault{position_of(text_, at_ - 1), std::move(text)});
  }

  void step() {
    const char c = text_[at_++];
    if (c == '#') return skip_comment();
    if (c == '"' || c == '\'') starts_line_ = false;
    if (c == '"' || c == '\'') return skip_string(c);
    beyond_ascii_ = is_beyond_ascii(c);
    if (c == '.') ++dots_;
    if (c == '[' && depth_ == 0 && starts_line_) bad_header_ = !begins_key(text_.substr(at_));
    starts_line_ = c == '\n' || (starts_line_ && (c == ' ' || c == '\t' || c == '\r'));
    if (std::string_view("\n=,[]{}").find(c) != std::string_view::npos) dots_ = 0;
    if (c == '[' || c == '{') ++depth_;
    if ((c == ']' || c == '}') && depth_ > 0) --depth_;
  }

  // What follows the first bracket of a header: maybe a second one, blanks, then a key.
  static bool begins_key(std::string_view rest) {
    if (rest.starts_with('[')) rest.remove_prefix(1);
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    if (rest.empty()) return false;
    const char c = rest.front();
    const bool is_bare = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return is_bare || c == '_' || c == '-' || c == '"' || c == '\'';
  }

  void skip_comment() { at_ = std::min(text_.find('\n', at_), text_.size()); }

  void skip_string(char quote) {
    const std::string three(3, quote);
    const bool multi_line = text_.substr(at_ - 1).starts_with(three);
    if (multi_line) at_ += 2;
    while (at_ < text_.size()) {
      if (multi_line ? text_.substr(at_).starts_with(three) : text_[at_] == quote) {
        at_ += multi_line ? 3 : 1;
        return;
      }
      if (text_[at_] == '\n' && !multi_line) return;  // unfinished; toml++ will say so
      const bool escapes = text_[at_] == '\\' && quote == '"';
      at_ += escapes ? 2 : 1;
      if (escapes && multi_line && continues_beyond_ascii()) return;
    }
    at_ = text_.size();
  }

  static bool is_beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }

  // What a backslash escapes; at the end of a line it takes the blanks up to the next character with it.
  bool continues_beyond_ascii() {
    if (at_ > text_.size()) return false;
    const std::size_t next = text_.find_first_not_of(" \t\r\n", at_ - 1);
    beyond_ascii_ = next != std::string_view::npos && is_beyond_ascii(text_[next]);
    if (beyond_ascii_) at_ = next + 1;
    return beyond_ascii_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  int dots_ = 0;
  bool starts_line_ = true;
  bool bad_header_ = false;
  bool beyond_ascii_ = false;
};

Position position_of(const toml::source_region& region) {
  return {static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

class Converter {
 public:
  explicit Converter(std::string_view text) {
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      lines_.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  tl::expected<Node, Fault> run(const toml::table& root) {
    Node node = convert(root, 0);
    if (fault_.position.line != 0) return tl::unexpected(std::move(fault_));
    return node;
  }

 private:
  Node convert(const toml::node& from, int depth) {
    Node node;
    node.position = position_of(from.source());
    if (depth > depth_max) {
      if (fault_.position.line == 0) fault_ = {node.position, "tables are nested more than 100 deep"};
      return node;
    }
    if (const auto* table = from.as_table()) {
      node.header = header_of(*table, node.position);
      node.value = entries_of(*table, depth);
    } else if (const auto* array = from.as_array()) {
      Node::Sequence sequence;
      for (const toml::node& element : *array) sequence.push_back(convert(element, depth + 1));
      node.value = std::move(sequence);
    } else {
      convert_scalar(from, node);
    }
    return node;
  }

  static void convert_scalar(const toml::node& from, Node& node) {
    if (const auto* text = from.as_string()) {
      node.value = text->get();
    } else if (const auto* integer = from.as_integer()) {
      node.value = integer->get();
    } else if (const auto* number = from.as_floating_point()) {
      node.value = number->get();
    } else if (const auto* boolean = from.as_boolean()) {
      node.value = boolean->get();
    } else {
      std::ostringstream moment;
      moment << toml::node_view<const toml::node>(from);
      node.value = Moment{moment.str()};
    }
  }

  // toml++ sorts its keys by name; the file's order is the order of their positions.
  Node::Map entries_of(const toml::table& table, int depth) {
    Node::Map map;
    for (const auto& [key, value] : table) {
      map.push_back({std::string(key.str()), position_of(key.source()), convert(value, depth + 1)});
    }
    std::ranges::stable_sort(map, {}, &Entry::position);
    return map;
  }

  // The header that opened a table: "[pod.web.env]". A dotted key or an inline table has none.
  std::string header_of(const toml::table& table, const Position& position) const {
    const auto line = static_cast<std::size_t>(position.line) - 1;
    if (table.is_inline() || position.line < 1 || line >= lines_.size()) return {};
    const std::size_t open = lines_[line].find_first_not_of(" \t");
    if (open == std::string_view::npos || lines_[line][open] != '[') return {};
    const std::size_t close = lines_[line].find_last_of(']');
    if (close == std::string_view::npos || close < open) return {};
    return std::string(lines_[line].substr(open, close - open + 1));
  }

  std::vector<std::string_view> lines_;
  Fault fault_;
};

Fault fault_of(const toml::parse_error& error) {
  std::string text(error.description());
  if (constexpr std::string_view opening = "Error while parsing "; text.starts_with(opening))
    text.erase(0, opening.size());
  if (text.find("redefine existing") != std::string::npos) {
    text += " (a name is given once; a list is written either as [[x]] or as [x.NAME], never both)";
  }
  return {position_of(error.source()), std::move(text)};
}

}  // namespace

tl::expected<Node, Fault> read_toml(std::string_view text) {
  if (auto checked = Precheck(text).run(); !checked) return tl::unexpected(std::move(checked).error());
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) return tl::unexpected(fault_of(parsed.error()));
  return Converter(text).run(parsed.table());
}

}  // namespace reeve::config
