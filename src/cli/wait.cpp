// reeve wait: returns when something has become true, at the change that makes it so.
#include "cli/facts.hpp"
#include "cli/json.hpp"
#include "cli/jsonpath.hpp"
#include "cli/session.hpp"
#include "cli/wait_for.hpp"

#include <reeve/api/client_watch.hpp>
#include <reeve/cli/cli.hpp>

#include <chrono>
#include <cstdio>
#include <thread>

namespace reeve::cli {
namespace json = boost::json;
namespace {

constexpr auto week = std::chrono::hours(24 * 7);

class Wait {
 public:
  int run(const Command& command, std::span<const std::string> arguments) {
    const Arguments read = read_arguments(command, arguments, session_.options(own_options()));
    if (read.exit_code) return *read.exit_code;
    if (read.words.empty() || asked_.empty()) return misused(command, "say what to wait for, and of whom");
    const auto wanted = read_wanted(asked_);
    if (!wanted) return refused(wanted.error());
    const auto timeout = parse_duration(timeout_text_);
    if (!timeout) return misused(command, timeout.error().message());
    wanted_ = *wanted;
    only_once_ = *timeout == Duration{0};
    deadline_ = std::chrono::steady_clock::now() + (*timeout < Duration{0} ? Duration(week) : *timeout);
    const auto targets = read_targets(read.words);
    if (!targets) return refused(targets.error());
    return all(*targets);
  }

 private:
  std::vector<Option> own_options() {
    return {text("", "--for", "WHAT", "condition=Ready[=value], delete, create or jsonpath='{.a.b}'[=value]", asked_),
            text("", "--timeout", "DURATION", "for all objects together (30s); 0: test once; below 0: a week",
                 timeout_text_),
            text("-l", "--selector", "LABELS", "the objects with such labels", selector_),
            flag("", "--all", "all objects of the kind", every_)};
  }

  int all(const std::vector<Target>& targets) {
    bool any = false;
    for (const Target& target : targets) {
      std::vector<std::string> names = target.names;
      if (names.empty()) {
        const std::string query = query_of({{"labelSelector", selector_}});
        const auto list = session_.get(target.resource->list_path(session_.name_space()) + query);
        if (!list) return refused(list.error());
        for (const json::value& each : list_at(*list, "items")) names.push_back(text_at(each, "metadata.name"));
      }
      for (const std::string& name : names) {
        any = true;
        if (const int code = one(*target.resource, name); code != exit_done) return code;
      }
    }
    if (!any && !std::holds_alternative<WantedDelete>(wanted_)) return failed("no matching resources found");
    return exit_done;
  }

  int met(const Resource& resource, const std::string& name) {
    std::printf("%s condition met\n", resource.title(name).c_str());
    std::fflush(stdout);
    return exit_done;
  }

  int one(const Resource& resource, const std::string& name) {
    for (;;) {
      const auto answer = session_.client().ask({.path = resource.path(session_.name_space(), name)});
      if (!answer) return refused(answer.error());
      if (answer->status == 404) {
        if (std::holds_alternative<WantedDelete>(wanted_)) return met(resource, name);
        if (!std::holds_alternative<WantedCreate>(wanted_)) return refused({api::status_line(answer->body), 0});
        if (only_once_ || std::chrono::steady_clock::now() >= deadline_) return late(resource, name);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        continue;
      }
      const auto object = api::expect_success(*answer);
      if (!object) return refused(object.error());
      if (is_met(wanted_, *object)) return met(resource, name);
      return only_once_ ? late(resource, name) : watch(resource, name, *object);
    }
  }

  int watch(const Resource& resource, const std::string& name, const json::value& object) {
    api::Watch watched({.path = resource.list_path(resource.has_namespace ? session_.name_space() : ""),
                        .query = "fieldSelector=metadata.name%3D" + api::query_escaped(name),
                        .resource_version = text_at(object, "metadata.resourceVersion")});
    const std::string uid = text_at(object, "metadata.uid");
    const auto end = watched.run(
        session_.client(),
        [&](std::string_view type, const json::value& changed) {
          const bool is_another = text_at(changed, "metadata.uid") != uid;
          const bool is_gone = type == "DELETED" || is_another;
          if (std::holds_alternative<WantedDelete>(wanted_)) return !is_gone;
          return type == "DELETED" || !is_met(wanted_, changed);
        },
        deadline_);
    if (!end) return refused(end.error());
    return *end == api::StreamEnd::timed_out ? late(resource, name) : met(resource, name);
  }

  // What holds it back follows the line that kubectl prints.
  int late(const Resource& resource, const std::string& name) {
    const std::string title = std::string(resource.plural) + "/" + name;
    failed((only_once_ ? "condition not met for " : "timed out waiting for the condition on ") + title);
    const auto facts = collect_facts(session_, false);
    if (!facts) return exit_failed;
    const auto tell = [&](const json::array& list, std::string_view kind,
                          Cause (*why)(const Facts&, const json::value&)) {
      for (const json::value& each : list) {
        if (resource.kind != kind || text_at(each, "metadata.name") != name) continue;
        std::fputs(render(why(*facts, each), 2).c_str(), stderr);
      }
    };
    tell(facts->pods, "Pod", why_pod);
    tell(facts->deployments, "Deployment", why_deployment);
    tell(facts->services, "Service", why_service);
    return exit_failed;
  }

  Session session_;
  std::string asked_, timeout_text_ = "30s", selector_;
  bool every_ = false;
  bool only_once_ = false;
  Wanted wanted_;
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace

int wait_command(const Command& command, std::span<const std::string> arguments) {
  return Wait().run(command, arguments);
}

}  // namespace reeve::cli
