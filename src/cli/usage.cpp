#include "cli/usage.hpp"

#include <reeve/cli/cli.hpp>

#include <array>
#include <charconv>
#include <cstdio>

namespace reeve::cli {
namespace {

int print_help(const Command& command, std::span<const Option> options) {
  std::printf("usage: reeve %s %s\n\n%s\n\n%s\nexit codes: %s\n", std::string(command.name).c_str(),
              std::string(command.usage).c_str(), std::string(command.doc).c_str(), describe_options(options).c_str(),
              std::string(command.exit_codes).c_str());
  return exit_done;
}

struct Unit {
  std::string_view name;
  double nanoseconds;
};
constexpr std::array<Unit, 6> units{{{"ms", 1e6}, {"us", 1e3}, {"ns", 1}, {"h", 3600e9}, {"m", 60e9}, {"s", 1e9}}};
constexpr double nanoseconds_max = 9e18;

}  // namespace

int misused(const Command& command, const std::string& what) {
  const std::string name(command.name);
  std::fprintf(stderr, "reeve %s: %s\nusage: reeve %s %s\n", name.c_str(), what.c_str(), name.c_str(),
               std::string(command.usage).c_str());
  return exit_mistakes;
}

int failed(const std::string& what) {
  std::fprintf(stderr, "error: %s\n", what.c_str());
  return exit_failed;
}

Arguments read_arguments(const Command& command, std::span<const std::string> arguments, std::vector<Option> options,
                         OptionsEnd end) {
  bool wants_help = false;
  options.push_back(flag("-h", "--help", "this help", wants_help));
  auto words = read_options(arguments, options, end);
  if (wants_help) return {{}, print_help(command, options)};
  if (!words) return {{}, misused(command, words.error().message())};
  return {*std::move(words), std::nullopt};
}

Option flag(std::string_view short_name, std::string_view long_name, std::string_view doc, bool& target) {
  return {short_name, long_name, "", doc, [&target](const std::string& value) { target = value != "false"; }};
}

Option text(std::string_view short_name, std::string_view long_name, std::string_view value, std::string_view doc,
            std::string& target) {
  return {short_name, long_name, value, doc, [&target](std::string given) { target = std::move(given); }};
}

Option texts(std::string_view short_name, std::string_view long_name, std::string_view value, std::string_view doc,
             std::vector<std::string>& target) {
  return {short_name, long_name, value, doc, [&target](std::string given) { target.push_back(std::move(given)); }};
}

Result<Duration> parse_duration(std::string_view text) {
  const tl::unexpected<Error> wrong = fail("cannot read the duration \"" + std::string(text) + "\": write 90s, 10m");
  const bool is_negative = text.starts_with('-');
  std::string_view rest = is_negative ? text.substr(1) : text;
  if (rest.empty()) return wrong;
  double total = 0;
  while (!rest.empty()) {
    double count = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count, std::chars_format::fixed);
    if (error != std::errc{} || count < 0) return wrong;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    double unit = rest.empty() && total == 0 ? 1e9 : 0;
    for (const Unit& each : units) {
      if (unit != 0 || !rest.starts_with(each.name)) continue;
      unit = each.nanoseconds;
      rest.remove_prefix(each.name.size());
    }
    total += count * unit;
    if (unit == 0 || !(total < nanoseconds_max)) return wrong;
  }
  return Duration(static_cast<std::int64_t>(is_negative ? -total : total));
}

Result<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return fail("\"" + std::string(text) + "\" is not a whole number");
  }
  return number;
}

}  // namespace reeve::cli
