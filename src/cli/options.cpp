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

// "-it" as "-i -t": flags, of which the last may take a value.
std::vector<std::string> spread(std::span<const std::string> arguments, std::span<const Option> options) {
  std::vector<std::string> spread;
  for (auto each = arguments.begin(); each != arguments.end(); ++each) {
    if (*each == "--") {
      spread.insert(spread.end(), each, arguments.end());
      break;
    }
    const bool is_cluster = each->size() > 2 && (*each)[0] == '-' && (*each)[1] != '-' &&
                            std::ranges::all_of(each->substr(1), [&](char letter) {
                              const Option* option = find(options, std::string{'-', letter});
                              return option != nullptr && (option->value.empty() || letter == each->back());
                            });
    if (!is_cluster) {
      spread.push_back(*each);
      continue;
    }
    for (const char letter : each->substr(1)) spread.push_back({'-', letter});
  }
  return spread;
}

}  // namespace

Result<std::vector<std::string>> read_options(std::span<const std::string> given, std::span<const Option> options) {
  const std::vector<std::string> arguments = spread(given, options);
  std::vector<std::string> others;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      others.insert(others.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, arguments.end());
      break;
    }
    if (argument.size() < 2 || argument[0] != '-') {
      others.push_back(argument);
      continue;
    }
    const std::size_t equals = argument.starts_with("--") ? argument.find('=') : std::string::npos;
    const std::string name = argument.substr(0, equals);
    const Option* option = find(options, name);
    if (option == nullptr) return fail("unknown option " + name);
    const bool has_value = equals != std::string::npos;
    if (option->value.empty()) {
      const std::string is_on = has_value ? argument.substr(equals + 1) : "true";
      if (is_on != "true" && is_on != "false") return fail("option " + name + " takes no value but true or false");
      option->set(is_on);
    } else if (has_value) {
      option->set(argument.substr(equals + 1));
    } else if (i + 1 < arguments.size()) {
      option->set(arguments[++i]);
    } else {
      return fail(std::string("option ")
                      .append(name)
                      .append(" needs a value: ")
                      .append(name)
                      .append(" ")
                      .append(option->value));
    }
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
