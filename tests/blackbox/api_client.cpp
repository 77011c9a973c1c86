#include <blackbox/api_client.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <cstring>
#include <utility>

namespace reeve::test {
namespace {

int connect_once(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

}  // namespace

ApiClient::ApiClient(const std::string& path, uid_t uid) {
  // The kernel notes who connects: the effective uid at that moment.
  const uid_t before = ::geteuid();
  if (uid != 0) BOOST_REQUIRE(::seteuid(uid) == 0);
  eventually([&] { return (fd_ = connect_once(path)) >= 0; }, uid == 0 ? ceiling : Millis(500));
  if (uid != 0) BOOST_REQUIRE(::seteuid(before) == 0);
}

ApiClient::ApiClient(ApiClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      in_(std::move(other.in_)),
      lines_(std::move(other.lines_)),
      host_line_(std::move(other.host_line_)),
      in_stream_(other.in_stream_),
      ended_(other.ended_) {}

ApiClient::~ApiClient() {
  if (fd_ >= 0) ::close(fd_);
}

bool ApiClient::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool ApiClient::read_more(Millis limit) {
  pollfd ready{fd_, POLLIN, 0};
  if (ended_ || ::poll(&ready, 1, static_cast<int>(limit.count())) <= 0) return false;
  char scratch[65536];
  const ssize_t got = ::recv(fd_, scratch, sizeof scratch, 0);
  if (got <= 0) ended_ = true;
  if (got > 0) in_.append(scratch, static_cast<std::size_t>(got));
  return got > 0;
}

Answer ApiClient::receive(Millis limit) {
  std::size_t head_end;
  while ((head_end = in_.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more(limit)) return {};
  }
  const std::string head = in_.substr(0, head_end);
  Answer answer;
  answer.status = std::atoi(head.c_str() + std::strlen("HTTP/1.1 "));
  const std::size_t length_at = head.find("Content-Length: ");
  if (length_at == std::string::npos) {
    in_stream_ = true;
    in_.erase(0, head_end + 4);
    while (!has_ended(Millis(0)) || lines_.find('\n') != std::string::npos) {
      auto line = next_line(limit);
      if (!line) break;
      answer.body += *line + "\n";
    }
    answer.body += std::exchange(lines_, {});
    in_stream_ = false;
    ended_ = false;
    return answer;
  }
  const std::size_t length = static_cast<std::size_t>(std::atoll(head.c_str() + length_at + 16));
  while (in_.size() < head_end + 4 + length) {
    if (!read_more(limit)) return {};
  }
  answer.body = in_.substr(head_end + 4, length);
  in_.erase(0, head_end + 4 + length);
  return answer;
}

Answer ApiClient::ask(const std::string& method, const std::string& path, const std::string& body,
                      const std::string& headers) {
  std::string request = method + " " + path + " HTTP/1.1\r\n" + host_line_ + headers;
  if (!body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  if (!send(request + "\r\n" + body)) return {};
  return receive();
}

bool ApiClient::take_head(Millis limit) {
  while (!in_stream_) {
    const std::size_t end = in_.find("\r\n\r\n");
    if (end != std::string::npos) {
      in_.erase(0, end + 4);
      in_stream_ = true;
    } else if (!read_more(limit)) {
      return false;
    }
  }
  return true;
}

// Moves one whole chunk from what came to the lines.
bool ApiClient::take_chunk() {
  const std::size_t size_end = in_.find("\r\n");
  if (size_end == std::string::npos) return false;
  const std::size_t size = std::strtoull(in_.c_str(), nullptr, 16);
  if (in_.size() < size_end + 2 + size + 2) return false;
  lines_ += in_.substr(size_end + 2, size);
  in_.erase(0, size_end + 2 + size + 2);
  if (size == 0) ended_ = true;
  return true;
}

std::optional<std::string> ApiClient::next_line(Millis limit) {
  if (!take_head(limit)) return std::nullopt;
  for (;;) {
    while (take_chunk()) {
    }
    const std::size_t end = lines_.find('\n');
    if (end != std::string::npos) {
      std::string line = lines_.substr(0, end);
      lines_.erase(0, end + 1);
      return line;
    }
    if (!read_more(limit)) return std::nullopt;
  }
}

bool ApiClient::has_ended(Millis limit) {
  const auto until = Clock::now() + limit;
  while (!ended_) {
    while (take_chunk()) {
    }
    const auto left = std::chrono::duration_cast<Millis>(until - Clock::now());
    if (ended_ || left.count() <= 0 || (!read_more(left) && !ended_)) break;
  }
  return ended_;
}

std::string json_text(const std::string& json, const std::string& key, std::size_t from) {
  const std::string before = '"' + key + "\":\"";
  const std::size_t at = json.find(before, from);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + before.size();
  return json.substr(begin, json.find('"', begin) - begin);
}

}  // namespace reeve::test
