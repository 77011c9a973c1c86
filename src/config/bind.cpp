#include <reeve/config/bind.hpp>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

namespace reeve::config {
namespace {

constexpr std::size_t word_bytes_max = 64;  // no key of ours is longer; distances cost its square

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

// Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other; case is free.
std::size_t distance(std::string_view from, std::string_view to) {
  const std::size_t width = to.size() + 1;
  std::vector<std::size_t> cost((from.size() + 1) * width);
  const auto at = [&](std::size_t i, std::size_t j) -> std::size_t& { return cost[i * width + j]; };
  const auto same = [&](std::size_t i, std::size_t j) { return lower(from[i - 1]) == lower(to[j - 1]); };
  for (std::size_t i = 0; i <= from.size(); ++i) at(i, 0) = i;
  for (std::size_t j = 0; j <= to.size(); ++j) at(0, j) = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    for (std::size_t j = 1; j <= to.size(); ++j) {
      at(i, j) = std::min({at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (same(i, j) ? 0U : 1U)});
      const bool swapped = i > 1 && j > 1 && same(i, j - 1) && same(i - 1, j);
      if (swapped) at(i, j) = std::min(at(i, j), at(i - 2, j - 2) + 1);
    }
  }
  return at(from.size(), to.size());
}

// 9e9 seconds are 285 years, and what 64 bits of nanoseconds hold.
constexpr double seconds_max = 9e9;

}  // namespace

std::string did_you_mean(std::string_view word, const KeyNames& candidates) {
  if (word.size() > word_bytes_max) return {};
  std::size_t nearest = std::max<std::size_t>(1, std::min<std::size_t>(3, word.size() / 3)) + 1;
  std::string_view found;
  for (const std::string_view candidate : candidates) {
    // Each byte of a difference in length is a step by itself.
    const std::size_t longer = std::max(candidate.size(), word.size()) - std::min(candidate.size(), word.size());
    if (candidate.empty() || candidate.size() > word_bytes_max || longer >= nearest) continue;
    const std::size_t steps = distance(word, candidate);
    if (steps >= nearest || steps >= candidate.size()) continue;
    nearest = steps;
    found = candidate;
  }
  return found.empty() ? std::string() : ", did you mean " + quoted(found) + "?";
}

std::string quoted_list(const KeyNames& names) {
  std::string out;
  for (const std::string_view name : names) {
    if (name.empty()) continue;
    if (!out.empty()) out += ", ";
    out += quoted(name);
  }
  return out;
}

std::string noun_of(std::string_view list_key) {
  std::string noun;
  for (const char c : list_key) {
    if (std::isupper(static_cast<unsigned char>(c)) != 0) noun += ' ';
    noun += lower(c);
  }
  if (noun.size() > 1 && noun.back() == 's') noun.pop_back();
  return noun;
}

bool contains(const KeyNames& names, std::string_view name) { return std::ranges::find(names, name) != names.end(); }

std::string not_served(std::string_view key) { return quoted(key) + " is known but not served by reeve yet"; }

std::string unknown(std::string_view key, std::string_view where, const KeyNames& candidates) {
  return "unknown key " + quoted(key) + " in " + std::string(where) + did_you_mean(key, candidates);
}

void Binder::unknown_key(const Entry& entry, const std::string& where, const KeyNames& names, const KeyNames& later) {
  if (contains(later, entry.key)) return add(entry.position, not_served(entry.key));
  add(entry.position, unknown(entry.key, where, names));
}

void Binder::expected(const Node& node, const std::string& key, std::string_view what) {
  std::string text = key + ": expected " + std::string(what) + ", found " + std::string(type_name(node, dialect_));
  if (what == "a string") {
    if (const auto* number = std::get_if<std::int64_t>(&node.value)) {
      text += ": write \"" + std::to_string(*number) + '"';
    } else if (const auto* boolean = std::get_if<bool>(&node.value)) {
      text += std::string(": write ") + (*boolean ? "\"true\"" : "\"false\"");
    }
  }
  add(node.position, std::move(text));
}

std::string Binder::inside(Slot slot) const {
  // TOML's author never wrote these levels.
  const bool hidden = slot.key == "spec" || slot.key == "template" || slot.key == "metadata";
  if (dialect_ == Dialect::toml && hidden) return slot.where;
  return std::string(slot.key) + " of " + slot.where;
}

std::string Binder::element(Slot slot, const Node& node, std::size_t index) {
  const Node* const name = node.find("name");
  if (name != nullptr && name->text() != nullptr) return noun_of(slot.key) + ' ' + quoted(*name->text());
  return std::string(slot.key) + '[' + std::to_string(index) + ']';
}

void Binder::value(const Node& node, bool& target, Slot slot) {
  if (const auto* boolean = std::get_if<bool>(&node.value)) {
    target = *boolean;
  } else {
    expected(node, std::string(slot.key), "a boolean");
  }
}

