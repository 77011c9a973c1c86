// reeve rollout status: kubectl's lines, or one line that is drawn over on a terminal.
#include "cli/deployments.hpp"
#include "cli/facts.hpp"
#include "cli/group.hpp"
#include "cli/json.hpp"
#include "cli/revisions.hpp"
#include "cli/terminal.hpp"

#include <reeve/api/client_watch.hpp>
#include <reeve/cli/cli.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace reeve::cli {
namespace json = boost::json;
namespace {

class RolloutStatus {
 public:
  int run(const Command& command, std::span<const std::string> arguments) {
    const Arguments read = read_arguments(
        command, arguments,
        session_.options({flag("-w", "--watch", "until it is done (true); --watch=false tells once", watches_),
                          text("", "--timeout", "DURATION", "how long to wait; 0: as long as it takes", timeout_),
                          text("", "--revision", "N", "fail if another one is being rolled out", revision_)}));
    if (read.exit_code) return *read.exit_code;
    const auto timeout = parse_duration(timeout_);
    if (!timeout) return misused(command, timeout.error().message());
    if (*timeout > Duration{0}) deadline_ = std::chrono::steady_clock::now() + *timeout;
    const auto wanted = revision_.empty() ? Result<std::int64_t>(0) : parse_integer(revision_);
    if (!wanted || *wanted < 0) return failed("revision must be a positive integer: " + revision_);
    wanted_ = *wanted;
    const auto names = read_or_all_deployments(session_, read.words);
    if (!names) return refused(names.error());
    int code = exit_done;
    for (const std::string& each : *names) code = std::max(code, follow(each));
    return code;
  }

 private:
  // Nothing: it goes on.
  std::optional<int> tell(const json::value& deployment) {
    const std::int64_t running = revision_of(deployment);
    if (wanted_ != 0 && wanted_ != running) {
      return fail_with("desired revision (" + std::to_string(wanted_) + ") is different from the running revision (" +
                       std::to_string(running) + ")");
    }
    const Progress progress = progress_of(deployment);
    if (progress.state == Progress::State::failed) {
      fail_with(progress.line);
      return tell_why(text_at(deployment, "metadata.name"));
    }
    const bool is_done = progress.state == Progress::State::done;
    if (!is_done && watches_ && can_redraw()) {
      live_.draw(progress_bar(deployment));
      return std::nullopt;
    }
    live_.wipe();
    std::puts(progress.line.c_str());
    std::fflush(stdout);
    return is_done || !watches_ ? std::optional(exit_done) : std::nullopt;
  }

  int fail_with(const std::string& what) {
    live_.wipe();
    return failed(what);
  }

  // What holds it back follows the line that kubectl prints.
  int tell_why(const std::string& name) const {
    const auto facts = collect_facts(session_, false);
    if (!facts) return exit_failed;
    for (const json::value& each : facts->deployments) {
      if (text_at(each, "metadata.name") != name) continue;
      std::fputs(render(why_deployment(*facts, each), 2).c_str(), stderr);
    }
    return exit_failed;
  }

  int follow(const std::string& name) {
    const auto deployment = get_deployment(session_, name);
    if (!deployment) return refused(deployment.error());
    std::optional<int> code = tell(*deployment);
    if (code) return *code;
    const std::string uid = text_at(*deployment, "metadata.uid");
    api::Watch watched({.path = resource_of_kind("Deployment")->list_path(session_.name_space()),
                        .query = "fieldSelector=metadata.name%3D" + api::query_escaped(name),
                        .resource_version = text_at(*deployment, "metadata.resourceVersion")});
    const auto end = watched.run(
        session_.client(),
        [&](std::string_view type, const json::value& changed) {
          const bool is_gone = type == "DELETED" || text_at(changed, "metadata.uid") != uid;
          code = is_gone ? fail_with("object has been deleted") : tell(changed);
          return !code;
        },
        deadline_);
    live_.wipe();
    if (!end) return refused(end.error());
    if (code) return *code;
    failed("timed out waiting for the condition");
    return tell_why(name);
  }

  Session session_;
  bool watches_ = true;
  std::string timeout_ = "0", revision_;
  std::int64_t wanted_ = 0;
  api::Deadline deadline_;
  LiveLine live_;
};

}  // namespace

int rollout_status_command(const Command& command, std::span<const std::string> arguments) {
  return RolloutStatus().run(command, arguments);
}

}  // namespace reeve::cli
