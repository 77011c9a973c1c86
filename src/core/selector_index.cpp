#include <reeve/core/selector_index.hpp>
#include <reeve/core/service.hpp>

namespace reeve {
namespace {

template <class Places, class Place>
void take_out(Places& places, const Place& place, const ObjectRef& name) {
  const auto found = places.find(place);
  if (found == places.end()) return;
  found->second.erase(name);
  if (found->second.empty()) places.erase(found);
}

}  // namespace

void SelectorIndex::put(const DeploymentObject& deployment) {
  const ObjectRef name = ref_of(deployment);
  const Labels& selector = deployment.spec.selector.match_labels;
  const Labels& labels = deployment.spec.pod_template.metadata.labels;
  erase(name);
  deployments_[name] = {selector, labels};
  for (const auto& [key, value] : labels) by_label_[{name.name_space, key, value}].insert(name);
  if (selector.empty()) return;
  by_selector_[{name.name_space, selector.begin()->first, selector.begin()->second}].insert(name);
}

void SelectorIndex::erase(const ObjectRef& name) {
  const auto found = deployments_.extract(name);
  if (!found) return;
  const Labels& selector = found.mapped().selector;
  for (const auto& [key, value] : found.mapped().labels) take_out(by_label_, Place{name.name_space, key, value}, name);
  if (selector.empty()) return;
  take_out(by_selector_, Place{name.name_space, selector.begin()->first, selector.begin()->second}, name);
}

std::vector<ObjectRef> SelectorIndex::overlapping(const DeploymentObject& deployment) const {
  const ObjectRef own = ref_of(deployment);
  const Labels& selector = deployment.spec.selector.match_labels;
  const Labels& labels = deployment.spec.pod_template.metadata.labels;
  std::set<ObjectRef> found;
  const auto look_at = [&](const Places& places, const auto& label) {
    const auto at = places.find({own.name_space, label.first, label.second});
    if (at == places.end()) return;
    for (const ObjectRef& each : at->second) {
      const Labelled& other = deployments_.at(each);
      if (each != own && (selects(selector, other.labels) || selects(other.selector, labels))) found.insert(each);
    }
  };
  if (!selector.empty()) look_at(by_label_, *selector.begin());
  for (const auto& each : labels) look_at(by_selector_, each);
  return {found.begin(), found.end()};
}

}  // namespace reeve
