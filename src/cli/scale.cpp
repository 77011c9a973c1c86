// reeve scale.
#include "cli/deployments.hpp"
#include "cli/json.hpp"

#include <reeve/cli/cli.hpp>

namespace reeve::cli {
namespace json = boost::json;

int scale_command(const Command& command, std::span<const std::string> arguments) {
  Session session;
  std::string wanted, expected;
  const Arguments read = read_arguments(
      command, arguments,
      session.options({text("", "--replicas", "N", "how many pods there are to be", wanted),
                       text("", "--current-replicas", "N", "only if there were to be so many", expected)}));
  if (read.exit_code) return *read.exit_code;
  if (read.words.empty()) return misused(command, "name a deployment: deployment/NAME");
  if (wanted.empty()) return misused(command, "required flag(s) \"replicas\" not set");
  const auto replicas = parse_integer(wanted);
  if (!replicas || *replicas < 0) {
    return failed("The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0");
  }
  const auto before = expected.empty() ? Result<std::int64_t>(-1) : parse_integer(expected);
  if (!before) return misused(command, "--current-replicas: " + before.error().message());
  return for_each_deployment(read.words, [&](const std::string& name) -> Result<std::string> {
    const auto scale = [&](json::object& deployment) -> Result<bool> {
      const std::int64_t current = number_at(deployment, "spec.replicas", 1);
      if (*before >= 0 && current != *before) {
        return fail("Expected replicas to be " + std::to_string(*before) + ", was " + std::to_string(current));
      }
      member_object(deployment, {"spec"})["replicas"] = *replicas;
      return current != *replicas;
    };
    REEVE_TRY_VOID(update(session, name, scale));
    return "scaled";
  });
}

}  // namespace reeve::cli
