#pragma once
// Follows a list of the API: each change once and in order, also over connections that end.

#include <reeve/api/client.hpp>

#include <boost/json/value.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace reeve::api {

// Cuts pieces into lines.
class Lines {
 public:
  // False once the reader answered false.
  bool feed(std::string_view piece, const Client::Reader& reader);

  // What came after the last line end.
  const std::string& rest() const noexcept { return rest_; }

 private:
  std::string rest_;
};

struct WatchRequest {
  std::string path;        // "/api/v1/namespaces/default/pods"
  std::string query = {};  // "labelSelector=app%3Dweb", or empty
  std::string accept = exact_json;
  std::string resource_version = {};  // begin after it; empty: first all there is
};

class Watch {
 public:
  explicit Watch(WatchRequest request) : request_(std::move(request)) {}

  // The object of a Table is the one of its row. Bookmarks are not handed on.
  using Reader = std::function<bool(std::string_view type, const boost::json::value& object)>;

  // Until the reader answers false or the deadline comes.
  Result<StreamEnd> run(const Client& client, const Reader& reader, Deadline deadline = std::nullopt);

  // Takes one line of the stream; false: the reader wants no more. Errors are the server's.
  Result<bool> take(std::string_view line, const Reader& reader);

 private:
  bool is_known(std::string_view type, const boost::json::value& object);
  std::string path() const;

  WatchRequest request_;
  std::map<std::string, std::string> versions_;  // by namespace and name: the newest that was handed on
  bool expired_ = false;                         // the server forgot the version: it begins anew
};

}  // namespace reeve::api
