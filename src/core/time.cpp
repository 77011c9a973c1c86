#include <reeve/core/time.hpp>

namespace reeve {
namespace {

std::string with_unit(std::int64_t count, char unit) { return std::to_string(count) + unit; }

std::string pair_of(std::int64_t big, char big_unit, std::int64_t small, char small_unit) {
  return small == 0 ? with_unit(big, big_unit) : with_unit(big, big_unit) + with_unit(small, small_unit);
}

// "1.5" for 1500 of 1000ths: at most as many digits as the fraction needs.
std::string decimal(std::int64_t count, std::int64_t unit) {
  std::string text = std::to_string(count / unit);
  std::int64_t rest = count % unit;
  if (rest == 0) return text;
  text += '.';
  for (std::int64_t place = unit / 10; rest != 0; place /= 10) {
    text += static_cast<char>('0' + rest / place);
    rest %= place;
  }
  return text;
}

}  // namespace

std::string go_duration(Duration duration) {
  std::int64_t ns = duration.count();
  if (ns == 0) return "0s";
  if (ns < 0) return "-" + go_duration(-duration);
  if (ns < 1'000) return std::to_string(ns) + "ns";
  if (ns < 1'000'000) return decimal(ns, 1'000) + "µs";
  if (ns < 1'000'000'000) return decimal(ns, 1'000'000) + "ms";
  constexpr std::int64_t minute = 60'000'000'000;
  std::string text;
  if (ns >= 60 * minute) text += with_unit(ns / (60 * minute), 'h');
  if (ns >= minute) text += with_unit(ns / minute % 60, 'm');
  return text + decimal(ns % minute, 1'000'000'000) + 's';
}

std::string human_duration(Duration duration) {
  const std::int64_t s = whole_seconds(duration);
  if (s < -1) return "<invalid>";
  if (s < 0) return "0s";
  constexpr std::int64_t minute = 60, hour = 60 * minute, day = 24 * hour, year = 365 * day;
  if (s < 2 * minute) return with_unit(s, 's');
  if (s < 10 * minute) return pair_of(s / minute, 'm', s % minute, 's');
  if (s < 3 * hour) return with_unit(s / minute, 'm');
  if (s < 8 * hour) return pair_of(s / hour, 'h', s / minute % 60, 'm');
  if (s < 2 * day) return with_unit(s / hour, 'h');
  if (s < 8 * day) return pair_of(s / day, 'd', s / hour % 24, 'h');
  if (s < 2 * year) return with_unit(s / day, 'd');
  if (s < 8 * year) return pair_of(s / year, 'y', s / day % 365, 'd');
  return with_unit(s / year, 'y');
}

}  // namespace reeve
