#pragma once
// What is wrong with a deployment beyond its fields' own bounds and its pods
// (pkg/apis/apps/validation/validation.go ValidateDeploymentSpec).

#include "core/field_errors.hpp"

namespace reeve {

void check_deployment(FieldErrors& errors, const DeploymentSpec& deployment);

}  // namespace reeve
