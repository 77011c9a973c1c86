#include "api/status.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <array>

namespace reeve::api {
namespace json = boost::json;
namespace {

Status about(int code, std::string_view reason, std::string message, const KindInfo& kind, const std::string& name) {
  return {code, reason, std::move(message), name, std::string(kind.plural), kind.group, {}};
}

// As field.ErrorType names its reasons (apimachinery/pkg/api/errors NewInvalid).
std::string cause_reason(std::string_view type) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> reasons{{
      {"Required value", "FieldValueRequired"},
      {"Duplicate value", "FieldValueDuplicate"},
      {"Unsupported value", "FieldValueNotSupported"},
      {"Not found", "FieldValueNotFound"},
      {"Forbidden", "FieldValueForbidden"},
      {"Too long", "FieldValueTooLong"},
      {"Too many", "FieldValueTooMany"},
      {"Invalid value", "FieldValueInvalid"},
  }};
  for (const auto& [name, reason] : reasons) {
    if (name == type) return std::string(reason);
  }
  return "FieldValueInvalid";
}

}  // namespace

std::string Status::json() const {
  json::object status{{"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", json::object()}};
  status["status"] = reason.empty() ? "Success" : "Failure";
  if (!message.empty()) status["message"] = message;
  if (!reason.empty()) status["reason"] = reason;
  json::object details;
  if (!name.empty()) details["name"] = name;
  if (!group.empty()) details["group"] = group;
  if (!kind.empty()) details["kind"] = kind;
  if (!uid.empty()) details["uid"] = uid;
  json::array list;
  for (const Cause& each : causes) {
    list.push_back(json::object{{"reason", each.reason}, {"message", each.message}, {"field", each.field}});
  }
  if (!list.empty()) details["causes"] = std::move(list);
  if (!details.empty()) status["details"] = std::move(details);
  status["code"] = code;
  return json::serialize(status) + '\n';
}

Status bad_request(std::string message) { return {400, "BadRequest", std::move(message), {}, {}, {}, {}}; }

Status not_found(const KindInfo& kind, const std::string& name) {
  return about(404, "NotFound", qualified(kind) + " \"" + name + "\" not found", kind, name);
}

Status no_such_path() { return {404, "NotFound", "the server could not find the requested resource", {}, {}, {}, {}}; }

Status already_exists(const KindInfo& kind, const std::string& name) {
  return about(409, "AlreadyExists", qualified(kind) + " \"" + name + "\" already exists", kind, name);
}

Status conflict(const KindInfo& kind, const std::string& name, std::string why) {
  if (why.empty()) {
    why = "the object has been modified; please apply your changes to the latest version and try again";
  }
  return about(409, "Conflict", "Operation cannot be fulfilled on " + qualified(kind) + " \"" + name + "\": " + why,
               kind, name);
}

Status invalid(const KindInfo& kind, const std::string& name, const std::vector<FieldError>& errors) {
  std::string list;
  for (const FieldError& each : errors) list += (list.empty() ? "" : ", ") + each.message();
  if (errors.size() > 1) list = '[' + list + ']';
  std::string title(kind.name);
  if (!kind.group.empty()) title += '.' + std::string(kind.group);
  Status status = about(422, "Invalid", title + " \"" + name + "\" is invalid: " + list, kind, name);
  status.kind = std::string(kind.name);
  for (const FieldError& each : errors) {
    // A cause's field is told apart from its message.
    status.causes.push_back({cause_reason(each.type), each.message().substr(each.field.size() + 2), each.field});
  }
  return status;
}

Status method_not_allowed() {
  return {405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {}, {}, {}, {}};
}

Status forbidden(std::string message) { return {403, "Forbidden", std::move(message), {}, {}, {}, {}}; }

// The word for it is ours; the code is HTTP's for a server that cannot store what it would need to.
Status not_kept(const std::string& problem) {
  return {507,
          "NotKept",
          "the change is in force, but it is not kept: " + problem +
              "; reeve goes on trying, and should it end before, the change is lost",
          {},
          {},
          {},
          {}};
}

Status expired() { return {410, "Expired", "The resourceVersion for the provided watch is too old.", {}, {}, {}, {}}; }

Status of_http(int code, std::string message) {
  std::string_view reason = "BadRequest";
  if (code == 413) reason = "RequestEntityTooLarge";
  if (code == 406) reason = "NotAcceptable";
  if (code == 415) reason = "UnsupportedMediaType";
  if (code == 429) reason = "TooManyRequests";
  if (code == 500) reason = "InternalError";
  if (code == 503) reason = "ServiceUnavailable";
  return {code, reason, std::move(message), {}, {}, {}, {}};
}

Status success(const KindInfo& kind, const std::string& name, std::string uid) {
  return {200, {}, {}, name, std::string(kind.plural), kind.group, {}, std::move(uid)};
}

}  // namespace reeve::api
