#include "cli/jsonpath.hpp"

#include "cli/json.hpp"
#include "cli/usage.hpp"

#include <reeve/core/text.hpp>

namespace reeve::cli {
namespace json = boost::json;
namespace {

using Values = std::vector<const json::value*>;

Values members(const Values& from, const std::string& name) {
  Values found;
  for (const json::value* each : from) {
    const json::object* const object = each->if_object();
    const json::value* const member = object == nullptr ? nullptr : object->if_contains(name);
    if (member != nullptr) found.push_back(member);
  }
  return found;
}

std::string unquoted(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  const bool is_quoted =
      text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front();
  return std::string(is_quoted ? text.substr(1, text.size() - 2) : text);
}

// What stands between brackets: an index, *, 'name' or ?(@.key=="value").
Result<Values> bracketed(const Values& from, std::string_view inside) {
  if (inside.starts_with('\'') || inside.starts_with('"')) return members(from, unquoted(inside));
  const bool is_filter = inside.starts_with("?(@.") && inside.ends_with(')');
  const std::string_view test = is_filter ? inside.substr(4, inside.size() - 5) : std::string_view();
  const std::size_t equals = test.find("==");
  const auto index = parse_integer(inside);
  if ((is_filter && equals == std::string_view::npos) || (!is_filter && inside != "*" && !index)) {
    return fail("cannot read the JSONPath: [" + std::string(inside) + "]");
  }
  Values found;
  for (const json::value* each : from) {
    const json::array* const array = each->if_array();
    if (array == nullptr) continue;
    const auto size = static_cast<std::int64_t>(array->size());
    for (std::int64_t i = 0; i < size; ++i) {
      const json::value& element = (*array)[static_cast<std::size_t>(i)];
      const bool is_wanted =
          is_filter ? text_at(element, unquoted(test.substr(0, equals))) == unquoted(test.substr(equals + 2))
                    : inside == "*" || i == (*index < 0 ? size + *index : *index);
      if (is_wanted) found.push_back(&element);
    }
  }
  return found;
}

// The name before the next dot or bracket; a dot after a backslash belongs to it.
std::string take_name(std::string_view& rest) {
  std::string name;
  while (!rest.empty() && rest.front() != '.' && rest.front() != '[') {
    if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
    name += rest.front();
    rest.remove_prefix(1);
  }
  return name;
}

}  // namespace

Result<std::vector<const json::value*>> follow(const json::value& value, std::string_view path) {
  std::string_view rest = path;
  if (rest.starts_with('{') && rest.ends_with('}')) rest = rest.substr(1, rest.size() - 2);
  if (rest.starts_with('$')) rest.remove_prefix(1);
  if (!rest.starts_with('.') && !rest.starts_with('[')) {
    return fail("cannot read the JSONPath " + quoted(path) + ": write {.status.phase}");
  }
  Values values{&value};
  while (!rest.empty()) {
    if (rest.front() == '[') {
      const std::size_t end = rest.find(']');
      if (end == std::string_view::npos) return fail("cannot read the JSONPath " + quoted(path) + ": a ] is missing");
      REEVE_TRY(values, bracketed(values, rest.substr(1, end - 1)));
      rest.remove_prefix(end + 1);
    } else {
      rest.remove_prefix(1);
      const std::string name = take_name(rest);
      if (!name.empty()) values = members(values, name);
    }
  }
  return values;
}

}  // namespace reeve::cli
