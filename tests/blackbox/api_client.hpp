#pragma once
// A raw HTTP client on a unix socket, or on a connection of its own: says what it is told to, byte for byte.

#include <blackbox/support.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::test {

struct Answer {
  int status = 0;
  std::string body;
};

class ApiClient {
 public:
  // Waits until somebody listens there. As another user: the descriptor is made by a child of that uid.
  explicit ApiClient(const std::string& path, uid_t uid = 0);
  explicit ApiClient(int connected) : fd_(connected), host_line_() {}  // Host is the caller's to say
  ~ApiClient();
  ApiClient(ApiClient&& other) noexcept;
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;

  bool is_connected() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  bool send(std::string_view bytes) const;

  // The next whole answer; status 0 if the connection ended or nothing came.
  Answer receive(Millis limit = ceiling);
  Answer ask(const std::string& method, const std::string& path, const std::string& body = {},
             const std::string& headers = {});
  Answer get(const std::string& path, const std::string& headers = {}) { return ask("GET", path, {}, headers); }

  // Of a chunked answer whose head is taken in here: the next line, or nothing within the limit.
  std::optional<std::string> next_line(Millis limit = ceiling);
  bool has_ended(Millis limit = ceiling);

 private:
  bool read_more(Millis limit);
  bool take_head(Millis limit);
  bool take_chunk();

  int fd_ = -1;
  std::string in_;
  std::string lines_;
  std::string host_line_ = "Host: reeve\r\n";
  bool in_stream_ = false;
  bool ended_ = false;
};

// The text after "key":" up to the next quote, from a position on.
std::string json_text(const std::string& json, const std::string& key, std::size_t from = 0);

}  // namespace reeve::test
