#include "config/draft.hpp"

#include <algorithm>
#include <charconv>

namespace reeve::config {
namespace {

// One step of "spec.containers[0].name": a key or an index.
struct Step {
  std::string_view key;
  std::size_t index = 0;
};

Step next_step(std::string_view& path) {
  Step step;
  if (path.starts_with('[')) {
    const std::size_t close = std::min(path.find(']'), path.size() - 1);
    std::from_chars(path.data() + 1, path.data() + close, step.index);
    path.remove_prefix(close + 1);
  } else {
    step.key = path.substr(0, path.find_first_of(".["));
    path.remove_prefix(step.key.size());
  }
  if (path.starts_with('.')) path.remove_prefix(1);
  return step;
}

const Entry* entry_of(const Node::Map& map, const Step& step) {
  // A list of named things may be a table of tables, where an index counts the tables.
  if (step.key.empty()) return step.index < map.size() ? &map[step.index] : nullptr;
  const auto found = std::ranges::find(map, step.key, &Entry::key);
  return found == map.end() ? nullptr : &*found;
}

bool is_scalar(const Node& node) { return node.map() == nullptr && node.sequence() == nullptr; }

}  // namespace

Located locate(const Node& body, std::string_view path) {
  Located at{body.position, &body, false};
  while (!path.empty()) {
    const Step step = next_step(path);
    if (const auto* map = at.node->map()) {
      const Entry* const entry = entry_of(*map, step);
      if (entry == nullptr) return at;
      at.position = is_scalar(entry->value) ? entry->value.position : entry->position;
      at.node = &entry->value;
    } else if (const auto* list = at.node->sequence();
               list != nullptr && step.key.empty() && step.index < list->size()) {
      at.node = &(*list)[step.index];
      at.position = at.node->position;
    } else {
      return at;
    }
  }
  at.reached = true;
  return at;
}

}  // namespace reeve::config
