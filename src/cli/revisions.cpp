#include "cli/revisions.hpp"

#include "cli/describe.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"

#include <reeve/core/replica_set.hpp>
#include <reeve/core/text.hpp>

#include <algorithm>

namespace reeve::cli {
namespace json = boost::json;
namespace {

std::string name_of(const json::value& object) { return text_at(object, "metadata.name"); }

std::string annotation_of(const json::value& object, std::string_view key) {
  const json::value* const found = map_at(object, "metadata.annotations").if_contains(key);
  return found == nullptr ? std::string() : scalar_text(*found);
}

// Of the replica set, else of its template.
std::string cause_of(const json::value& set) {
  const std::string own = annotation_of(set, annotation::change_cause);
  const json::value* const its = find(set, "spec.template");
  return !own.empty() || its == nullptr ? own : annotation_of(*its, annotation::change_cause);
}

const json::value* with_number(const Revisions& revisions, std::int64_t number) {
  const auto found = std::ranges::find(revisions, number, [](const json::value* each) { return revision_of(*each); });
  return found == revisions.end() ? nullptr : *found;
}

std::string rollout_to_finish(const json::value& deployment, const std::string& what) {
  return "Waiting for deployment " + quoted(name_of(deployment)) + " rollout to finish: " + what + "...";
}

bool is_past_deadline(const json::value& deployment) {
  return std::ranges::any_of(list_at(deployment, "status.conditions"), [](const json::value& each) {
    return text_at(each, "type") == "Progressing" && text_at(each, "reason") == "ProgressDeadlineExceeded";
  });
}

}  // namespace

bool is_owned_by(const json::value& object, const json::value& owner) {
  return std::ranges::any_of(list_at(object, "metadata.ownerReferences"), [&](const json::value& each) {
    const std::string uid = text_at(owner, "metadata.uid");
    return text_at(each, "name") == name_of(owner) && (uid.empty() || text_at(each, "uid") == uid);
  });
}

std::int64_t revision_of(const json::value& object) {
  const std::string number = annotation_of(object, annotation::revision);
  return number.empty() ? 0 : std::atoll(number.c_str());
}

Revisions revisions_of(const json::value& deployment, const json::array& replica_sets) {
  Revisions own;
  for (const json::value& each : replica_sets) {
    if (is_owned_by(each, deployment)) own.push_back(&each);
  }
  std::ranges::stable_sort(own, {}, [](const json::value* each) { return revision_of(*each); });
  return own;
}

json::value plain_template(const json::value& replica_set) {
  const json::value* const found = find(replica_set, "spec.template");
  if (found == nullptr) return {};
  json::value plain = *found;
  if (auto* labels = plain.as_object()["metadata"].is_object() ? plain.at("metadata").as_object().if_contains("labels")
                                                               : nullptr) {
    if (labels->is_object()) labels->as_object().erase(hash_label);
  }
  return plain;
}

const json::value* newest_of(const json::value& deployment, const Revisions& revisions) {
  const json::value* const wanted = find(deployment, "spec.template");
  if (wanted == nullptr) return nullptr;
  const auto found =
      std::ranges::find_if(revisions, [&](const json::value* each) { return plain_template(*each) == *wanted; });
  return found == revisions.end() ? nullptr : *found;
}

std::string history_text(const Revisions& revisions) {
  if (revisions.empty()) return "No rollout history found.\n";
  std::string table = "REVISION\tCHANGE-CAUSE\n";
  for (const json::value* each : revisions) {
    const std::string cause = cause_of(*each);
    table += std::to_string(revision_of(*each)) + '\t' + (cause.empty() ? "<none>" : cause) + '\n';
  }
  return with_tab_stops(table) + '\n';
}

std::string template_text(const json::value& replica_set) {
  const json::value* const its = find(replica_set, "spec.template");
  json::value shown = its == nullptr ? json::object() : *its;
  if (const std::string cause = cause_of(replica_set); !cause.empty()) {
    json::value& metadata = shown.as_object()["metadata"];
    if (!metadata.is_object()) metadata.emplace_object();
    json::value& notes = metadata.as_object()["annotations"];
    if (!notes.is_object()) notes.emplace_object();
    notes.as_object()[annotation::change_cause] = cause;
  }
  return pod_template_text(shown);
}

Result<std::string> revision_text(const Revisions& revisions, std::int64_t number) {
  const json::value* const found = with_number(revisions, number);
  if (found == nullptr) return fail("unable to find the specified revision");
  return template_text(*found) + '\n';
}

Result<const json::value*> revision_to_undo(const json::value& deployment, const Revisions& revisions,
                                            std::int64_t number) {
  if (number != 0) {
    if (const json::value* const found = with_number(revisions, number)) return found;
    return fail("unable to find specified revision " + std::to_string(number) + " in history");
  }
  if (revisions.size() < 2) return fail("no rollout history found for deployment " + quoted(name_of(deployment)));
  return revisions[revisions.size() - 2];
}

void go_back(json::object& deployment, const json::value& replica_set) {
  json::object notes;
  const json::value before = deployment;
  for (const auto& each : map_at(before, "metadata.annotations")) {
    if (is_internal_annotation(std::string(each.key()))) notes[each.key()] = each.value();
  }
  for (const auto& each : map_at(replica_set, "metadata.annotations")) {
    if (!is_internal_annotation(std::string(each.key()))) notes[each.key()] = each.value();
  }
  deployment["metadata"].as_object()["annotations"] = std::move(notes);
  deployment["spec"].as_object()["template"] = plain_template(replica_set);
}

Progress progress_of(const json::value& deployment) {
  using enum Progress::State;
  const auto count = [&](std::string_view path) { return number_at(deployment, path); };
  const auto of = [](std::int64_t one, std::string_view between, std::int64_t other) {
    return std::to_string(one) + std::string(between) + std::to_string(other);
  };
  if (count("metadata.generation") > count("status.observedGeneration")) {
    return {going, "Waiting for deployment spec update to be observed..."};
  }
  const std::string title = "deployment " + quoted(name_of(deployment));
  if (is_past_deadline(deployment)) return {failed, title + " exceeded its progress deadline"};
  const std::int64_t desired = number_at(deployment, "spec.replicas", 1), updated = count("status.updatedReplicas");
  const std::int64_t existing = count("status.replicas"), available = count("status.availableReplicas");
  if (updated < desired) {
    const std::string what = of(updated, " out of ", desired) + " new replicas have been updated";
    return {going, rollout_to_finish(deployment, what)};
  }
  if (existing > updated) {
    const std::string what = std::to_string(existing - updated) + " old replicas are pending termination";
    return {going, rollout_to_finish(deployment, what)};
  }
  if (available < updated) {
    const std::string what = of(available, " of ", updated) + " updated replicas are available";
    return {going, rollout_to_finish(deployment, what)};
  }
  return {done, title + " successfully rolled out"};
}

bool is_updating(const json::value& deployment) {
  const json::array& conditions = list_at(deployment, "status.conditions");
  const bool has_come_through = std::ranges::any_of(
      conditions, [](const json::value& each) { return text_at(each, "reason") == "NewReplicaSetAvailable"; });
  return revision_of(deployment) > 1 && !has_come_through && progress_of(deployment).state != Progress::State::done;
}

std::string progress_bar(const json::value& deployment) {
  constexpr std::int64_t width = 20;
  const std::int64_t desired = number_at(deployment, "spec.replicas", 1);
  const std::int64_t updated = number_at(deployment, "status.updatedReplicas");
  const std::int64_t available = number_at(deployment, "status.availableReplicas");
  const std::int64_t old = std::max<std::int64_t>(number_at(deployment, "status.replicas") - updated, 0);
  const std::int64_t filled = desired <= 0 ? width : std::clamp<std::int64_t>(updated * width / desired, 0, width);
  std::string text = name_of(deployment) + "  [";
  text.append(static_cast<std::size_t>(filled), '#').append(static_cast<std::size_t>(width - filled), '.');
  text += "] " + std::to_string(updated) + '/' + std::to_string(desired) + " updated, ";
  text += std::to_string(available) + '/' + std::to_string(desired) + " available";
  if (old > 0) text += ", " + std::to_string(old) + " old left";
  if (flag_at(deployment, "spec.paused")) text += ", paused";
  return text;
}

}  // namespace reeve::cli
