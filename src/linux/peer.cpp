#include <reeve/linux/fd.hpp>
#include <reeve/linux/peer.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <string_view>

namespace reeve::linux {
namespace {

constexpr std::size_t passwd_bytes_max = 16 * 1024 * 1024;

std::optional<uid_t> number(std::string_view text) {
  uid_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Takes a field off the front, up to a colon.
std::string_view take_field(std::string_view& line) {
  const std::size_t end = std::min(line.find(':'), line.size());
  const std::string_view field = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return field;
}

}  // namespace

Result<Peer> peer_of(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0)
    return Peer{credentials.pid, credentials.uid};
  return fail("cannot tell who connected", errno);
}

std::optional<uid_t> find_uid(const std::string& name_or_uid) {
  if (const auto uid = number(name_or_uid)) return uid;
  const auto passwd = read_file("/etc/passwd", passwd_bytes_max);
  if (!passwd) return std::nullopt;
  std::string_view rest = *passwd;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (take_field(line) != name_or_uid) continue;
    take_field(line);
    return number(take_field(line));
  }
  return std::nullopt;
}

}  // namespace reeve::linux
