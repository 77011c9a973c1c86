#pragma once
// The client's side of `exec`: waits for the end of the command, and carries what a terminal and its pair say.

#include <reeve/api/client.hpp>
#include <reeve/core/result.hpp>
#include <reeve/linux/terminal.hpp>

#include <boost/json/value.hpp>

namespace reeve::cli {

// The line that tells the command's end.
Result<boost::json::value> wait_for_end(const api::Upgraded& upgraded);

// The same, while what is typed at our standard input goes to the master and what that says to our standard output.
// The terminal is raw meanwhile, and put back whatever happens. A signal that ends us is the end {"exitCode": 128 + n}.
Result<boost::json::value> carry_terminal(const api::Upgraded& upgraded, int master);

}  // namespace reeve::cli
