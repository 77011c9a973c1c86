#include "cli/options.hpp"

#include <algorithm>

namespace reeve::cli {
namespace {

const Option* find(std::span<const Option> options, std::string_view name) {
  const auto found = std::ranges::find_if(options, [&](const Option& each) {
    return each.long_name == name || (name.size() == 2 && each.short_name == name);
  });
  return found == options.end() ? nullptr : &*found;
}

// "-it" as "-i -t" and "-ojson" as "-o json": flags, of which the last may take a value. An argument with a letter that
// is no option stays as it is.
std::vector<std::string> spread(const std::string& argument, std::span<const Option> options) {
  if (argument.size() < 3 || argument[1] == '-') return {argument};
  std::vector<std::string> parts;
  for (std::size_t at = 1; at < argument.size(); ++at) {
    parts.push_back({'-', argument[at]});
    const Option* option = find(options, parts.back());
    if (option == nullptr) return {argument};
    if (option->value.empty()) continue;
    if (at + 1 < argument.size()) parts.push_back(argument.substr(at + 1));
    break;
  }
  return parts;
}

// Sets the option at an index; returns the index of the last argument that it took.
Result<std::size_t> set_option(std::span<const std::string> arguments, std::size_t i, std::span<const Option> options) {
  const std::string& argument = arguments[i];
  const std::size_t equals = argument.starts_with("--") ? argument.find('=') : std::string::npos;
  const std::string name = argument.substr(0, equals);
  const Option* option = find(options, name);
  if (option == nullptr) return fail("unknown option " + name);
  const bool has_value = equals != std::string::npos;
  if (option->value.empty()) {
    const std::string is_on = has_value ? argument.substr(equals + 1) : "true";
    if (is_on != "true" && is_on != "false") return fail("option " + name + " takes no value but true or false");
    option->set(is_on);
    return i;
  }
  if (has_value) {
    option->set(argument.substr(equals + 1));
    return i;
  }
  if (i + 1 == arguments.size()) {
    return fail("option " + name + " needs a value: " + name + " " + std::string(option->value));
  }
  option->set(arguments[i + 1]);
  return i + 1;
}

}  // namespace

Result<std::vector<std::string>> read_options(std::span<const std::string> given, std::span<const Option> options,
                                              OptionsEnd end) {
  std::vector<std::string> arguments(given.begin(), given.end());
  std::vector<std::string> others;
  const auto rest_from = [&](std::size_t index) {
    others.insert(others.end(), arguments.begin() + static_cast<std::ptrdiff_t>(index), arguments.end());
    return others;
  };
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--") return rest_from(i + 1);
    if (arguments[i].size() < 2 || arguments[i][0] != '-') {
      if (end == OptionsEnd::at_first_word) return rest_from(i);
      others.push_back(arguments[i]);
      continue;
    }
    const std::vector<std::string> parts = spread(arguments[i], options);
    const auto at = arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(i));
    arguments.insert(at, parts.begin(), parts.end());
    REEVE_TRY(i, set_option(arguments, i, options));
  }
  return others;
}

std::string describe_options(std::span<const Option> options) {
  std::string text;
  for (const Option& each : options) {
    std::string head = "  ";
    head += each.short_name.empty() ? "    " : std::string(each.short_name) + ", ";
    head += each.long_name;
    if (!each.value.empty()) head.append(" ").append(each.value);
    head.resize(std::max<std::size_t>(head.size() + 2, 28), ' ');
    text += head + std::string(each.doc) + "\n";
  }
  return text;
}

}  // namespace reeve::cli
