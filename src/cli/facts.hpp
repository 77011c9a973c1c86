#pragma once
// Asks reeve for what status, why and a wait that timed out tell.

#include "cli/causes.hpp"
#include "cli/session.hpp"

namespace reeve::cli {

// Everything, with the histories and last log lines of what is in trouble.
Result<Facts> collect_facts(const Session& session, bool everywhere);

}  // namespace reeve::cli
