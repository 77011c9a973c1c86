#include <reeve/linux/fd.hpp>
#include <reeve/linux/hosts.hpp>

#include <strings.h>

#include <algorithm>

namespace reeve::linux {
namespace {

constexpr std::size_t hosts_bytes_max = 1024 * 1024;

// Takes the next word off the front; empty at the end of the line.
std::string_view take_word(std::string_view& line) {
  constexpr std::string_view blanks = " \t\r";
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(blanks));
  line.remove_prefix(word.size());
  return word;
}

bool is_same_name(std::string_view one, std::string_view other) {
  return one.size() == other.size() && ::strncasecmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace

std::optional<std::string> address_in(std::string_view hosts, std::string_view name) {
  while (!hosts.empty()) {
    const std::size_t end = std::min(hosts.find('\n'), hosts.size());
    std::string_view line = hosts.substr(0, end);
    hosts.remove_prefix(std::min(end + 1, hosts.size()));
    line = line.substr(0, line.find('#'));
    const std::string_view address = take_word(line);
    for (auto word = take_word(line); !word.empty(); word = take_word(line)) {
      if (is_same_name(word, name)) return std::string(address);
    }
  }
  return std::nullopt;
}

std::optional<std::string> find_address(const std::string& name) {
  const auto hosts = read_file("/etc/hosts", hosts_bytes_max);
  if (auto found = hosts ? address_in(*hosts, name) : std::nullopt) return found;
  if (is_same_name(name, "localhost")) return "127.0.0.1";
  return std::nullopt;
}

}  // namespace reeve::linux
