#pragma once
// TOML's short form, from objects.

#include <reeve/core/result.hpp>
#include <reeve/core/spec.hpp>

#include <span>
#include <string>

namespace reeve::config {

// An error: two objects need the same table.
Result<std::string> written_toml(std::span<const Object> objects);

}  // namespace reeve::config
