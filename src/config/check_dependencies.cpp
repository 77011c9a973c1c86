// What pods and deployments of the files wait for.
#include "config/reader.hpp"

#include <reeve/core/text.hpp>

#include <algorithm>

namespace reeve::config {

void Reader::check_dependencies() {
  DependencyGraph graph;
  for (const Item& each : items_) graph.add(each.object);
  std::set<ObjectRef> clear;
  for (const Item& item : items_) {
    const PodSpec* const pod = pod_spec_of(item.object);
    if (pod == nullptr || pod->depends_on.empty()) continue;
    const std::string path = pod_spec_path(item.object) + ".dependsOn";
    for (std::size_t i = 0; i < pod->depends_on.size(); ++i) {
      const Located located = locate(item.draft.body, path + '[' + std::to_string(i) + ']');
      if (!item.misread.contains(located.node)) check_dependency(item, pod->depends_on[i], located.position, graph);
    }
    const std::string cycle = graph.cycle_from(ref_of(item.object), clear);
    if (cycle.empty()) continue;
    note(item.file, locate(item.draft.body, path).position,
         title(item.object) + ": nothing of " + cycle + " would ever start: each waits for the next");
    return;  // the others would say the same of it
  }
}

void Reader::check_dependency(const Item& item, const std::string& text, Position position,
                              const DependencyGraph& graph) {
  const auto dependency = parse_dependency(text);
  if (!dependency) return;  // core says so
  const auto meant = meant_by(*dependency, metadata_of(item.object).name_space);
  const auto found = std::ranges::count_if(meant, [&](const ObjectRef& each) { return graph.contains(each); });
  const std::string where = title(item.object) + ": ";
  if (found > 1) {
    note(item.file, position,
         where + quoted(text) + " is the name of a pod and of a deployment: write " + quoted(word_of(meant[0])) +
             " or " + quoted(word_of(meant[1])));
  } else if (found == 0 && images_known_ == ImagesKnown::here) {
    KeyNames near;
    for (const ObjectRef& each : meant) {
      const KeyNames names = names_of(each.kind);
      near.insert(near.end(), names.begin(), names.end());
    }
    const std::string what =
        dependency->kind ? title(*dependency->kind, dependency->name) : "pod or deployment " + quoted(dependency->name);
    note(item.file, position, where + "there is no " + what + " to depend on" + did_you_mean(dependency->name, near));
  }
}

}  // namespace reeve::config
