// reeve apply and reeve diff: what files say, made true or held against what is.
#include "cli/deployments.hpp"
#include "cli/difference.hpp"
#include "cli/session.hpp"

#include <reeve/cli/cli.hpp>
#include <reeve/config/load.hpp>
#include <reeve/config/write.hpp>
#include <reeve/core/replica_set.hpp>

#include <boost/json/serialize.hpp>

#include <cstdio>

namespace reeve::cli {
namespace json = boost::json;
namespace {

constexpr int exit_different = 1;

// Where an object of a file stands in the API.
struct Place {
  const Resource* resource;
  ObjectRef ref;

  std::string path() const { return resource->path(ref.name_space, ref.name); }
  std::string title() const { return resource->title(ref.name); }
};

Place place_of(const Object& object) {
  const ObjectRef ref = ref_of(object);
  return {resource_of_kind(kind_name(ref.kind)), ref};
}

int tell_mistakes(const std::vector<config::Mistake>& mistakes) {
  for (const auto& each : mistakes) std::fprintf(stderr, "%s\n", each.message().c_str());
  return exit_mistakes;
}

class Apply {
 public:
  Apply(const Command& command, std::span<const std::string> arguments) : cause_(command, arguments) {}

  int run(const Command& command, std::span<const std::string> arguments) {
    const Arguments read = read_arguments(
        command, arguments,
        session_.options(cause_.with_options(
            {texts("-f", "--file", "FILE|DIR", "TOML or Kubernetes manifests; - is standard input", files_),
             flag("", "--dry-run", "check and tell, but change nothing", dry_)})));
    if (read.exit_code) return *read.exit_code;
    if (!read.words.empty()) return misused(command, "unexpected argument: files are named by -f");
    if (files_.empty()) return misused(command, "no file given");
    const auto loaded = config::load(files_, config::ImagesKnown::elsewhere);
    if (!loaded) return tell_mistakes(loaded.error());
    int code = exit_done;
    for (const config::Placed& each : loaded->objects) {
      const auto outcome = apply(each.object);
      if (!outcome) {
        code = refused(outcome.error());
        continue;
      }
      std::printf("%s %s%s\n", place_of(each.object).title().c_str(), *outcome, dry_ ? " (server dry run)" : "");
      std::fflush(stdout);
    }
    return code;
  }

 private:
  Result<const char*> apply(Object object) const {
    const Place place = place_of(object);
    REEVE_TRY(const api::Answer current, session_.client().ask({.path = place.path()}));
    if (auto* const deployment = std::get_if<DeploymentObject>(&object); deployment != nullptr && cause_.text()) {
      deployment->metadata.annotations[annotation::change_cause] = *cause_.text();
    }
    if (current.status == 404) return write("POST", place.resource->list_path(place.ref.name_space), object, "created");
    if (!current.succeeded()) return fail(api::status_line(current.body));
    object = with_what_commands_wrote(current.body, std::move(object));
    const auto different = differences(current.body, object);
    if (different && different->empty()) return "unchanged";
    const auto* const deployment = std::get_if<DeploymentObject>(&object);
    if (deployment != nullptr && deployment->spec.paused) {
      std::fprintf(stderr, "%s is paused: reeve rollout resume deployment/%s lets it update\n", place.title().c_str(),
                   place.ref.name.c_str());
    }
    return write("PUT", place.path(), object, "configured");
  }

  Result<const char*> write(const char* method, const std::string& path, const Object& object,
                            const char* outcome) const {
    const json::value body = config::to_json(object, config::Defaults::omitted);
    const auto answer = api::expect_success(session_.client().ask(
        {.method = method, .path = path + (dry_ ? "?dryRun=All" : ""), .body = json::serialize(body)}));
    if (!answer) return tl::unexpected(answer.error());
    return outcome;
  }

  Session session_;
  ChangeCause cause_;
  std::vector<std::string> files_;
  bool dry_ = false;
};

// True if the running object is another one than the file's; prints how.
Result<bool> print_differences(const Session& session, const Object& object) {
  const Place place = place_of(object);
  REEVE_TRY(const api::Answer current, session.client().ask({.path = place.path()}));
  if (current.status == 404) {
    std::printf("%s\n  is in the file only\n", place.title().c_str());
    return true;
  }
  if (!current.succeeded()) return fail(api::status_line(current.body));
  const auto found = differences(current.body, with_what_commands_wrote(current.body, object));
  if (!found) return fail("cannot understand what reeve says of " + place.title());
  if (found->empty()) return false;
  std::printf("%s\n", place.title().c_str());
  for (const Difference& each : *found) std::printf("  %s\n", describe(each).c_str());
  return true;
}

}  // namespace

int apply_command(const Command& command, std::span<const std::string> arguments) {
  return Apply(command, arguments).run(command, arguments);
}

int diff_command(const Command& command, std::span<const std::string> arguments) {
  Session session;
  std::vector<std::string> files;
  const Arguments read = read_arguments(
      command, arguments,
      session.options({texts("-f", "--file", "FILE|DIR", "TOML or Kubernetes manifests; - is standard input", files)}));
  if (read.exit_code) return *read.exit_code;
  if (!read.words.empty()) return misused(command, "unexpected argument: files are named by -f");
  if (files.empty()) return misused(command, "no file given");
  const auto loaded = config::load(files, config::ImagesKnown::elsewhere);
  if (!loaded) return tell_mistakes(loaded.error());
  int code = exit_done;
  for (const config::Placed& each : loaded->objects) {
    const auto different = print_differences(session, each.object);
    if (!different) {
      refused(different.error());
      return exit_mistakes;
    }
    if (*different) code = exit_different;
  }
  return code;
}

}  // namespace reeve::cli
