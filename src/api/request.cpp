#include "api/request.hpp"

#include <reeve/runtime/http_parse.hpp>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/string_body.hpp>

#include <charconv>

namespace reeve::api {
namespace http = boost::beast::http;
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool read_query(std::string_view text, Request& request) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto key = percent_decoded(pair.substr(0, equals), true);
    auto value = percent_decoded(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!key || !value) return false;
    if (!key->empty()) request.query.emplace(*std::move(key), *std::move(value));
  }
  return true;
}

bool read_path(std::string_view path, Request& request) {
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t end = std::min(path.find('/'), path.size());
    auto segment = percent_decoded(path.substr(0, end), false);
    if (!segment || *segment == "." || *segment == ".." || segment->find('/') != std::string::npos) return false;
    if (!segment->empty()) request.segments.push_back(*std::move(segment));
    path.remove_prefix(end);
  }
  return true;
}

template <class View>
std::string_view as_view(View text) {
  return {text.data(), text.size()};
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += plus_is_blank && text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

const std::string& Request::parameter(std::string_view name) const {
  static const std::string none;
  const auto found = query.lower_bound(name);
  return found == query.end() || found->first != name ? none : found->second;
}

std::vector<std::string> Request::parameters(std::string_view name) const {
  std::vector<std::string> values;
  for (auto [each, end] = query.equal_range(name); each != end; ++each) values.push_back(each->second);
  return values;
}

bool Request::flag(std::string_view name) const {
  const std::string& value = parameter(name);
  return value == "1" || value == "true" || value == "True" || value == "t";
}

std::optional<std::int64_t> Request::number(std::string_view name) const {
  const std::string& text = parameter(name);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct RequestReader::Parser {
  http::request_parser<http::string_body> parser;
  bool told_to_go_on = false;

  Parser() {
    parser.header_limit(header_bytes_max);
    parser.body_limit(body_bytes_max);
    parser.eager(true);
  }
};

RequestReader::RequestReader() = default;
RequestReader::~RequestReader() = default;
RequestReader::RequestReader(RequestReader&&) noexcept = default;
RequestReader& RequestReader::operator=(RequestReader&&) noexcept = default;

RequestReader::Progress RequestReader::refuse(int status, std::string problem) {
  status_ = status;
  problem_ = std::move(problem);
  parser_.reset();
  std::string().swap(pending_);
  return Progress::refused;
}

RequestReader::Progress RequestReader::advance() {
  if (status_ != 0) return Progress::refused;
  while (!pending_.empty()) {
    if (parser_ == nullptr) parser_ = std::make_unique<Parser>();
    auto& parser = parser_->parser;
    if (!runtime::may_parse(parser, pending_)) break;
    boost::beast::error_code error;
    const std::size_t used = parser.put(boost::asio::const_buffer(pending_.data(), pending_.size()), error);
    pending_.erase(0, used);
    if (error == http::error::body_limit) return refuse(413, "the body is longer than 1048576 bytes");
    if (error == http::error::header_limit) return refuse(431, "the header is longer than 16384 bytes");
    if (error && error != http::error::need_more) return refuse(400, "this is not HTTP: " + error.message());
    if (parser.is_done()) return understand();
    if (used == 0 || error == http::error::need_more) break;
  }
  if (parser_ == nullptr) return Progress::more;
  auto& parser = parser_->parser;
  if (pending_.size() > header_bytes_max && !parser.is_header_done()) {
    return refuse(431, "the header is longer than 16384 bytes");
  }
  const bool waits = parser.is_header_done() && !parser_->told_to_go_on && pending_.empty() &&
                     boost::beast::iequals(parser.get()[http::field::expect], "100-continue");
  if (!waits) return Progress::more;
  parser_->told_to_go_on = true;
  return Progress::wants_body;
}

RequestReader::Progress RequestReader::understand() {
  auto message = parser_->parser.release();
  parser_.reset();
  if (pending_.empty()) std::string().swap(pending_);
  request_ = {};
  request_.method = std::string(as_view(message.method_string()));
  const std::string_view target = as_view(message.target());
  const std::size_t question = std::min(target.find('?'), target.size());
  if (!target.starts_with('/') || !read_path(target.substr(0, question), request_) ||
      !read_query(target.substr(std::min(question + 1, target.size())), request_)) {
    return refuse(400, "the request's path cannot be understood");
  }
  request_.accept = std::string(as_view(message[http::field::accept]));
  if (message.count(http::field::host) == 1) request_.host = std::string(as_view(message[http::field::host]));
  request_.origin = std::string(as_view(message[http::field::origin]));
  request_.content_type = std::string(as_view(message[http::field::content_type]));
  if (http::token_list(message[http::field::connection]).exists("upgrade")) {
    request_.upgrade = std::string(as_view(message[http::field::upgrade]));
  }
  request_.keep_alive = message.keep_alive();
  request_.is_http_1_1 = message.version() >= 11;
  request_.body = std::move(message.body());
  return Progress::done;
}

Request RequestReader::take() { return std::move(request_); }

}  // namespace reeve::api
