#include "config/scalar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace reeve::config {
namespace {

std::optional<bool> as_boolean(std::string_view text) {
  constexpr std::array<std::string_view, 11> yes{"y",    "Y",    "yes", "Yes", "YES", "true",
                                                 "True", "TRUE", "on",  "On",  "ON"};
  constexpr std::array<std::string_view, 11> no{"n",     "N",     "no",  "No",  "NO", "false",
                                                "False", "FALSE", "off", "Off", "OFF"};
  if (std::ranges::find(yes, text) != yes.end()) return true;
  if (std::ranges::find(no, text) != no.end()) return false;
  return std::nullopt;
}

struct Digits {
  std::string_view text;
  int base = 10;
};

Digits digits_of(std::string_view text) {
  if (text.starts_with("0x")) return {text.substr(2), 16};
  if (text.starts_with("0o")) return {text.substr(2), 8};
  if (text.starts_with("0b")) return {text.substr(2), 2};
  if (text.size() > 1 && text.front() == '0') return {text.substr(1), 8};
  return {text, 10};
}

std::optional<std::int64_t> as_integer(std::string_view text, bool negative) {
  const Digits digits = digits_of(text);
  std::uint64_t value = 0;
  const char* const end = digits.text.data() + digits.text.size();
  const auto [stop, error] = std::from_chars(digits.text.data(), end, value, digits.base);
  constexpr std::uint64_t max = std::numeric_limits<std::int64_t>::max();
  if (digits.text.empty() || error != std::errc{} || stop != end || value > max) return std::nullopt;
  return negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
}

std::optional<double> as_fraction(std::string_view text, bool negative) {
  if (text == ".inf" || text == ".Inf" || text == ".INF") return negative ? -INFINITY : INFINITY;
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return NAN;
  const bool starts_well = !text.empty() && (std::isdigit(static_cast<unsigned char>(text.front())) != 0 ||
                                             (text.front() == '.' && text.size() > 1));
  if (!starts_well) return std::nullopt;
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (stop != end) return std::nullopt;
  // Too big for a double is a number all the same, and out of range for every key.
  if (error == std::errc::result_out_of_range) value = INFINITY;
  return negative ? -value : value;
}

}  // namespace

decltype(Node::value) plain_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return std::monostate{};
  if (const auto boolean = as_boolean(text)) return *boolean;
  std::string_view rest = text;
  const bool negative = rest.front() == '-';
  if (negative || rest.front() == '+') rest.remove_prefix(1);
  if (const auto integer = as_integer(rest, negative)) return *integer;
  if (const auto fraction = as_fraction(rest, negative)) return *fraction;
  return text;
}

}  // namespace reeve::config
