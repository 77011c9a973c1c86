#include "core/address.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>

namespace reeve {
namespace {

constexpr std::size_t unix_path_bytes_max = 107;  // sockaddr_un::sun_path without its final zero

// A decimal number without sign or leading zero, at most `max`.
bool is_number(std::string_view text, unsigned max) noexcept {
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return false;
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && stop == end && value <= max;
}

bool is_port(std::string_view text) noexcept { return is_number(text, 65535) && text != "0"; }

bool is_hex_group(std::string_view text) noexcept {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
  return !text.empty() && text.size() <= 4 && std::ranges::all_of(text, is_hex);
}

// How many 16-bit groups "1:2:abcd" holds; an IPv4 address counts two, at the end only. -1: not groups at all.
int count_groups(std::string_view text, bool at_end) noexcept {
  int count = 0;
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    const bool last = colon == std::string_view::npos;
    if (last && at_end && is_ipv4(group)) return count + 2;
    if (!is_hex_group(group)) return -1;
    ++count;
    if (last) return count;
    text.remove_prefix(colon + 1);
    if (text.empty()) return -1;
  }
  return count;
}

bool is_ipv6(std::string_view text) noexcept {
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) return count_groups(text, true) == 8;
  const int before = count_groups(text.substr(0, gap), false);
  const int after = count_groups(text.substr(gap + 2), true);
  return before >= 0 && after >= 0 && before + after <= 7;
}

}  // namespace

bool is_ipv4(std::string_view text) noexcept {
  for (int part = 0; part < 3; ++part) {
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos || !is_number(text.substr(0, dot), 255)) return false;
    text.remove_prefix(dot + 1);
  }
  return is_number(text, 255);
}

bool is_listen_address(std::string_view text) noexcept {
  if (text.starts_with("unix:")) {
    const std::string_view path = text.substr(5);
    const bool fits = path.size() <= unix_path_bytes_max && path.find('\0') == std::string_view::npos;
    return path.size() > 1 && path.front() == '/' && path.back() != '/' && fits;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !is_port(text.substr(colon + 1))) return false;
  const std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') return is_ipv6(host.substr(1, host.size() - 2));
  return is_ipv4(host);
}

bool is_cluster_address(std::string_view text) noexcept {
  if (!is_ipv4(text) || !text.starts_with("127.") || text.starts_with("127.0.")) return false;
  const std::string_view host = text.substr(text.find('.', 4));
  return host != ".0.0" && host != ".255.254" && host != ".255.255";
}

bool is_loopback_subnet(std::string_view text) noexcept {
  constexpr std::string_view rest = ".0.0/16";
  if (!text.ends_with(rest)) return false;
  return is_cluster_address(std::string(text.substr(0, text.size() - rest.size())) + ".0.1");
}

}  // namespace reeve
