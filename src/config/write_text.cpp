// Objects as text: YAML and JSON manifests.
#include "config/annotated.hpp"
#include "config/write_toml.hpp"

#include <reeve/config/convert.hpp>
#include <reeve/config/write.hpp>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace reeve::config {
namespace json = boost::json;
namespace {

bool is_plain_word(std::string_view text) {
  constexpr std::array<std::string_view, 10> special{"true", "false", "null", "yes", "no",
                                                     "on",   "off",   "y",    "n",   "NaN"};
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto is_inner = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '/';
  };
  std::string small(text);
  for (char& c : small) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, is_inner) &&
         std::ranges::find(special, small) == special.end();
}

// In quotes JSON's escapes are YAML's.
std::string scalar(const json::value& value) {
  const auto* const text = value.if_string();
  if (text != nullptr && is_plain_word({text->data(), text->size()})) return std::string(text->data(), text->size());
  return json::serialize(value);
}

class YamlWriter {
 public:
  std::string take() { return std::move(text_); }

  void object(const json::object& object, int depth, bool continues_line) {
    for (const auto& [key, value] : object) {
      if (!std::exchange(continues_line, false)) indent(depth);
      text_ += scalar(json::value(key)) + ':';
      inner(value, depth);
    }
  }

 private:
  void indent(int depth) { text_.append(static_cast<std::size_t>(depth) * 2, ' '); }

  void inner(const json::value& value, int depth) {
    const auto* const object_inside = value.if_object();
    const auto* const list = value.if_array();
    if (object_inside != nullptr && !object_inside->empty()) {
      text_ += '\n';
      object(*object_inside, depth + 1, false);
    } else if (list != nullptr && !list->empty()) {
      text_ += '\n';
      for (const json::value& each : *list) element(each, depth);
    } else {
      text_ += ' ' + scalar(value) + '\n';
    }
  }

  void element(const json::value& value, int depth) {
    indent(depth);
    text_ += "- ";
    const auto* const object_inside = value.if_object();
    if (object_inside != nullptr && !object_inside->empty()) {
      object(*object_inside, depth + 1, true);
    } else {
      text_ += scalar(value) + '\n';  // lists in lists: none of our types has any
    }
  }

  std::string text_;
};

std::string written_yaml(std::span<const Object> objects) {
  std::string text;
  for (const Object& each : objects) {
    YamlWriter writer;
    writer.object(to_kubernetes(each), 0, false);
    text += (text.empty() ? "" : "---\n") + writer.take();
  }
  return text;
}

std::string written_json(std::span<const Object> objects) {
  if (objects.size() == 1) return json::serialize(to_kubernetes(objects.front())) + '\n';
  json::array items;
  for (const Object& each : objects) items.push_back(to_kubernetes(each));
  const json::object list{{"apiVersion", "v1"}, {"kind", "List"}, {"items", std::move(items)}};
  return json::serialize(list) + '\n';
}

}  // namespace

json::object to_kubernetes(const Object& object) {
  json::object manifest = to_json(object, Defaults::omitted);
  lower_to_annotations(manifest);
  return manifest;
}

Result<std::string> written(std::span<const Object> objects, Format format) {
  if (format == Format::yaml) return written_yaml(objects);
  if (format == Format::json) return written_json(objects);
  return written_toml(objects);
}

}  // namespace reeve::config
