#pragma once
// What is wrong with the variables of a container.

#include "core/field_errors.hpp"

#include <string>
#include <vector>

namespace reeve {

// ValidateEnv, validateEnvVarValueFrom, validateObjectFieldSelector; bounds and presence are the field table's.
void check_env(FieldErrors& errors, const std::string& path, const std::vector<EnvVar>& env);

}  // namespace reeve
