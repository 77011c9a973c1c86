// reeve delete: by name, by labels or by file; then waits until it is gone.
#include "cli/json.hpp"
#include "cli/session.hpp"

#include <reeve/api/client_watch.hpp>
#include <reeve/cli/cli.hpp>
#include <reeve/config/load.hpp>

#include <algorithm>
#include <cstdio>

namespace reeve::cli {
namespace json = boost::json;
namespace {

struct Doomed {
  const Resource* resource = nullptr;
  std::string name_space;
  std::string name;
  std::string uid;
};

class Delete {
 public:
  int run(const Command& command, std::span<const std::string> arguments) {
    const Arguments read = read_arguments(command, arguments, session_.options(own_options()));
    if (read.exit_code) return *read.exit_code;
    if (read.words.empty() == files_.empty()) return misused(command, "name objects, or files by -f");
    if (now_) grace_ = "1";
    if (force_ && grace_.empty()) grace_ = "0";
    if (!grace_.empty() && !parse_integer(grace_)) return misused(command, "--grace-period counts whole seconds");
    if (force_ && *parse_integer(grace_) > 0) return misused(command, "--force leaves no grace period");
    const auto timeout = parse_duration(timeout_);
    if (!timeout) return misused(command, timeout.error().message());
    if (*timeout > Duration{0}) deadline_ = std::chrono::steady_clock::now() + *timeout;
    int code = files_.empty() ? find_named(command, read.words) : find_in_files();
    if (code != exit_done) return code;
    for (Doomed& each : doomed_) code = std::max(code, remove(each));
    for (const Doomed& each : doomed_) {
      if (waits_ && !each.uid.empty()) code = std::max(code, wait_until_gone(each));
    }
    return code;
  }

 private:
  std::vector<Option> own_options() {
    return {texts("-f", "--file", "FILE|DIR", "the objects that these files describe", files_),
            text("", "--grace-period", "SECONDS", "instead of the pod's own", grace_),
            flag("", "--now", "the same as --grace-period 1", now_),
            flag("", "--force", "the same as --grace-period 0: no drain, no hooks", force_),
            flag("", "--wait", "wait until it is gone (true); --wait=false does not", waits_),
            text("", "--timeout", "DURATION", "how long to wait; 0: as long as it takes", timeout_),
            text("-l", "--selector", "LABELS", "the objects with such labels", selector_),
            flag("", "--all", "all objects of the kind", all_),
            flag("", "--ignore-not-found", "what is not there is no error", ignores_missing_)};
  }

  int find_named(const Command& command, const std::vector<std::string>& words) {
    const auto targets = read_targets(words);
    if (!targets) return refused(targets.error());
    for (const Target& target : *targets) {
      for (const std::string& name : target.names) {
        doomed_.push_back({target.resource, session_.name_space(), name, {}});
      }
      if (!target.names.empty()) continue;
      if (selector_.empty() && !all_) return misused(command, "name objects, or say -l LABELS or --all");
      const std::string query = query_of({{"labelSelector", selector_}});
      const auto list = session_.get(target.resource->list_path(session_.name_space()) + query);
      if (!list) return refused(list.error());
      for (const json::value& each : list_at(*list, "items")) {
        doomed_.push_back({target.resource, session_.name_space(), text_at(each, "metadata.name"), {}});
      }
    }
    if (doomed_.empty()) std::puts("No resources found");
    return exit_done;
  }

  int find_in_files() {
    const auto loaded = config::load(files_, config::ImagesKnown::elsewhere);
    if (!loaded) {
      for (const auto& each : loaded.error()) std::fprintf(stderr, "%s\n", each.message().c_str());
      return exit_mistakes;
    }
    for (const config::Placed& each : loaded->objects) {
      const ObjectRef ref = ref_of(each.object);
      doomed_.push_back({resource_of_kind(kind_name(ref.kind)), ref.name_space, ref.name, {}});
    }
    return exit_done;
  }

  int remove(Doomed& each) {
    const std::string path = each.resource->path(each.name_space, each.name);
    const auto before = session_.client().ask({.path = path});
    if (!before) return refused(before.error());
    const auto answer =
        session_.client().ask({.method = "DELETE", .path = path + query_of({{"gracePeriodSeconds", grace_}})});
    if (!answer) return refused(answer.error());
    if (answer->status == 404 && ignores_missing_) return exit_done;
    if (!answer->succeeded()) return refused({api::status_line(answer->body), 0});
    if (before->succeeded()) each.uid = text_at(before->body, "metadata.uid");
    std::printf("%s%s \"%s\" %s from %s namespace\n", std::string(each.resource->singular).c_str(),
                std::string(each.resource->group).c_str(), each.name.c_str(), force_ ? "force deleted" : "deleted",
                each.name_space.c_str());
    std::fflush(stdout);
    return exit_done;
  }

  int wait_until_gone(const Doomed& each) const {
    const auto answer = session_.client().ask({.path = each.resource->path(each.name_space, each.name)});
    if (!answer) return refused(answer.error());
    if (answer->status == 404 || text_at(answer->body, "metadata.uid") != each.uid) return exit_done;
    api::Watch watched({.path = each.resource->list_path(each.name_space),
                        .query = "fieldSelector=metadata.name%3D" + api::query_escaped(each.name),
                        .resource_version = text_at(answer->body, "metadata.resourceVersion")});
    const auto end = watched.run(
        session_.client(),
        [&](std::string_view type, const json::value& object) {
          return type != "DELETED" && text_at(object, "metadata.uid") == each.uid;
        },
        deadline_);
    if (!end) return refused(end.error());
    if (*end != api::StreamEnd::timed_out) return exit_done;
    return failed("timed out waiting for the condition on " + std::string(each.resource->plural) + "/" + each.name);
  }

  Session session_;
  std::vector<std::string> files_;
  std::string grace_, timeout_ = "0", selector_;
  bool now_ = false, force_ = false, waits_ = true, all_ = false, ignores_missing_ = false;
  api::Deadline deadline_;
  std::vector<Doomed> doomed_;
};

}  // namespace

int delete_command(const Command& command, std::span<const std::string> arguments) {
  return Delete().run(command, arguments);
}

}  // namespace reeve::cli
