#pragma once
// Host names, without the C library's resolver, which a static program does not have.

#include <optional>
#include <string>
#include <string_view>

namespace reeve::linux {

// The first address that a hosts(5) text gives that name; names are compared without regard to case.
std::optional<std::string> address_in(std::string_view hosts, std::string_view name);

// As /etc/hosts says; localhost is 127.0.0.1 also where that says nothing of it.
std::optional<std::string> find_address(const std::string& name);

}  // namespace reeve::linux
