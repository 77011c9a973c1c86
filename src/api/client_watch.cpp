#include <reeve/api/client_watch.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <thread>

namespace reeve::api {
namespace json = boost::json;
namespace {

const json::value* at(const json::value* value, std::string_view name) {
  const json::object* const object = value == nullptr ? nullptr : value->if_object();
  return object == nullptr ? nullptr : object->if_contains(name);
}

std::string text(const json::value* value) {
  const json::string* const found = value == nullptr ? nullptr : value->if_string();
  return found == nullptr ? std::string() : std::string(found->data(), found->size());
}

// The metadata of an object, or of the object in a Table's only row.
const json::value* metadata_of(const json::value& object) {
  const json::value* const rows = at(&object, "rows");
  if (rows == nullptr || !rows->is_array() || rows->get_array().empty()) return at(&object, "metadata");
  return at(at(&rows->get_array().front(), "object"), "metadata");
}

}  // namespace

bool Lines::feed(std::string_view piece, const Client::Reader& reader) {
  for (std::size_t end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
    rest_ += piece.substr(0, end);
    piece.remove_prefix(end + 1);
    std::string line;
    line.swap(rest_);
    if (!reader(line)) return false;
  }
  rest_ += piece;
  return true;
}

std::string Watch::path() const {
  std::string path = request_.path + "?watch=1&allowWatchBookmarks=true";
  if (!request_.query.empty()) path += '&' + request_.query;
  if (!request_.resource_version.empty()) path += "&resourceVersion=" + request_.resource_version;
  return path;
}

// Notes the object's version; true if it was handed on already (a watch that began anew tells all there is again).
bool Watch::is_known(std::string_view type, const json::value& object) {
  const json::value* const metadata = metadata_of(object);
  const std::string version = text(at(metadata, "resourceVersion"));
  if (!version.empty()) request_.resource_version = version;
  std::string& seen = versions_[text(at(metadata, "namespace")) + '/' + text(at(metadata, "name"))];
  if (type == "DELETED") {
    seen.clear();
    return false;
  }
  const bool is_known = type == "ADDED" && !version.empty() && seen == version;
  seen = version;
  return is_known;
}

Result<bool> Watch::take(std::string_view line, const Reader& reader) {
  if (line.find_first_not_of(" \r\t") == std::string_view::npos) return true;
  boost::system::error_code error;
  const json::value event = json::parse(line, error);
  if (error) return fail("cannot understand a line of the watch");
  const std::string type = text(at(&event, "type"));
  const json::value* const object = at(&event, "object");
  if (object == nullptr) return fail("cannot understand a line of the watch: it has no object");
  if (type == "BOOKMARK") {
    const std::string version = text(at(metadata_of(*object), "resourceVersion"));
    if (!version.empty()) request_.resource_version = version;
    return true;
  }
  if (type == "ERROR") {
    if (text(at(object, "reason")) != "Expired") return fail(status_line(*object));
    expired_ = true;
    return true;
  }
  return is_known(type, *object) || reader(type, *object);
}

Result<StreamEnd> Watch::run(const Client& client, const Reader& reader, Deadline deadline) {
  for (;;) {
    Lines lines;
    Result<bool> outcome = true;
    expired_ = false;
    const std::string version_before = request_.resource_version;
    const auto take_line = [&](std::string_view line) {
      outcome = take(line, reader);
      return outcome && *outcome;
    };
    const ClientRequest request{.method = "GET", .path = path(), .accept = request_.accept};
    const auto streamed = client.stream(
        request, [&](std::string_view piece) { return lines.feed(piece, take_line); }, deadline);
    if (!streamed) return tl::unexpected(streamed.error());
    if (!outcome) return tl::unexpected(outcome.error());
    if (streamed->status >= 300) {
      boost::system::error_code error;
      return fail(status_line(json::parse(streamed->refusal, error)));
    }
    if (streamed->end != StreamEnd::by_server) return streamed->end;
    if (expired_) request_.resource_version.clear();
    if (request_.resource_version == version_before) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

}  // namespace reeve::api
