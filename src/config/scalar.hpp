#pragma once
// What an unquoted YAML scalar means, by the rules that Kubernetes' own reader follows (goyaml.v2, resolve.go).

#include <reeve/config/node.hpp>

#include <string>

namespace reeve::config {

// null, a boolean, an integer, a fraction, else a text.
decltype(Node::value) plain_scalar(const std::string& text);

}  // namespace reeve::config
