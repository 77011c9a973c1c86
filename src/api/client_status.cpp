// A server's refusal in kubectl's words (kubectl/pkg/cmd/util/helpers.go).
#include <reeve/api/client.hpp>
#include <reeve/core/text.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace reeve::api {
namespace json = boost::json;
namespace {

const json::value* member(const json::value& value, std::string_view name) {
  const json::object* const object = value.if_object();
  return object == nullptr ? nullptr : object->if_contains(name);
}

std::string text_of(const json::value& value, std::string_view name) {
  const json::value* const found = member(value, name);
  const json::string* const text = found == nullptr ? nullptr : found->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

std::string causes_text(const json::array& causes) {
  std::vector<std::string> lines;
  for (const json::value& each : causes) {
    const std::string field = text_of(each, "field");
    lines.push_back((field.empty() ? "" : field + ": ") + text_of(each, "message"));
  }
  if (lines.size() == 1) return ": " + lines.front();
  std::string text = ": ";
  for (const std::string& each : lines) text += "\n* " + each;
  return text;
}

std::string invalid_line(const json::value& status, const json::value& details) {
  const std::string kind = text_of(details, "kind");
  if (kind.empty()) return "The request is invalid: " + text_of(status, "message");
  std::string line = "The " + kind + ' ' + quoted(text_of(details, "name")) + " is invalid";
  const json::value* const causes = member(details, "causes");
  if (causes != nullptr && causes->is_array() && !causes->get_array().empty()) {
    return line + causes_text(causes->get_array());
  }
  return line;
}

}  // namespace

std::string status_line(const json::value& status) {
  const std::string reason = text_of(status, "reason");
  const json::value* const details = member(status, "details");
  if (reason == "Invalid" && details != nullptr) return invalid_line(status, *details);
  return "Error from server" + (reason.empty() ? "" : " (" + reason + ")") + ": " + text_of(status, "message");
}

}  // namespace reeve::api
