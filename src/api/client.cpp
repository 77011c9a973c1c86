#include <reeve/api/client.hpp>
#include <reeve/api/socket_place.hpp>
#include <reeve/core/text.hpp>
#include <reeve/linux/fd.hpp>
#include <reeve/linux/passing.hpp>
#include <reeve/linux/socket.hpp>
#include <reeve/linux/socket_address.hpp>

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/json/parse.hpp>

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>

namespace reeve::api {
namespace http = boost::beast::http;
namespace json = boost::json;
namespace {

constexpr std::size_t piece_bytes = 65536;
constexpr std::uint32_t header_bytes_max = 64 * 1024;

Error cannot_reach(const std::string& socket, int code) {
  if (code == EACCES || code == EPERM) {
    return {"cannot connect to " + socket + ": only root and who runs reeve may ask", code};
  }
  return {"cannot connect to " + socket +
              ": is reeve running? Where it listens elsewhere, name its socket by --socket or REEVE_SOCKET",
          code};
}

// Waits until the socket is ready; false: the deadline came first.
Result<bool> wait_for(int fd, short what, const Deadline& deadline) {
  for (;;) {
    int timeout = -1;
    if (deadline) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0) return false;
      timeout = left.count() > INT_MAX ? INT_MAX : static_cast<int>(left.count());
    }
    pollfd entry{fd, what, 0};
    const int ready = ::poll(&entry, 1, timeout);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return fail("cannot wait for reeve", errno);
  }
}

Result<linux::UniqueFd> connect_to(const std::string& socket) {
  const auto address = linux::SocketAddress::parse("unix:" + socket);
  if (!address) return tl::unexpected(cannot_reach(socket, ENAMETOOLONG));
  REEVE_TRY(linux::UniqueFd fd, linux::make_stream_socket(AF_UNIX));
  if (const auto begun = linux::begin_connect(fd.get(), *address); !begun) {
    return tl::unexpected(cannot_reach(socket, begun.error().code));
  }
  return fd;
}

std::string head_of(const ClientRequest& request) {
  std::string head = request.method + " " + request.path + " HTTP/1.1\r\nHost: reeve\r\nAccept: " + request.accept +
                     "\r\nConnection: ";
  head += request.upgrade.empty() ? "close\r\n" : "Upgrade\r\nUpgrade: " + request.upgrade + "\r\n";
  if (!request.body.empty()) {
    head +=
        "Content-Type: " + request.content_type + "\r\nContent-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return head + "\r\n";
}

Result<void> write_request(int fd, const ClientRequest& request) {
  const std::string text = head_of(request) + request.body;
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      REEVE_TRY([[maybe_unused]] const bool is_ready, wait_for(fd, POLLOUT, std::nullopt));
    } else if (errno == EPIPE) {
      break;  // it may have answered all the same
    } else if (errno != EINTR) {
      return fail("cannot send the request to reeve", errno);
    }
  }
  return {};
}

// Takes the answer's bytes as they come; hands on those of its body.
class Answering {
 public:
  Answering() {
    parser_.header_limit(header_bytes_max);
    parser_.body_limit(boost::none);
    parser_.eager(true);
  }

  int status() const { return static_cast<int>(parser_.get().result_int()); }
  bool is_done() const { return parser_.is_done(); }
  bool has_head() const { return parser_.is_header_done(); }
  std::string take_rest() { return std::move(pending_); }

  // False: the reader wants no more.
  Result<bool> feed(std::string_view bytes, const Client::Reader& reader) {
    pending_ += bytes;
    while (!pending_.empty() && !parser_.is_done()) {
      auto& body = parser_.get().body();
      body = {piece_.data(), piece_.size(), true};
      boost::beast::error_code error;
      const std::size_t used = parser_.put(boost::asio::const_buffer(pending_.data(), pending_.size()), error);
      pending_.erase(0, used);
      const std::size_t filled = piece_.size() - body.size;
      if (filled > 0 && !reader({piece_.data(), filled})) return false;
      if (error == http::error::need_more) return true;
      if (error && error != http::error::need_buffer)
        return fail("cannot understand reeve's answer: " + error.message());
      if (used == 0 && filled == 0) return true;
    }
    return true;
  }

  // The peer closed: true if that is a proper end.
  bool end() {
    boost::beast::error_code error;
    if (!parser_.is_done() && parser_.is_header_done()) parser_.put_eof(error);
    return parser_.is_done() && !error;
  }

 private:
  http::response_parser<http::buffer_body> parser_;
  std::array<char, piece_bytes> piece_{};
  std::string pending_;
};

constexpr std::string_view cut_off = "cannot read reeve's answer: the connection ended in its midst";

