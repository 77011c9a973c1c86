// reeve rollout: undo, pause, resume, restart, history (kubectl/pkg/cmd/rollout).
#include "cli/deployments.hpp"
#include "cli/group.hpp"
#include "cli/json.hpp"
#include "cli/revisions.hpp"
#include "cli/when.hpp"

#include <reeve/cli/cli.hpp>
#include <reeve/core/text.hpp>

#include <algorithm>
#include <cstdio>

namespace reeve::cli {
namespace json = boost::json;
namespace {

std::string subject(const std::string& name) { return "deployments.apps " + quoted(name); }

bool is_paused(const json::object& deployment) { return flag_at(deployment, "spec.paused"); }

Result<std::int64_t> read_revision(const std::string& text) {
  if (text.empty()) return 0;
  return parse_integer(text);
}

struct Undo {
  const Session& session;
  const ChangeCause& cause;
  std::int64_t to = 0;
  bool is_dry = false;

  Result<std::string> operator()(const std::string& name) const {
    std::string told = "rolled back";
    const auto undo = [&](json::object& deployment) { return apply(deployment, told); };
    REEVE_TRY_VOID(update(session, name, undo));
    return told;
  }

  // False where there is nothing to write; `told` says why.
  Result<bool> apply(json::object& deployment, std::string& told) const {
    REEVE_TRY(const json::array sets, get_replica_sets(session));
    const json::value current = deployment;
    REEVE_TRY(const json::value* const target, revision_to_undo(current, revisions_of(current, sets), to));
    if (is_dry) {
      told = pod_template_of(*target) + " (dry run)";
      return false;
    }
    if (is_paused(deployment)) {
      return fail("you cannot rollback a paused deployment; resume it first with 'reeve rollout resume' and try again");
    }
    if (plain_template(*target) == *find(current, "spec.template")) {
      told = "skipped rollback (current template already matches revision " + std::to_string(to) + ")";
      return false;
    }
    go_back(deployment, *target);
    cause.write_to(deployment);
    return true;
  }

  static std::string pod_template_of(const json::value& set) {
    std::string text = template_text(set);
    text.pop_back();  // the line goes on
    return text;
  }
};

int set_paused(const Command& command, std::span<const std::string> arguments, bool paused) {
  Session session;
  const Arguments read = read_arguments(command, arguments, session.options({}));
  if (read.exit_code) return *read.exit_code;
  if (read.words.empty()) return misused(command, "name a deployment: deployment/NAME");
  return for_each_deployment(read.words, [&](const std::string& name) -> Result<std::string> {
    const auto change = [&](json::object& deployment) -> Result<bool> {
      if (is_paused(deployment) == paused)
        return fail(subject(name) + (paused ? " is already paused" : " is not paused"));
      member_object(deployment, {"spec"})["paused"] = paused;
      return true;
    };
    REEVE_TRY_VOID(update(session, name, change));
    return paused ? "paused" : "resumed";
  });
}

int print_history(const Session& session, const std::string& name, std::int64_t revision) {
  const auto deployment = get_deployment(session, name);
  if (!deployment) return refused(deployment.error());
  const auto sets = get_replica_sets(session);
  if (!sets) return refused(sets.error());
  const Revisions revisions = revisions_of(*deployment, *sets);
  if (revision == 0) {
    std::printf("%s \n%s", deployment_title(name).c_str(), history_text(revisions).c_str());
    return exit_done;
  }
  const auto text = revision_text(revisions, revision);
  if (!text) return refused(text.error());
  std::printf("%s with revision #%lld\n%s", deployment_title(name).c_str(), static_cast<long long>(revision),
              text->c_str());
  return exit_done;
}

}  // namespace

int rollout_undo_command(const Command& command, std::span<const std::string> arguments) {
  Session session;
  ChangeCause cause(command, arguments);
  std::string to;
  bool is_dry = false;
  const Arguments read = read_arguments(
      command, arguments,
      session.options(
          cause.with_options({text("", "--to-revision", "N", "go back to this one; 0: the one before", to),
                              flag("", "--dry-run", "tell what it goes back to, change nothing", is_dry)})));
  if (read.exit_code) return *read.exit_code;
  if (read.words.empty()) return misused(command, "name a deployment: deployment/NAME");
  const auto number = read_revision(to);
  if (!number) return misused(command, "--to-revision: " + number.error().message());
  return for_each_deployment(read.words, Undo{session, cause, *number, is_dry});
}

int rollout_pause_command(const Command& command, std::span<const std::string> arguments) {
  return set_paused(command, arguments, true);
}

int rollout_resume_command(const Command& command, std::span<const std::string> arguments) {
  return set_paused(command, arguments, false);
}

int rollout_restart_command(const Command& command, std::span<const std::string> arguments) {
  Session session;
  ChangeCause cause(command, arguments);
  const Arguments read = read_arguments(command, arguments, session.options(cause.with_options({})));
  if (read.exit_code) return *read.exit_code;
  if (read.words.empty()) return misused(command, "name a deployment: deployment/NAME");
  const json::value time(rfc3339(now()));
  return for_each_deployment(read.words, [&](const std::string& name) -> Result<std::string> {
    const auto restart = [&](json::object& deployment) -> Result<bool> {
      if (is_paused(deployment)) {
        return fail(subject(name) + " can't restart paused deployment (run rollout resume first)");
      }
      json::value& told = member_object(deployment, {"spec", "template", "metadata", "annotations"})[restarted_at];
      if (told == time) {
        return fail("failed to create patch for " + name +
                    ": if restart has already been triggered within the past second, please wait before attempting to "
                    "trigger another");
      }
      told = time;
      cause.write_to(deployment);
      return true;
    };
    REEVE_TRY_VOID(update(session, name, restart));
    return "restarted";
  });
}

int rollout_history_command(const Command& command, std::span<const std::string> arguments) {
  Session session;
  std::string revision;
  const Arguments read = read_arguments(
      command, arguments, session.options({text("", "--revision", "N", "the template of this one", revision)}));
  if (read.exit_code) return *read.exit_code;
  const auto number = read_revision(revision);
  if (!number || *number < 0) return failed("revision must be a positive integer: " + revision);
  const auto names = read_or_all_deployments(session, read.words);
  if (!names) return refused(names.error());
  int code = exit_done;
  for (const std::string& each : *names) code = std::max(code, print_history(session, each, *number));
  return code;
}

}  // namespace reeve::cli
