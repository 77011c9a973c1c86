#pragma once
// One HTTP request, read piece by piece. Knows no socket.

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::api {

struct Request {
  std::string method;
  std::vector<std::string> segments;  // of the path, decoded
  std::multimap<std::string, std::string, std::less<>> query;
  std::string accept;
  std::string content_type;
  std::string host;     // as the header says; empty: none, or several
  std::string origin;   // of the page that a browser asks for
  std::string upgrade;  // the protocol that the connection is to become; empty: none
  std::string body;
  bool keep_alive = true;
  bool is_http_1_1 = true;

  // The first value of a parameter, empty where there is none; all of them.
  const std::string& parameter(std::string_view name) const;
  std::vector<std::string> parameters(std::string_view name) const;
  bool flag(std::string_view name) const;  // "1", "true"
  std::optional<std::int64_t> number(std::string_view name) const;
};

// "a%20b", and "+" for a blank in a query; nothing where an escape is broken or hides a NUL.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank);

class RequestReader {
 public:
  static constexpr std::size_t header_bytes_max = 16 * 1024;
  static constexpr std::size_t body_bytes_max = 1024 * 1024;

  enum class Progress {
    more,        // the request goes on
    wants_body,  // as more, and the client waits for "100 Continue"
    done,        // take() gives it
    refused,     // status() and problem() say why; nothing after it can be understood
  };

  RequestReader();
  ~RequestReader();
  RequestReader(RequestReader&&) noexcept;
  RequestReader& operator=(RequestReader&&) noexcept;

  // Bytes after the request's end wait for the next call of advance.
  void feed(std::string_view bytes) { pending_ += bytes; }
  Progress advance();

  Request take();

  bool is_idle() const noexcept { return pending_.empty() && parser_ == nullptr; }  // between two requests
  bool is_full() const noexcept { return pending_.size() > header_bytes_max + 65536; }
  int status() const noexcept { return status_; }
  const std::string& problem() const noexcept { return problem_; }

 private:
  struct Parser;
  Progress refuse(int status, std::string problem);
  Progress understand();

  std::unique_ptr<Parser> parser_;  // of a request that has begun
  std::string pending_;
  Request request_;
  int status_ = 0;
  std::string problem_;
};

}  // namespace reeve::api
