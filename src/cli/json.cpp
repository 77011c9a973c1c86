#include "cli/json.hpp"

#include <reeve/core/text.hpp>

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cmath>
#include <map>

namespace reeve::cli {
namespace json = boost::json;

const json::value* find(const json::value& value, std::string_view path) {
  const json::value* at = &value;
  while (!path.empty()) {
    const json::object* const object = at->if_object();
    if (object == nullptr) return nullptr;
    if (const json::value* const whole = object->if_contains(path)) return whole;
    const std::size_t dot = path.find('.');
    at = object->if_contains(path.substr(0, dot));
    if (at == nullptr || dot == std::string_view::npos) return at;
    path.remove_prefix(dot + 1);
  }
  return at;
}

std::string number_text(double number) {
  if (std::nearbyint(number) == number && std::abs(number) < 1e15) {
    return std::to_string(static_cast<std::int64_t>(number));
  }
  return printed(number);
}

std::string scalar_text(const json::value& value) {
  if (const json::string* const text = value.if_string()) return {text->data(), text->size()};
  if (value.is_double()) return number_text(value.get_double());
  if (value.is_null()) return {};
  return json::serialize(value);
}

std::string text_at(const json::value& value, std::string_view path) {
  const json::value* const found = find(value, path);
  return found == nullptr ? std::string() : scalar_text(*found);
}

std::int64_t number_at(const json::value& value, std::string_view path, std::int64_t otherwise) {
  const json::value* const found = find(value, path);
  if (found == nullptr) return otherwise;
  if (found->is_int64()) return found->get_int64();
  if (found->is_uint64()) return static_cast<std::int64_t>(found->get_uint64());
  return found->is_double() ? static_cast<std::int64_t>(found->get_double()) : otherwise;
}

double real_at(const json::value& value, std::string_view path) {
  const json::value* const found = find(value, path);
  if (found != nullptr && found->is_double()) return found->get_double();
  return static_cast<double>(number_at(value, path));
}

bool flag_at(const json::value& value, std::string_view path) {
  const json::value* const found = find(value, path);
  return found != nullptr && found->is_bool() && found->get_bool();
}

const json::array& list_at(const json::value& value, std::string_view path) {
  static const json::array none;
  const json::value* const found = find(value, path);
  return found != nullptr && found->is_array() ? found->get_array() : none;
}

const json::object& map_at(const json::value& value, std::string_view path) {
  static const json::object none;
  const json::value* const found = find(value, path);
  return found != nullptr && found->is_object() ? found->get_object() : none;
}

const json::value* named(const json::array& list, std::string_view name) {
  const auto found = std::ranges::find_if(list, [&](const json::value& each) { return text_at(each, "name") == name; });
  return found == list.end() ? nullptr : &*found;
}

std::string labels_text(const json::object& labels, std::string_view joint, std::string_view none) {
  std::map<std::string_view, std::string> sorted;
  for (const auto& each : labels) sorted.emplace(each.key(), scalar_text(each.value()));
  std::string text;
  for (const auto& [key, value] : sorted) {
    if (!text.empty()) text += joint;
    text += std::string(key) + "=" + value;
  }
  return text.empty() ? std::string(none) : text;
}

namespace {

void print(std::string& out, const json::value& value, std::size_t indent) {
  const std::string inner(indent + 4, ' ');
  const std::string end = "\n" + std::string(indent, ' ');
  bool is_first = true;
  if (const json::object* const object = value.if_object(); object != nullptr && !object->empty()) {
    out += '{';
    for (const auto& each : *object) {
      out += (is_first ? "\n" : ",\n") + inner + json::serialize(json::string(each.key())) + ": ";
      print(out, each.value(), indent + 4);
      is_first = false;
    }
    out += end + '}';
  } else if (const json::array* const array = value.if_array(); array != nullptr && !array->empty()) {
    out += '[';
    for (const json::value& each : *array) {
      out += (is_first ? "\n" : ",\n") + inner;
      print(out, each, indent + 4);
      is_first = false;
    }
    out += end + ']';
  } else {
    out += value.is_double() ? number_text(value.get_double()) : json::serialize(value);
  }
}

// True for a text that YAML would read as something else, or not at all.
bool needs_quotes(std::string_view text) {
  static const std::vector<std::string_view> words{"true", "false", "null", "yes", "no", "on", "off", "y", "n", "~"};
  std::string small(text);
  std::ranges::transform(small, small.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  if (text.empty() || std::ranges::find(words, small) != words.end()) return true;
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`0123456789.+= ").find(text.front()) != std::string_view::npos) {
    // A plain word may begin with a digit or a dot when letters make it no number, yet quotes are never wrong.
    return true;
  }
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos) return true;
  if (text.back() == ' ' || text.back() == ':') return true;
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::string yaml_text(std::string_view text) {
  return needs_quotes(text) ? json::serialize(json::string(text)) : std::string(text);
}

void print_yaml(std::string& out, const json::value& value, std::size_t indent, bool in_list) {
  const std::string space(indent, ' ');
  bool is_first = true;
  if (const json::object* const object = value.if_object(); object != nullptr && !object->empty()) {
    for (const auto& each : *object) {
      if (!is_first || !in_list) out += space;
      is_first = false;
      out += yaml_text(each.key()) + ":";
      const bool is_map = each.value().is_object() && !each.value().get_object().empty();
      const bool is_list = each.value().is_array() && !each.value().get_array().empty();
      out += is_map || is_list ? "\n" : " ";
      print_yaml(out, each.value(), is_map ? indent + 2 : indent, false);
    }
  } else if (const json::array* const array = value.if_array(); array != nullptr && !array->empty()) {
    for (const json::value& each : *array) {
      out += space + "- ";
      print_yaml(out, each, indent + 2, true);
    }
  } else if (value.is_string()) {
    out += yaml_text(value.get_string()) + "\n";
  } else {
    out += (value.is_double() ? number_text(value.get_double()) : json::serialize(value)) + "\n";
  }
}

}  // namespace

std::string pretty_json(const json::value& value) {
  std::string out;
  print(out, value, 0);
  return out + "\n";
}

std::string yaml(const json::value& value) {
  std::string out;
  print_yaml(out, value, 0, false);
  return out;
}

}  // namespace reeve::cli
