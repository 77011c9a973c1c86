#include <reeve/runtime/http_exchange.hpp>
#include <reeve/runtime/http_parse.hpp>

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace reeve::runtime {
namespace http = boost::beast::http;
namespace {

constexpr std::size_t body_bytes_max = 10240;
constexpr std::uint32_t header_bytes_max = 64 * 1024;
constexpr std::string_view user_agents[] = {"kube-probe/1.36", "kube-lifecycle/1.36"};  // by HttpAsker

bool must_be_escaped(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte >= 0x7f || std::string_view("\"<>\\^`{|}").find(c) != std::string_view::npos;
}

std::string escaped(std::string_view path) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string text = path.starts_with('/') ? "" : "/";
  for (const char c : path) {
    if (!must_be_escaped(c)) {
      text += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    text += {'%', digits[byte >> 4], digits[byte & 15]};
  }
  return text;
}

// "foo-BAR" becomes "Foo-Bar", as Go writes header names.
std::string canonical(std::string name) {
  bool starts_word = true;
  for (char& c : name) {
    const auto byte = static_cast<unsigned char>(c);
    c = static_cast<char>(starts_word ? std::toupper(byte) : std::tolower(byte));
    starts_word = c == '-';
  }
  return name;
}

// A header value must not be able to begin another header.
std::string one_line(std::string value) {
  std::erase_if(value, [](char c) { return c == '\r' || c == '\n'; });
  return value;
}

// A default header, unless the probe writes its own; an empty own value removes it.
void put_default(std::string& request, std::string_view name, std::string_view value,
                 const std::vector<NameValue>& headers) {
  const bool is_replaced =
      std::ranges::any_of(headers, [&](const NameValue& each) { return canonical(each.name) == name; });
  if (!is_replaced) request += std::string(name) + ": " + std::string(value) + "\r\n";
}

}  // namespace

std::string HttpTarget::authority() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string HttpTarget::url() const { return "http://" + authority() + path; }

HttpTarget http_target(const HttpGetAction& action, std::string host, std::int32_t port) {
  return {std::move(host), port, escaped(action.path)};
}

std::string http_request(const HttpTarget& target, const std::vector<NameValue>& headers, HttpAsker asker) {
  std::string request = "GET " + target.path + " HTTP/1.1\r\n";
  put_default(request, "Host", target.authority(), headers);
  put_default(request, "User-Agent", user_agents[static_cast<std::size_t>(asker)], headers);
  put_default(request, "Accept", "*/*", headers);
  for (const NameValue& each : headers) {
    const std::string name = canonical(each.name);
    const bool is_removal = each.value.empty() && (name == "Accept" || name == "User-Agent");
    if (!is_removal) request += name + ": " + one_line(each.value) + "\r\n";
  }
  return request + "Connection: close\r\n\r\n";
}

struct HttpReply::Parser {
  http::response_parser<http::buffer_body> parser;
  std::array<char, body_bytes_max> body{};

  Parser() {
    parser.header_limit(header_bytes_max);
    parser.body_limit(boost::none);
    parser.eager(true);
    parser.get().body().data = body.data();
    parser.get().body().size = body.size();
    parser.get().body().more = true;
  }
};

HttpReply::HttpReply() : parser_(std::make_unique<Parser>()) {}
HttpReply::~HttpReply() = default;
HttpReply::HttpReply(HttpReply&&) noexcept = default;
HttpReply& HttpReply::operator=(HttpReply&&) noexcept = default;

HttpReply::Progress HttpReply::feed(std::string_view bytes) {
  pending_ += bytes;
  return parse();
}

HttpReply::Progress HttpReply::parse() {
  while (!pending_.empty()) {
    auto& parser = parser_->parser;
    if (!may_parse(parser, pending_)) break;
    boost::beast::error_code error;
    const std::size_t used = parser.put(boost::asio::const_buffer(pending_.data(), pending_.size()), error);
    pending_.erase(0, used);
    body_.assign(parser_->body.data(), parser_->body.size() - parser.get().body().size);
    if (error == http::error::need_buffer || parser.get().body().size == 0) return Progress::done;
    if (error && error != http::error::need_more) {
      problem_ = error.message();
      return Progress::malformed;
    }
    const bool is_interim = parser.is_done() && parser.get().result_int() / 100 == 1;
    if (is_interim) {
      parser_ = std::make_unique<Parser>();  // "100 Continue" and its like: the answer is still to come
      continue;
    }
    if (parser.is_done()) return Progress::done;
    if (used == 0 || error == http::error::need_more) return Progress::more;
  }
  return Progress::more;
}

HttpReply::Progress HttpReply::end() {
  auto& parser = parser_->parser;
  boost::beast::error_code error;
  if (!parser.is_header_done()) return Progress::cut;
  parser.put_eof(error);
  return error ? Progress::cut : Progress::done;
}

bool HttpReply::has_headers() const { return parser_->parser.is_header_done(); }
int HttpReply::status() const { return static_cast<int>(parser_->parser.get().result_int()); }
std::string HttpReply::location() const { return std::string(parser_->parser.get()[http::field::location]); }

ProbeOutcome judge(const HttpReply& reply) {
  const int status = reply.status();
  if (status < 200 || status >= 400) {
    return {ProbeResult::failure, "HTTP probe failed with statuscode: " + std::to_string(status)};
  }
  if (status < 300) return {ProbeResult::success, reply.body()};
  return {ProbeResult::warning, "Probe terminated redirects, Response body: " + reply.body()};
}

namespace {

// Splits "host", "host:port" or "[v6]:port"; the port is the scheme's unless written.
std::optional<HttpTarget> parse_authority(std::string_view authority) {
  HttpTarget target;
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    target.host = authority.substr(1, close - 1);
    port = authority.substr(close + 1);
  } else {
    const std::size_t colon = authority.find(':');
    target.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  if (port.empty()) return target;
  const auto [end, error] = std::from_chars(port.data() + 1, port.data() + port.size(), target.port);
  if (error != std::errc() || end != port.data() + port.size()) return std::nullopt;
  if (target.port < 1 || target.port > 65535) return std::nullopt;
  return target;
}

std::optional<HttpTarget> resolve(std::string_view location, const HttpTarget& current) {
  constexpr std::string_view scheme = "http:";
  if (location.starts_with(scheme)) location.remove_prefix(scheme.size());
  if (location.starts_with("//")) {
    location.remove_prefix(2);
    const std::size_t end = std::min(location.find('/'), location.find('?'));
    auto target = parse_authority(location.substr(0, end));
    if (target) target->path = escaped(end == std::string_view::npos ? "/" : location.substr(end));
    return target;
  }
  HttpTarget target = current;
  const std::string_view path = std::string_view(current.path).substr(0, current.path.find('?'));
  if (location.starts_with('/')) {
    target.path = escaped(location);
  } else if (location.starts_with('?')) {
    target.path = escaped(std::string(path) + std::string(location));
  } else {
    target.path = escaped(std::string(path.substr(0, path.rfind('/') + 1)) + std::string(location));
  }
  return target;
}

}  // namespace

std::optional<HttpTarget> redirect_of(const HttpReply& reply, const HttpTarget& current, const HttpTarget& first) {
  const int status = reply.status();
  const bool is_redirect = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  const std::string location = reply.location();
  if (!is_redirect || location.empty() || location.starts_with("https:")) return std::nullopt;
  auto target = resolve(location.substr(0, location.find('#')), current);
  if (!target || target->host != first.host) return std::nullopt;
  return target;
}

}  // namespace reeve::runtime
