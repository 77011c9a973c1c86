#pragma once
// What must hold of a container's hooks and stop signal.

#include "core/field_errors.hpp"

#include <reeve/core/spec.hpp>

#include <string>

namespace reeve {

void check_lifecycle(FieldErrors& errors, const std::string& path, const Lifecycle& lifecycle, Duration grace);

// The names of the headers that are to be sent.
void check_headers(FieldErrors& errors, const std::string& path, const HttpGetAction& action);

}  // namespace reeve
