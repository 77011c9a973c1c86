#pragma once
// $(VAR) in commands and environment values (third_party/forked/golang/expansion/expand.go).

#include <reeve/core/spec.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace reeve {

// Replaces $(NAME) by the last value of that name; an unknown one stays as written, $$(NAME) gives $(NAME).
std::string expand(std::string_view text, const std::vector<NameValue>& variables);
std::vector<std::string> expand(const std::vector<std::string>& texts, const std::vector<NameValue>& variables);

// Each value with the variables before it expanded; of a repeated name the last one stays.
std::vector<NameValue> expand_environment(const std::vector<NameValue>& base, const std::vector<NameValue>& env);

}  // namespace reeve
