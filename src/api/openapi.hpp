#pragma once
// The schema of the API, as far as clients need one: which kinds can be written without being changed (dryRun). It
// describes no fields, so kubectl leaves checking them to the server.

#include "api/reply.hpp"

#include <string_view>

namespace reeve::api {

// In JSON, or in the protobuf form that kubectl prefers (github.com/google/gnostic openapiv2/OpenAPIv2.proto).
Reply openapi(std::string_view accept);

}  // namespace reeve::api
