#include <reeve/core/expand.hpp>

#include <algorithm>

namespace reeve {
namespace {

const std::string* value_of(std::string_view name, const std::vector<NameValue>& variables) {
  const auto found =
      std::find_if(variables.rbegin(), variables.rend(), [&](const auto& each) { return each.name == name; });
  return found == variables.rend() ? nullptr : &found->value;
}

}  // namespace

std::string expand(std::string_view text, const std::vector<NameValue>& variables) {
  std::string result;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t dollar = text.find('$', at);
    result += text.substr(at, dollar == std::string_view::npos ? dollar : dollar - at);
    if (dollar == std::string_view::npos) break;
    const char next = dollar + 1 < text.size() ? text[dollar + 1] : '\0';
    const std::size_t close = next == '(' ? text.find(')', dollar) : std::string_view::npos;
    if (next == '$') {
      result += '$';
      at = dollar + 2;
    } else if (close == std::string_view::npos) {
      result += '$';
      at = dollar + 1;
    } else {
      const std::string_view reference = text.substr(dollar, close + 1 - dollar);
      const std::string* value = value_of(reference.substr(2, reference.size() - 3), variables);
      result += value != nullptr ? std::string_view(*value) : reference;
      at = close + 1;
    }
  }
  return result;
}

std::vector<std::string> expand(const std::vector<std::string>& texts, const std::vector<NameValue>& variables) {
  std::vector<std::string> expanded;
  expanded.reserve(texts.size());
  for (const std::string& each : texts) expanded.push_back(expand(each, variables));
  return expanded;
}

std::vector<NameValue> expand_environment(const std::vector<NameValue>& base, const std::vector<NameValue>& env) {
  std::vector<NameValue> all = base;
  for (const NameValue& each : env) {
    std::string value = expand(each.value, all);
    const auto same = std::ranges::find(all, each.name, &NameValue::name);
    if (same != all.end()) {
      same->value = std::move(value);
    } else {
      all.push_back({each.name, std::move(value)});
    }
  }
  return all;
}

}  // namespace reeve
