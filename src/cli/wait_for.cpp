#include "cli/wait_for.hpp"

#include "cli/json.hpp"
#include "cli/jsonpath.hpp"

#include <reeve/core/text.hpp>

#include <algorithm>

namespace reeve::cli {
namespace json = boost::json;
namespace {

std::string lower(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return small;
}

Result<Wanted> read_path(std::string_view text) {
  const std::size_t end = text.rfind('}');
  if (!text.starts_with('{') || end == std::string_view::npos) {
    return fail(
        "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or "
        "--for=jsonpath='{.status.readyReplicas}'");
  }
  WantedPath wanted{std::string(text.substr(0, end + 1)), std::nullopt};
  const std::string_view rest = text.substr(end + 1);
  if (rest == "=" || (!rest.empty() && rest.front() != '=')) return fail("jsonpath wait has to have a value after =");
  if (!rest.empty()) wanted.value = std::string(rest.substr(1));
  REEVE_TRY([[maybe_unused]] const auto values, follow(json::value(), wanted.path));
  return wanted;
}

// A condition older than the object's generation says nothing of it.
bool is_current(const json::value& condition, const json::value& object) {
  const std::int64_t seen = number_at(condition, "observedGeneration", -1);
  return seen < 0 || seen >= number_at(object, "metadata.generation");
}

bool meets(const WantedCondition& wanted, const json::value& object) {
  return std::ranges::any_of(list_at(object, "status.conditions"), [&](const json::value& each) {
    return lower(text_at(each, "type")) == lower(wanted.type) &&
           lower(text_at(each, "status")) == lower(wanted.status) && is_current(each, object);
  });
}

bool meets(const WantedPath& wanted, const json::value& object) {
  const auto values = follow(object, wanted.path);
  if (!values) return false;
  return std::ranges::any_of(
      *values, [&](const json::value* each) { return !wanted.value || scalar_text(*each) == *wanted.value; });
}

bool meets(const WantedCreate&, const json::value&) { return true; }
bool meets(const WantedDelete&, const json::value&) { return false; }

}  // namespace

Result<Wanted> read_wanted(std::string_view text) {
  constexpr std::string_view condition = "condition=", path = "jsonpath=";
  if (lower(text) == "delete") return Wanted{WantedDelete{}};
  if (lower(text) == "create") return Wanted{WantedCreate{}};
  if (text.starts_with(path)) return read_path(text.substr(path.size()));
  if (!text.starts_with(condition)) return fail("unrecognized condition: " + quoted(text));
  const std::string_view rest = text.substr(condition.size());
  const std::size_t equals = rest.find('=');
  WantedCondition wanted{std::string(rest.substr(0, equals))};
  if (equals != std::string_view::npos) wanted.status = rest.substr(equals + 1);
  return wanted;
}

bool is_met(const Wanted& wanted, const json::value& object) {
  return std::visit([&](const auto& each) { return meets(each, object); }, wanted);
}

}  // namespace reeve::cli
