// YAML to nodes, from yaml-cpp's events: they carry positions, and an alias costs nothing until it is expanded here,
// under a bound. Its exceptions end in read_yaml.
#include "config/scalar.hpp"

#include <reeve/config/node.hpp>
#include <reeve/core/text.hpp>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <unordered_set>

namespace reeve::config {
namespace {

constexpr std::size_t expanded_nodes_max = 100000;

Position position_of(const YAML::Mark& mark) { return {std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1}; }

std::size_t count_nodes(const Node& node) {
  std::size_t count = 1;
  if (const auto* sequence = node.sequence()) {
    for (const Node& each : *sequence) count += count_nodes(each);
  }
  if (const auto* map = node.map()) {
    for (const Entry& each : *map) count += count_nodes(each.value);
  }
  return count;
}

class Builder : public YAML::EventHandler {
 public:
  std::vector<Node> documents;
  Fault fault;  // the first; nothing is built after it

  // yaml-cpp takes a text it cannot place (", a") for empty documents without end, all at one position.
  void OnDocumentStart(const YAML::Mark& mark) override {
    anchors_.clear();
    if (mark.pos <= last_start_) fail(position_of(mark), "this is no value");
    last_start_ = mark.pos;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.position = position_of(mark);
    add(std::move(node), "", anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node;
    node.position = position_of(mark);
    if (is_text(tag)) {
      node.value = value;
    } else if (is_plain(tag)) {
      node.value = plain_scalar(value);
    } else {
      fail(node.position, "the tag " + quoted(tag) + " is not served");
    }
    add(std::move(node), value, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (failed()) return;
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) return fail(position_of(mark), "this alias stands inside what it names");
    if (spend(found->second, mark)) add(Node(found->second), "", 0);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, anchor, Node::Sequence{});
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, anchor, Node::Map{});
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override {
    if (!failed()) merge_bases(open_.back());
    close();
  }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    std::string key;
    Position key_position;
    bool has_key = false;
    std::unordered_set<std::string> keys;  // all so far: a search for each key would cost the square of their number
  };

  static bool is_text(const std::string& tag) { return tag == "!" || tag == "tag:yaml.org,2002:str"; }
  static bool is_plain(const std::string& tag) {
    return tag == "?" || tag.empty() || tag == "tag:yaml.org,2002:int" || tag == "tag:yaml.org,2002:bool" ||
           tag == "tag:yaml.org,2002:float" || tag == "tag:yaml.org,2002:null";
  }

  bool failed() const noexcept { return fault.position.line != 0; }
  void fail(Position position, std::string text) {
    if (!failed()) fault = {position, std::move(text)};
  }

  // Pays for one more copy of a node; a few bytes of aliases can ask for gigabytes.
  bool spend(const Node& node, const YAML::Mark& mark) {
    expanded_ += count_nodes(node);
    if (expanded_ <= expanded_nodes_max) return true;
    fail(position_of(mark), "the aliases of this file expand to more than 100000 values");
    return false;
  }

  template <class Container>
  void open(const YAML::Mark& mark, YAML::anchor_t anchor, Container container) {
    if (failed()) return;
    if (open_.size() >= static_cast<std::size_t>(depth_max)) {
      return fail(position_of(mark), "values are nested more than 100 deep");
    }
    Frame frame;
    frame.node.position = position_of(mark);
    frame.node.value = std::move(container);
    frame.anchor = anchor;
    open_.push_back(std::move(frame));
  }

  void close() {
    if (failed()) return;
    Frame frame = std::move(open_.back());
    open_.pop_back();
    add(std::move(frame.node), "", frame.anchor);
  }

  void add(Node node, const std::string& text, YAML::anchor_t anchor) {
    if (failed()) return;
    if (anchor != 0) {
      anchors_[anchor] = node;
      expanded_ += count_nodes(node);
      if (expanded_ > expanded_nodes_max) {
        return fail(node.position, "the anchors of this file hold more than 100000 values");
      }
    }
    if (open_.empty()) {
      documents.push_back(std::move(node));
    } else if (auto* sequence = std::get_if<Node::Sequence>(&open_.back().node.value)) {
      sequence->push_back(std::move(node));
    } else {
      add_to_map(open_.back(), std::move(node), text);
    }
  }

  void add_to_map(Frame& frame, Node node, const std::string& text) {
    if (!frame.has_key) {
      if (node.sequence() != nullptr || node.map() != nullptr) return fail(node.position, "a key must be a text");
      frame.key = node.text() != nullptr ? *node.text() : text;
      frame.key_position = node.position;
      frame.has_key = true;
      return;
    }
    frame.has_key = false;
    if (!frame.keys.insert(frame.key).second) {
      return fail(frame.key_position, "the key " + quoted(frame.key) + " is given twice");
    }
    frame.node.map()->push_back({std::move(frame.key), frame.key_position, std::move(node)});
  }

  // "<<: *base" gives what the map does not say itself.
  void merge_bases(Frame& frame) {
    if (!frame.keys.contains("<<")) return;
    const Node base = take(*frame.node.map(), "<<");
    if (const auto* several = base.sequence()) {
      for (const Node& each : *several) merge(frame, each);
    } else {
      merge(frame, base);
    }
  }
  void merge(Frame& frame, const Node& base) {
    if (base.map() == nullptr) return fail(base.position, "\"<<\" takes an object to merge");
    for (const Entry& entry : *base.map()) {
      if (frame.keys.insert(entry.key).second) frame.node.map()->push_back(entry);
    }
  }

  std::vector<Frame> open_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::size_t expanded_ = 0;
  int last_start_ = -1;
};

}  // namespace

tl::expected<std::vector<Node>, Fault> read_yaml(std::string_view text) {
  Builder builder;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (builder.fault.position.line == 0 && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    if (builder.fault.position.line == 0) builder.fault = {position_of(error.mark), error.msg};
  } catch (const std::exception& error) {
    if (builder.fault.position.line == 0) builder.fault = {{1, 1}, error.what()};
  }
  if (builder.fault.position.line != 0) return tl::unexpected(std::move(builder.fault));
  return std::move(builder.documents);
}

}  // namespace reeve::config
