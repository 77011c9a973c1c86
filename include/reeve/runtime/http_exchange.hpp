#pragma once
// What an HTTP probe says and what it makes of the answer, without a socket (pkg/probe/http/http.go, request.go).

#include <reeve/core/probe.hpp>
#include <reeve/core/spec.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::runtime {

// Where a request goes. path begins with "/" and may carry a query.
struct HttpTarget {
  std::string host;
  std::int32_t port = 80;
  std::string path = "/";

  std::string authority() const;  // "127.0.0.1:80", "[::1]:80"
  std::string url() const;        // "http://127.0.0.1:80/health"
  bool operator==(const HttpTarget&) const = default;
};

// The target of a probe; path is escaped where it could not stand in a request line.
HttpTarget http_target(const HttpGetAction& action, std::string host, std::int32_t port);

// Who asks: a probe, or a hook, for which any answer will do.
enum class HttpAsker { probe, hook };

// The request, with the probe's own headers over the default ones.
std::string http_request(const HttpTarget& target, const std::vector<NameValue>& headers,
                         HttpAsker asker = HttpAsker::probe);

// Reads an answer piece by piece; keeps at most the first 10240 bytes of its body.
class HttpReply {
 public:
  enum class Progress { more, done, malformed, cut };

  HttpReply();
  ~HttpReply();
  HttpReply(HttpReply&&) noexcept;
  HttpReply& operator=(HttpReply&&) noexcept;

  Progress feed(std::string_view bytes);

  // The connection ended: done if the answer is whole without a length, else cut.
  Progress end();

  bool has_headers() const;
  int status() const;
  std::string location() const;
  const std::string& body() const noexcept { return body_; }
  const std::string& problem() const noexcept { return problem_; }

 private:
  struct Parser;
  Progress parse();

  std::unique_ptr<Parser> parser_;
  std::string pending_;
  std::string body_;
  std::string problem_;
};

// What a whole answer means.
ProbeOutcome judge(const HttpReply& reply);

// Where a redirect leads, if it is one to follow: same host name as the first request. Nothing: the answer stands.
std::optional<HttpTarget> redirect_of(const HttpReply& reply, const HttpTarget& current, const HttpTarget& first);

}  // namespace reeve::runtime
