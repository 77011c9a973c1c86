#include <reeve/core/time_text.hpp>

#include <charconv>
#include <cstdio>
#include <ctime>

namespace reeve {
namespace {

std::string seconds_text(WallTime time) {
  const std::time_t seconds =
      static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count());
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return {text, size};
}

// Takes digits off the front.
bool take_number(std::string_view& text, std::size_t digits, int& number) {
  if (text.size() < digits) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, number);
  if (error != std::errc() || end != text.data() + digits || number < 0) return false;
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

std::chrono::nanoseconds take_fraction(std::string_view& text) {
  std::int64_t nanoseconds = 0;
  std::int64_t place = 100'000'000;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), place /= 10) {
    nanoseconds += (text.front() - '0') * place;
  }
  return std::chrono::nanoseconds(nanoseconds);
}

// "Z", "+02:00".
std::optional<std::chrono::seconds> zone(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::seconds(0);
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  int hours = 0, minutes = 0;
  text.remove_prefix(1);
  if (!take_number(text, 2, hours) || !take(text, ':') || !take_number(text, 2, minutes)) return std::nullopt;
  return std::chrono::seconds(sign * (hours * 3600 + minutes * 60));
}

}  // namespace

std::string rfc3339(WallTime time) { return seconds_text(time) + 'Z'; }

std::string rfc3339_nano(WallTime time) {
  const auto since = time.time_since_epoch();
  const auto rest = since - std::chrono::floor<std::chrono::seconds>(since);
  char text[16];
  std::snprintf(text, sizeof text, ".%09dZ",
                static_cast<int>(std::chrono::duration_cast<std::chrono::nanoseconds>(rest).count()));
  return seconds_text(time) + text;
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  std::tm parts{};
  if (!take_number(text, 4, parts.tm_year) || !take(text, '-') || !take_number(text, 2, parts.tm_mon) ||
      !take(text, '-') || !take_number(text, 2, parts.tm_mday) || text.empty()) {
    return std::nullopt;
  }
  text.remove_prefix(1);  // T
  if (!take_number(text, 2, parts.tm_hour) || !take(text, ':') || !take_number(text, 2, parts.tm_min) ||
      !take(text, ':') || !take_number(text, 2, parts.tm_sec)) {
    return std::nullopt;
  }
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  const auto fraction = take(text, '.') ? take_fraction(text) : std::chrono::nanoseconds(0);
  const auto offset = zone(text);
  if (!offset) return std::nullopt;
  return std::chrono::system_clock::from_time_t(::timegm(&parts)) + fraction - *offset;
}

}  // namespace reeve
