#pragma once
// To which level of an object a key of its short form belongs. Answered by the field table.

#include <reeve/config/bind.hpp>
#include <reeve/core/spec.hpp>

#include <string>
#include <string_view>

namespace reeve::config {

enum class Level { container, pod, deployment, metadata, service, service_port, later, none };

Level level_of(Kind kind, std::string_view key);

// Why a key that has no level is refused: not served yet, another kind's, or unknown.
std::string why_not(Kind kind, std::string_view key, const std::string& where);

}  // namespace reeve::config
