// Whether reeve would ever end by itself, where the files say that it is to.
#include "config/reader.hpp"

#include <reeve/core/ending.hpp>
#include <reeve/core/text.hpp>

#include <algorithm>

namespace reeve::config {
namespace {

bool may_finish(const Object& object) {
  const auto* const pod = std::get_if<PodObject>(&object);
  return pod != nullptr && (pod->spec.restart_policy != RestartPolicy::always || pod->spec.active_deadline);
}

constexpr std::string_view never_ends =
    "it is started again whenever it ends: write restartPolicy = \"Never\" or \"OnFailure\" for it";

}  // namespace

void Reader::check_ending() {
  const SupervisorSettings& settings = configuration_.supervisor;
  if (!ending_) return;
  const auto complain = [&](Position position, const std::string& text) {
    note(ending_->file, position, "supervisor: " + text);
  };
  if (settings.on_pods_finished == OnPodsFinished::run) {
    if (settings.exit_code_from.empty()) return;
    return complain(ending_->exit_code_from,
                    "exitCodeFrom means nothing while reeve runs on: write onPodsFinished = \"exit\" too");
  }
  if (!settings.exit_code_from.empty()) {
    const auto item = std::ranges::find(items_, exit_pod_of(settings.exit_code_from),
                                        [](const Item& each) { return ref_of(each.object); });
    if (item == items_.end()) {
      return complain(ending_->exit_code_from, "exitCodeFrom: there is no " +
                                                   title(Kind::pod, settings.exit_code_from) + " in these files" +
                                                   did_you_mean(settings.exit_code_from, names_of(Kind::pod)));
    }
    if (may_finish(item->object)) return;
    return complain(ending_->exit_code_from,
                    "exitCodeFrom: " + title(item->object) + " never ends: " + std::string(never_ends));
  }
  const auto runs_on = std::ranges::find_if(items_, [](const Item& each) {
    return !std::holds_alternative<ServiceObject>(each.object) && !may_finish(each.object);
  });
  if (runs_on == items_.end()) return;
  const bool is_pod = std::holds_alternative<PodObject>(runs_on->object);
  complain(ending_->on_pods_finished,
           "onPodsFinished = \"exit\" would never come true: " + title(runs_on->object) + " at " +
               place(runs_on->file, runs_on->draft.position) + " never ends: " +
               (is_pod ? std::string(never_ends) + ", or" : std::string("a deployment's pods are replaced:")) +
               " name the pod whose end is the end by exitCodeFrom");
}

}  // namespace reeve::config
