// What the files say, at a start and at a reload: only what changed in them moves.
#include "runtime/runtime.hpp"

#include <reeve/core/validate.hpp>
#include <reeve/linux/clock.hpp>

#include <algorithm>

namespace reeve::runtime {
namespace {

// The files alone hold none: something was changed through the API.
std::string circle_text(const DependencyCycle& cycle) {
  return "nothing of " + cycle.text +
         " would ever start: each waits for the next; `reeve diff` shows who of them is not as the files have it";
}

std::vector<std::string> what_waits_for_a_start(const SupervisorSettings& before, const SupervisorSettings& now) {
  std::vector<std::string> keys;
  if (now.state_directory != before.state_directory) keys.emplace_back("stateDirectory");
  if (now.service_subnet != before.service_subnet) keys.emplace_back("serviceSubnet");
  if (now.pod_subnet != before.pod_subnet) keys.emplace_back("podSubnet");
  if (now.api != before.api) keys.emplace_back("api");
  return keys;
}

FileChanges changes_in(const config::Configuration& configuration, const Written& before) {
  std::vector<const Object*> objects;
  for (const auto& each : configuration.objects) objects.push_back(&each.object);
  return compare_with_files(before, objects);
}

}  // namespace

// What was kept is there again before anything else happens, but for what the files have it otherwise.
void Runtime::begin_with(const config::Configuration& configuration, SavedState saved) {
  const FileChanges changes = changes_in(configuration, written_);
  leave_out(changes, saved);
  for (const Effect& effect : supervisor_.restore(linux::monotonic_now(), std::move(saved))) perform(effect);
  if (const auto cycle = supervisor_.cycle_after(changes)) narrator_.warn(circle_text(*cycle));
  apply(changes);
}

// What a file would change of a running object that has to stay as it is.
std::vector<std::string> Runtime::forbidden_changes(const Object& object) const {
  const auto found = supervisor_.deployments().find(ref_of(object));
  if (found == supervisor_.deployments().end()) return {};
  std::vector<std::string> texts;
  for (const FieldError& each : validate_update(object, found->second->object())) {
    texts.push_back("deployment \"" + found->first.name + "\": " + each.message() +
                    ": keep it, or give the new deployment another name");
  }
  return texts;
}

// What is asked for now would be taken for done at the next start.
bool Runtime::is_stopping() const {
  return supervisor_.is_shutting_down() || std::ranges::any_of(inputs_, [](const Input& each) {
           return std::holds_alternative<ShutdownRequested>(each);
         });
}

// What cannot be done to what runs.
std::vector<std::string> Runtime::conflicts(const config::Configuration& loaded, const FileChanges& changes) const {
  std::vector<std::string> mistakes;
  const auto cycle = supervisor_.cycle_after(changes);
  for (const auto& each : loaded.objects) {
    const std::string place = each.file + ":" + std::to_string(each.line) + ": ";
    for (const std::string& text : forbidden_changes(each.object)) mistakes.push_back(place + text);
    if (cycle && cycle->from == ref_of(each.object)) mistakes.push_back(place + circle_text(*cycle));
  }
  return mistakes;
}

void Runtime::reload() {
  if (is_stopping()) return narrator_.warn("reload refused: reeve is stopping");
  manager_.reloading();
  const auto loaded = config::load(files_);
  std::vector<std::string> mistakes;
  FileChanges changes;
  if (!loaded) {
    for (const auto& each : loaded.error()) mistakes.push_back(each.message());
  } else {
    changes = changes_in(*loaded, written_);
    mistakes = conflicts(*loaded, changes);
  }
  for (const std::string& each : mistakes) narrator_.warn(each);
  manager_.reloaded(mistakes.empty() ? "" : mistakes.front());
  if (!mistakes.empty()) return narrator_.warn("reload refused: nothing was changed");
  take_over(*loaded, changes);
}

void Runtime::take_over(const config::Configuration& loaded, const FileChanges& changes) {
  containers_->change_settings(settings_of(loaded));
  sandboxes_->change_default_isolation(loaded.supervisor.isolation);
  for (const std::string& each : what_waits_for_a_start(settings_, loaded.supervisor)) {
    narrator_.warn(each + ": another one is used from the next start on");
  }
  const std::string service_subnet = settings_.service_subnet, pod_subnet = settings_.pod_subnet;
  settings_ = loaded.supervisor;
  settings_.service_subnet = service_subnet;
  settings_.pod_subnet = pod_subnet;
  console_.set_format(settings_.log_format);
  supervisor_.set_default_isolation(settings_.isolation);
  supervisor_.set_end_rule(end_rule_of(settings_));
  images_ = loaded.images;
  apply(changes);
  post(Ticked{});
  narrator_.say("reloaded");
}

// What left the files leaves.
void Runtime::apply(const FileChanges& changes) {
  for (const ObjectRef& each : changes.gone) post(ObjectDeleted{each, std::nullopt});
  for (const Object* each : changes.changed) post(ObjectApplied{*each});
  if (changes.written != written_) written_edits_ += 1;
  written_ = changes.written;
}

}  // namespace reeve::runtime
