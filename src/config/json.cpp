// JSON to nodes. Boost.JSON's parser keeps no positions, but it takes its input in pieces of any size: fed one byte at
// a time it reports each value while the byte is known that began it. (yaml-cpp would read most JSON, but it refuses
// surrogate pairs and tabs, and it takes what is no JSON.)
#include <reeve/config/node.hpp>
#include <reeve/core/text.hpp>

#include <boost/json/basic_parser_impl.hpp>

#include <string>
#include <unordered_set>

namespace reeve::config {
namespace {

namespace json = boost::json;

// Builds nodes from the parser's calls. Every call may refuse; the first refusal is kept.
class Handler {
 public:
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);
  using error_code = json::error_code;

  Position token;  // where the value being read began
  Node root;
  Fault fault;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return open(Node::Map{}); }
  bool on_object_end(std::size_t, error_code&) { return close(); }
  bool on_array_begin(error_code&) { return open(Node::Sequence{}); }
  bool on_array_end(std::size_t, error_code&) { return close(); }
  bool on_key_part(json::string_view part, std::size_t, error_code&) { return append(part); }
  bool on_key(json::string_view part, std::size_t, error_code& error) {
    append(part);
    Frame& frame = open_.back();
    if (!frame.keys.insert(text_).second) {
      fault = {token, "the key " + quoted(text_) + " is given twice"};
      error = json::error::syntax;
      return false;
    }
    frame.key = std::move(text_);
    frame.key_position = token;
    text_.clear();
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, error_code&) { return append(part); }
  bool on_string(json::string_view part, std::size_t, error_code&) {
    append(part);
    std::string text = std::move(text_);
    text_.clear();
    return add(std::move(text));
  }
  bool on_number_part(json::string_view, error_code&) { return true; }
  bool on_int64(std::int64_t value, json::string_view, error_code&) { return add(value); }
  bool on_uint64(std::uint64_t value, json::string_view, error_code&) { return add(static_cast<double>(value)); }
  bool on_double(double value, json::string_view, error_code&) { return add(value); }
  bool on_bool(bool value, error_code&) { return add(value); }
  bool on_null(error_code&) { return add(std::monostate{}); }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }

 private:
  struct Frame {
    Node node;
    std::string key;
    Position key_position;
    std::unordered_set<std::string> keys;
  };

  bool append(json::string_view part) {
    text_.append(part.data(), part.size());
    return true;
  }

  template <class Container>
  bool open(Container container) {
    Frame frame;
    frame.node.position = token;
    frame.node.value = std::move(container);
    open_.push_back(std::move(frame));
    return true;
  }

  bool close() {
    Node node = std::move(open_.back().node);
    open_.pop_back();
    return place(std::move(node));
  }

  template <class Value>
  bool add(Value value) {
    Node node;
    node.position = token;
    node.value = std::move(value);
    return place(std::move(node));
  }

  bool place(Node node) {
    if (open_.empty()) {
      root = std::move(node);
    } else if (auto* sequence = std::get_if<Node::Sequence>(&open_.back().node.value)) {
      sequence->push_back(std::move(node));
    } else {
      open_.back().node.map()->push_back({std::move(open_.back().key), open_.back().key_position, std::move(node)});
    }
    return true;
  }

  std::vector<Frame> open_;
  std::string text_;
};

// Follows the text just closely enough to know whether a byte begins a value.
class Tokens {
 public:
  bool begins(char c) noexcept {
    if (in_string_) {
      in_string_ = escaped_ || c != '"';
      escaped_ = !escaped_ && c == '\\';
      return false;
    }
    const bool separates = std::string_view(" \t\r\n,:]}").find(c) != std::string_view::npos;
    const bool begins = !separates && (!in_word_ || c == '"' || c == '{' || c == '[');
    in_string_ = c == '"';
    in_word_ = !separates && c != '"' && c != '{' && c != '[';
    return begins;
  }

 private:
  bool in_string_ = false;
  bool escaped_ = false;
  bool in_word_ = false;
};

void advance(Position& here, char c) noexcept {
  if (c == '\n') {
    ++here.line;
    here.column = 1;
  } else if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80U) {
    ++here.column;
  }
}

Fault fault_of(const Handler& handler, const json::error_code& error, const Position& here) {
  if (handler.fault.position.line != 0) return handler.fault;
  if (error == json::error::too_deep) return {here, "values are nested more than 100 deep"};
  return {here, error.message()};
}

}  // namespace

tl::expected<Node, Fault> read_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = static_cast<std::size_t>(depth_max);
  json::basic_parser<Handler> parser(options);
  Tokens tokens;
  Position here{1, 1};
  json::error_code error;
  for (const char& c : text) {
    if (tokens.begins(c)) parser.handler().token = here;
    if (parser.done() && std::string_view(" \t\r\n").find(c) == std::string_view::npos) error = json::error::extra_data;
    if (!error) parser.write_some(true, &c, 1, error);
    if (error) return tl::unexpected(fault_of(parser.handler(), error, here));
    advance(here, c);
  }
  parser.write_some(false, text.data(), 0, error);
  if (error) return tl::unexpected(fault_of(parser.handler(), error, here));
  return std::move(parser.handler().root);
}

}  // namespace reeve::config
