#include "api/gate.hpp"

#include <unistd.h>

#include <algorithm>
#include <string_view>

namespace reeve::api {
namespace {

bool may_ask(const SupervisorSettings& settings, uid_t uid) {
  if (uid == 0 || uid == ::geteuid()) return true;
  return std::ranges::any_of(settings.api_users, [&](const std::string& each) { return linux::find_uid(each) == uid; });
}

// A browser lets any page send requests to a port of this machine, in its user's name.
std::optional<Status> refuse_browser(const Request& request) {
  if (!is_loopback_host(request.host)) {
    return forbidden("the Host header names \"" + request.host +
                     "\": the control API answers to localhost, 127.0.0.1 and [::1] only");
  }
  constexpr std::string_view scheme = "http://";
  const bool is_own =
      request.origin.starts_with(scheme) && is_loopback_host(std::string_view(request.origin).substr(scheme.size()));
  if (request.origin.empty() || is_own) return std::nullopt;
  return forbidden("the control API is not for pages of \"" + request.origin + "\"");
}

Status unknown_user(const std::string& why) {
  return forbidden(why + ": use reeve's unix socket, or keep the connection open until the answer has come");
}

}  // namespace

bool is_loopback_host(std::string_view host) noexcept {
  const std::size_t end = host.starts_with('[') ? std::min(host.find(']'), host.size() - 1) + 1 : host.find(':');
  const std::string_view name = host.substr(0, end);
  const std::string_view port = host.substr(std::min(end, host.size()));
  const bool is_port = port.empty() || (port.front() == ':' && port.find_first_not_of("0123456789", 1) == port.npos);
  return is_port && (name == "localhost" || name == "127.0.0.1" || name == "[::1]");
}

bool is_stranger(const SupervisorSettings& settings, const Client& client) {
  if (const auto* uid = std::get_if<uid_t>(&client)) return !may_ask(settings, *uid);
  const auto uid = linux::likely_tcp_peer_uid(std::get<linux::TcpEnds>(client));
  return !uid || !may_ask(settings, *uid);
}

std::optional<Status> refusal(const SupervisorSettings& settings, const Client& client, const Request& request) {
  constexpr std::string_view remedy = "this user may not use the control API: add it to [supervisor] apiUsers";
  if (const auto* uid = std::get_if<uid_t>(&client)) {
    return may_ask(settings, *uid) ? std::nullopt : std::optional(forbidden(std::string(remedy)));
  }
  if (auto refused = refuse_browser(request)) return refused;
  const auto& ends = std::get<linux::TcpEnds>(client);
  // Whoever is refused costs little.
  for (const auto look_up : {linux::likely_tcp_peer_uid, linux::tcp_peer_uid}) {
    const auto uid = look_up(ends);
    if (!uid) return unknown_user(uid.error().message());
    if (!may_ask(settings, *uid)) return forbidden(std::string(remedy));
  }
  return std::nullopt;
}

}  // namespace reeve::api
