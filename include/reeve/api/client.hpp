#pragma once
// Asks a running reeve over its unix socket: HTTP/1.1, one connection for each request, blocking.

#include <reeve/core/result.hpp>
#include <reeve/linux/fd.hpp>

#include <boost/json/value.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::api {

// Where reeve listens: what was given, else REEVE_SOCKET, else the default of who asks.
std::string socket_path(const std::string& given);

// Objects as reeve has them: with fractions of seconds, which Kubernetes' types cannot hold.
inline constexpr const char* exact_json = "application/json;profile=reeve.dev";

struct ClientRequest {
  std::string method = "GET";
  std::string path;
  std::string body = {};
  std::string accept = exact_json;
  std::string content_type = "application/json";
  std::string upgrade = {};  // the protocol that the connection is to become
};

struct Response {
  int status = 0;
  std::string body;

  bool succeeded() const noexcept { return status >= 200 && status < 300; }
};

// An answer that is JSON, whatever its status.
struct Answer {
  int status = 0;
  boost::json::value body;

  bool succeeded() const noexcept { return status >= 200 && status < 300; }
};

// A connection that is no HTTP any more, and what came with the answer.
struct Upgraded {
  linux::UniqueFd connection;
  std::vector<linux::UniqueFd> descriptors;
  std::string rest;  // what came behind the answer
};

using Deadline = std::optional<std::chrono::steady_clock::time_point>;

// Why a stream is over.
enum class StreamEnd { by_reader, by_server, timed_out };

struct Streamed {
  int status = 0;
  StreamEnd end = StreamEnd::by_server;
  std::string refusal;  // the body of an answer that is no success
};

class Client {
 public:
  explicit Client(std::string socket) : socket_(std::move(socket)) {}

  // Errors are the transport's; what the server refuses is an answer.
  Result<Response> send(const ClientRequest& request) const;
  Result<Answer> ask(const ClientRequest& request) const;

  // Hands on the body of a success as it comes, until the reader answers false.
  using Reader = std::function<bool(std::string_view piece)>;
  Result<Streamed> stream(const ClientRequest& request, const Reader& reader, Deadline deadline = std::nullopt) const;

  // Asks for the request's upgrade. A refusal is an error in kubectl's words.
  Result<Upgraded> upgrade(const ClientRequest& request, Deadline deadline = std::nullopt) const;

  const std::string& socket() const noexcept { return socket_; }

 private:
  std::string socket_;
};

// kubectl's line for a v1 Status: "Error from server (NotFound): pods \"x\" not found".
std::string status_line(const boost::json::value& status);

// The body of a success; of anything else, its line as an error.
Result<boost::json::value> expect_success(Result<Answer> answer);

// "a b&c" as it may stand in a query, or as one step of a path.
std::string query_escaped(std::string_view text);
std::string path_escaped(std::string_view step);

}  // namespace reeve::api
