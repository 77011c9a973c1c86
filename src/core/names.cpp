#include "core/names.hpp"

#include <algorithm>

namespace reeve {
namespace {

constexpr std::string_view dns_label_rule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
constexpr std::string_view dns_subdomain_rule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr std::string_view service_name_rule =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')";
constexpr std::string_view header_name_rule =
    "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for "
    "validation is '[-A-Za-z0-9]+')";
constexpr std::string_view env_name_rule =
    "a valid environment variable name must consist only of printable ASCII characters other than '='";
constexpr std::string_view percent_rule =
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for "
    "validation is '[0-9]+%')";
constexpr std::string_view label_name_rule =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr std::string_view qualified_name_rule =
    "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. "
    "'example.com/MyName')";
constexpr std::string_view label_value_rule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

constexpr bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_lower_or_digit(char c) noexcept { return is_lower(c) || is_digit(c); }
constexpr bool is_alphanumeric(char c) noexcept { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }

// [end]([end or inner]*[end])?
template <class End>
bool has_form(std::string_view text, End end, std::string_view inner) {
  const auto fits = [&](char c) { return end(c) || inner.find(c) != std::string_view::npos; };
  return !text.empty() && end(text.front()) && end(text.back()) && std::ranges::all_of(text, fits);
}

bool is_dns_label(std::string_view name) { return has_form(name, is_lower_or_digit, "-"); }

bool is_dns_subdomain(std::string_view name) {
  for (;;) {
    const std::size_t dot = name.find('.');
    if (!is_dns_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

void check_length(NameFaults& faults, std::string_view name, std::size_t length_max, std::string_view part = "") {
  if (name.size() <= length_max) return;
  faults.push_back(std::string(part) + "must be no more than " + std::to_string(length_max) + " bytes");
}

}  // namespace

NameFaults dns_label_faults(std::string_view name) {
  NameFaults faults;
  check_length(faults, name, 63);
  if (is_dns_label(name)) return faults;
  faults.emplace_back(is_dns_subdomain(name) ? "must not contain dots" : dns_label_rule);
  return faults;
}

NameFaults dns_subdomain_faults(std::string_view name) {
  NameFaults faults;
  check_length(faults, name, 253);
  if (!is_dns_subdomain(name)) faults.emplace_back(dns_subdomain_rule);
  return faults;
}

NameFaults service_name_faults(std::string_view name) {
  NameFaults faults;
  check_length(faults, name, 63);
  if (!is_dns_label(name) || !is_lower(name.front())) faults.emplace_back(service_name_rule);
  return faults;
}

NameFaults port_name_faults(std::string_view name) {
  NameFaults faults;
  check_length(faults, name, 15);
  const auto fits = [](char c) { return is_lower_or_digit(c) || c == '-'; };
  if (name.empty() || !std::ranges::all_of(name, fits)) {
    faults.emplace_back("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  }
  if (std::ranges::none_of(name, is_lower)) faults.emplace_back("must contain at least one letter (a-z)");
  if (name.find("--") != std::string_view::npos) faults.emplace_back("must not contain consecutive hyphens");
  if (!name.empty() && (name.front() == '-' || name.back() == '-')) {
    faults.emplace_back("must not begin or end with a hyphen");
  }
  return faults;
}

NameFaults header_name_faults(std::string_view name) {
  const auto fits = [](char c) { return is_alphanumeric(c) || c == '-'; };
  if (!name.empty() && std::ranges::all_of(name, fits)) return {};
  return {std::string(header_name_rule)};
}

NameFaults env_name_faults(std::string_view name) {
  const auto fits = [](char c) { return c >= ' ' && c <= '~' && c != '='; };
  if (std::ranges::all_of(name, fits)) return {};
  return {std::string(env_name_rule)};
}

NameFaults percent_faults(std::string_view text) {
  const bool is_percent =
      text.size() > 1 && text.back() == '%' && std::ranges::all_of(text.substr(0, text.size() - 1), is_digit);
  if (is_percent) return {};
  return {std::string(percent_rule)};
}

NameFaults label_key_faults(std::string_view key) {
  NameFaults faults;
  const std::size_t slash = key.find('/');
  const std::string_view name = slash == std::string_view::npos ? key : key.substr(slash + 1);
  if (name.find('/') != std::string_view::npos) return {std::string(qualified_name_rule)};
  if (slash == 0) {
    faults.emplace_back("prefix part must be non-empty");
  } else if (slash != std::string_view::npos) {
    for (const std::string& fault : dns_subdomain_faults(key.substr(0, slash)))
      faults.push_back("prefix part " + fault);
  }
  if (name.empty()) faults.emplace_back("name part must be non-empty");
  check_length(faults, name, 63, "name part ");
  if (!has_form(name, is_alphanumeric, "-_.")) faults.emplace_back(label_name_rule);
  return faults;
}

NameFaults label_value_faults(std::string_view value) {
  NameFaults faults;
  check_length(faults, value, 63);
  if (!value.empty() && !has_form(value, is_alphanumeric, "-_.")) faults.emplace_back(label_value_rule);
  return faults;
}

}  // namespace reeve