void Binder::value(const Node& node, std::int32_t& target, Slot slot) {
  std::int64_t wide = target;
  value(node, wide, slot);
  if (wide >= std::numeric_limits<std::int32_t>::min() && wide <= std::numeric_limits<std::int32_t>::max()) {
    target = static_cast<std::int32_t>(wide);
  } else {
    add(node.position,
        std::string(slot.key) + ": " + std::to_string(wide) + " is out of range: no more than 2147483647");
  }
}

void Binder::value(const Node& node, std::int64_t& target, Slot slot) {
  constexpr double max = 9223372036854775807.0;
  if (const auto* integer = std::get_if<std::int64_t>(&node.value)) {
    target = *integer;
  } else if (const auto* number = std::get_if<double>(&node.value); number != nullptr && std::abs(*number) >= max) {
    add(node.position, std::string(slot.key) + ": " + printed(*number) + " is out of range");
  } else {
    expected(node, std::string(slot.key), "an integer");
  }
}

void Binder::value(const Node& node, double& target, Slot slot) {
  double number = 0;
  if (const auto* integer = std::get_if<std::int64_t>(&node.value)) {
    number = static_cast<double>(*integer);
  } else if (const auto* fraction = std::get_if<double>(&node.value)) {
    number = *fraction;
  } else {
    return expected(node, std::string(slot.key), "a number");
  }
  if (std::isfinite(number)) {
    target = number;
  } else {
    add(node.position, std::string(slot.key) + ": " + printed(number) + " is out of range");
  }
}

void Binder::value(const Node& node, std::string& target, Slot slot) {
  if (const auto* text = node.text()) {
    target = *text;
  } else if (!node.is_null()) {
    expected(node, std::string(slot.key), "a string");
  }
}

void Binder::value(const Node& node, Duration& target, Slot slot) {
  if (const auto* whole = std::get_if<std::int64_t>(&node.value)) {
    if (std::abs(static_cast<double>(*whole)) <= seconds_max) {
      target = seconds(*whole);
      return;
    }
    return add(node.position, std::string(slot.key) + ": " + std::to_string(*whole) + " seconds is out of range");
  }
  const auto* fraction = std::get_if<double>(&node.value);
  if (fraction == nullptr) return expected(node, std::string(slot.key), "a number of seconds");
  if (std::isfinite(*fraction) && std::abs(*fraction) <= seconds_max) {
    target = std::chrono::round<Duration>(std::chrono::duration<double>(*fraction));
  } else {
    add(node.position, std::string(slot.key) + ": " + printed(*fraction) + " seconds is out of range");
  }
}

void Binder::value(const Node& node, IntOrString& target, Slot slot) {
  if (const auto* text = node.text()) {
    target = *text;
  } else if (std::holds_alternative<std::int64_t>(node.value)) {
    std::int32_t number = 0;
    value(node, number, slot);
    target = number;
  } else {
    expected(node, std::string(slot.key), "a number or a string");
  }
}

void Binder::value(const Node& node, Labels& target, Slot slot) {
  const auto* map = node.map();
  if (map == nullptr) {
    return expected(node, std::string(slot.key), dialect_ == Dialect::toml ? "a table" : "an object");
  }
  refuse_reserved(node, slot);
  for (const Entry& entry : *map) value(entry.value, target[entry.key], {entry.key, slot.where});
}

void Binder::value(const Node& node, std::vector<std::string>& target, Slot slot) {
  const auto* sequence = node.sequence();
  if (sequence == nullptr) return expected(node, std::string(slot.key), "a list of strings");
  for (std::size_t i = 0; i < sequence->size(); ++i) {
    const std::string key = std::string(slot.key) + '[' + std::to_string(i) + ']';
    value((*sequence)[i], target.emplace_back(), {key, slot.where});
  }
}

std::optional<std::size_t> Binder::enumerator(const Node& node, const KeyNames& names, const KeyNames& later,
                                              Slot slot) {
  const auto* text = node.text();
  if (text == nullptr) {
    expected(node, std::string(slot.key), "a string");
    return std::nullopt;
  }
  const auto found = std::ranges::find(names, *text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const std::string key = std::string(slot.key) + ": ";
  if (contains(later, *text)) {
    add(node.position, key + quoted(*text) + " is not served by reeve yet; supported values: " + quoted_list(names));
  } else {
    add(node.position, key + "Unsupported value: " + quoted(*text) + ": supported values: " + quoted_list(names) +
                           did_you_mean(*text, names));
  }
  return std::nullopt;
}

// A key written below [pod.web.env] belongs to that table, however much its author thought of the pod.
void Binder::refuse_reserved(const Node& node, Slot slot) {
  if (node.header.empty()) return;
  for (const Entry& entry : *node.map()) {
    if (!contains(reserved_, entry.key)) continue;
    add(entry.position, quoted(entry.key) + " is the name of a field, and this is the table " + node.header +
                            ": move it above line " + std::to_string(node.position.line) + " (or write " +
                            std::string(slot.key) + " = { " + entry.key + " = … } if it is meant)");
  }
}

}  // namespace reeve::config
