#pragma once
// One object from a request: JSON, bound and completed with defaults, not yet validated.

#include <reeve/config/node.hpp>
#include <reeve/core/spec.hpp>

#include <tl/expected.hpp>

#include <string_view>
#include <vector>

namespace reeve::config {

// Everything that kept it from being read, each with its place in the text.
tl::expected<Object, std::vector<Fault>> read_object(std::string_view json);

}  // namespace reeve::config