// More bytes; nothing at the end of the connection.
Result<std::size_t> read_some(int fd, std::span<char> into) {
  for (;;) {
    const ssize_t got = ::recv(fd, into.data(), into.size(), 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EAGAIN) return fail("", EAGAIN);
    if (errno != EINTR) return fail("cannot read reeve's answer", errno);
  }
}

}  // namespace

std::string socket_path(const std::string& given) {
  if (!given.empty()) return given;
  if (const char* named = std::getenv("REEVE_SOCKET"); named != nullptr && *named != '\0') return named;
  return find_socket();
}

Result<Streamed> Client::stream(const ClientRequest& request, const Reader& reader, Deadline deadline) const {
  REEVE_TRY(const linux::UniqueFd fd, connect_to(socket_));
  REEVE_TRY_VOID(write_request(fd.get(), request));
  const auto answering = std::make_unique<Answering>();
  Streamed streamed;
  const auto sort = [&](std::string_view piece) {
    if (answering->status() >= 200 && answering->status() < 300) return reader(piece);
    streamed.refusal += piece;
    return true;
  };
  std::array<char, 16384> bytes{};
  for (;;) {
    const auto got = read_some(fd.get(), bytes);
    if (!got && got.error().code == EAGAIN) {
      REEVE_TRY(const bool is_ready, wait_for(fd.get(), POLLIN, deadline));
      if (is_ready) continue;
      streamed.end = StreamEnd::timed_out;
      return streamed;
    }
    if (!got) return tl::unexpected(got.error());
    if (*got == 0 && !answering->end()) {
      // A stream that was under way may be taken up again.
      if (!answering->has_head() || answering->status() >= 300) return fail(std::string(cut_off));
    }
    REEVE_TRY(const bool wants_more, answering->feed({bytes.data(), *got}, sort));
    if (answering->has_head()) streamed.status = answering->status();
    streamed.end = wants_more ? StreamEnd::by_server : StreamEnd::by_reader;
    if (!wants_more || *got == 0 || answering->is_done()) return streamed;
  }
}

Result<Upgraded> Client::upgrade(const ClientRequest& request, Deadline deadline) const {
  Upgraded upgraded;
  REEVE_TRY(upgraded.connection, connect_to(socket_));
  REEVE_TRY_VOID(write_request(upgraded.connection.get(), request));
  const auto answering = std::make_unique<Answering>();
  std::string refusal;
  const auto keep = [&](std::string_view piece) {
    refusal += piece;
    return true;
  };
  std::array<char, 4096> bytes{};
  while (!answering->is_done()) {
    auto passed = linux::receive_with_descriptors(upgraded.connection.get(), bytes);
    if (!passed && passed.error().code == EAGAIN) {
      REEVE_TRY(const bool is_ready, wait_for(upgraded.connection.get(), POLLIN, deadline));
      if (!is_ready) return fail("cannot read reeve's answer: it did not come in time");
      continue;
    }
    if (!passed) return tl::unexpected(std::move(passed).error());
    if (passed->bytes == 0) return fail(std::string(cut_off));
    for (auto& each : passed->descriptors) upgraded.descriptors.push_back(std::move(each));
    REEVE_TRY([[maybe_unused]] const bool goes_on, answering->feed({bytes.data(), passed->bytes}, keep));
  }
  if (answering->status() == 101) {
    upgraded.rest = answering->take_rest();
    return upgraded;
  }
  boost::system::error_code error;
  return fail(status_line(json::parse(refusal, error)));
}

Result<Response> Client::send(const ClientRequest& request) const {
  Response response;
  const auto append = [&](std::string_view piece) {
    response.body += piece;
    return true;
  };
  REEVE_TRY(Streamed streamed, stream(request, append));
  response.status = streamed.status;
  if (!response.succeeded()) response.body = std::move(streamed.refusal);
  return response;
}

Result<Answer> Client::ask(const ClientRequest& request) const {
  REEVE_TRY(const Response response, send(request));
  boost::system::error_code error;
  Answer answer{response.status, json::parse(response.body, error)};
  if (error) return fail("cannot understand reeve's answer: it is not JSON: " + response.body.substr(0, 200));
  return answer;
}

Result<json::value> expect_success(Result<Answer> answer) {
  if (!answer) return tl::unexpected(std::move(answer).error());
  if (!answer->succeeded()) return fail(status_line(answer->body));
  return std::move(answer->body);
}

namespace {

std::string escaped(std::string_view text, std::string_view plain) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                          (byte >= 'a' && byte <= 'z') || plain.find(c) != std::string_view::npos;
    if (is_plain) {
      out += c;
    } else {
      out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return out;
}

}  // namespace

std::string query_escaped(std::string_view text) { return escaped(text, "-._~/"); }

std::string path_escaped(std::string_view step) { return escaped(step, "-._~"); }

}  // namespace reeve::api
