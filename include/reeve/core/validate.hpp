#pragma once
// What Kubernetes' API server does to an object before it believes it: fill in defaults, then refuse what is wrong.

#include <reeve/core/spec.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace reeve {

// One field that cannot stay as it is (apimachinery/pkg/util/validation/field/errors.go).
struct FieldError {
  std::string field;   // "spec.containers[0].livenessProbe.successThreshold"
  std::string type;    // "Invalid value", "Required value", ...
  std::string value;   // as printed: 2, "text", {"app":"web"}; empty for the types that print none
  std::string detail;  // "must be 1"
  bool operator==(const FieldError&) const = default;

  // "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1".
  std::string message() const;
};

// Fills in what was left out and what an explicit 0 leaves out (pkg/apis/core/v1/defaults.go,
// pkg/apis/apps/v1/defaults.go).
void apply_defaults(Object& object);

// Everything wrong with an object that has its defaults; nothing if it may be used
// (pkg/apis/core/validation/validation.go, pkg/apis/apps/validation/validation.go).
std::vector<FieldError> validate(const Object& object);

// What an object, valid by itself, may not change of the running one of its kind and name
// (ValidateDeploymentUpdate).
std::vector<FieldError> validate_update(const Object& object, const Object& current);

// The bounds of reeve's own settings, and of what a simulation assumes.
std::vector<FieldError> validate(const SupervisorSettings& settings);
std::vector<FieldError> validate(const SimulationSpec& simulation);

// Why the control API is not served over TCP at such an address; empty: it may be. Port 0 is any that is free.
std::string api_address_fault(std::string_view address);

}  // namespace reeve
