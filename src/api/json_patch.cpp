// JSON patches (RFC 6902).
#include "api/patch.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace reeve::api {
namespace json = boost::json;
namespace {

constexpr std::size_t copied_bytes_max = 1024 * 1024;

// One step of a JSON pointer: ~1 means /, ~0 means ~.
std::string unescaped(std::string_view step) {
  std::string text;
  for (std::size_t i = 0; i < step.size(); ++i) {
    const bool is_escape = step[i] == '~' && i + 1 < step.size() && (step[i + 1] == '0' || step[i + 1] == '1');
    text += is_escape ? (step[i + 1] == '1' ? '/' : '~') : step[i];
    if (is_escape) ++i;
  }
  return text;
}

std::optional<std::size_t> index_in(const json::array& list, std::string_view step) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  const bool is_number = error == std::errc{} && end == step.data() + step.size();
  if (!is_number || index >= list.size()) return std::nullopt;
  return index;
}

json::value* child(json::value& parent, const std::string& step) {
  if (auto* object = parent.if_object()) return object->if_contains(step);
  auto* const list = parent.if_array();
  const auto index = list == nullptr ? std::nullopt : index_in(*list, step);
  return index ? &(*list)[*index] : nullptr;
}

// What an operation is about: the container, the step that leads on from it, what is there now.
struct Spot {
  json::value* parent = nullptr;
  std::string step;
  json::value* found = nullptr;
};

Result<Spot> find_spot(json::value& target, std::string_view path) {
  if (!path.starts_with('/')) return fail("path \"" + std::string(path) + "\": begins with no /");
  Spot spot{nullptr, {}, &target};
  for (std::string_view rest = path; !rest.empty();) {
    if (spot.found == nullptr) return fail("path \"" + std::string(path) + "\" leads nowhere");
    rest.remove_prefix(1);
    spot.parent = spot.found;
    spot.step = unescaped(rest.substr(0, rest.find('/')));
    spot.found = child(*spot.parent, spot.step);
    rest.remove_prefix(std::min(rest.size(), rest.find('/')));
  }
  return spot;
}

Result<void> add(const Spot& spot, const json::value& value) {
  if (auto* object = spot.parent->if_object()) {
    object->insert_or_assign(spot.step, value);
    return {};
  }
  auto* const list = spot.parent->if_array();
  if (list == nullptr) return fail("there is neither an object nor a list to add to");
  if (spot.step == "-" || spot.step == std::to_string(list->size())) {
    list->push_back(value);
  } else if (const auto index = index_in(*list, spot.step)) {
    list->insert(list->begin() + *index, value);
  } else {
    return fail("the list has no place " + spot.step);
  }
  return {};
}

void remove(const Spot& spot) {
  if (auto* object = spot.parent->if_object()) {
    object->erase(spot.step);
  } else {
    json::array& list = spot.parent->as_array();
    list.erase(list.begin() + (spot.found - list.data()));
  }
}

std::string_view text_of(const json::object& operation, std::string_view key) {
  const auto* member = operation.if_contains(key);
  const auto* text = member == nullptr ? nullptr : member->if_string();
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

// What move and copy take from elsewhere; a few copies of copies would be more than any memory holds.
Result<json::value> take(json::value& target, std::string_view name, const std::string& from, std::size_t& room) {
  REEVE_TRY(const Spot source, find_spot(target, from));
  if (source.found == nullptr) return fail(std::string(name) + " from \"" + from + "\": there is no such value");
  json::value value = *source.found;
  if (name == "move") {
    remove(source);
    return value;
  }
  const std::size_t size = json::serialize(value).size();
  if (size > room) return fail("the patch copies more than " + std::to_string(copied_bytes_max) + " bytes");
  room -= size;
  return value;
}

Result<void> apply(json::value& target, const json::object& operation, std::size_t& room) {
  const std::string_view name = text_of(operation, "op");
  const std::string path(text_of(operation, "path"));
  const json::value* const value = operation.if_contains("value");
  if (name == "move" || name == "copy") {
    REEVE_TRY(const json::value taken, take(target, name, std::string(text_of(operation, "from")), room));
    REEVE_TRY(const Spot spot, find_spot(target, path));
    return add(spot, taken);
  }
  if (name != "remove" && name != "add" && name != "replace" && name != "test") {
    return fail("op \"" + std::string(name) + "\" is none: add, remove, replace, move, copy and test are");
  }
  REEVE_TRY(const Spot spot, find_spot(target, path));
  if (name != "remove" && value == nullptr) return fail(std::string(name) + " \"" + path + "\" has no value");
  if (name == "add") return add(spot, *value);
  if (spot.found == nullptr) return fail(std::string(name) + " \"" + path + "\": there is no such value");
  if (name == "test" && *spot.found != *value) return fail("test \"" + path + "\": it has another value");
  if (name == "replace") *spot.found = *value;
  if (name == "remove") remove(spot);
  return {};
}

}  // namespace

Result<void> json_patch(json::value& target, const json::value& patch) {
  const auto* const operations = patch.if_array();
  if (operations == nullptr) return fail("the patch is not a list of operations");
  std::size_t room = copied_bytes_max;
  for (const json::value& each : *operations) {
    const auto* const operation = each.if_object();
    if (operation == nullptr) return fail("an operation of the patch is not an object");
    REEVE_TRY_VOID(apply(target, *operation, room));
  }
  return {};
}

}  // namespace reeve::api
