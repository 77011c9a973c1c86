#pragma once
// Which deployments select each other's pods, found without a look at all of them.

#include <reeve/core/spec.hpp>

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace reeve {

class SelectorIndex {
 public:
  void put(const DeploymentObject& deployment);  // also one that changed
  void erase(const ObjectRef& name);

  // Others of its namespace that select its pods, or whose pods it selects; by name.
  std::vector<ObjectRef> overlapping(const DeploymentObject& deployment) const;

 private:
  struct Labelled {
    Labels selector;
    Labels labels;
  };
  using Place = std::tuple<std::string, std::string, std::string>;  // namespace, key, value
  using Places = std::map<Place, std::set<ObjectRef>>;

  std::map<ObjectRef, Labelled> deployments_;
  Places by_label_;     // under each label of its pods
  Places by_selector_;  // under the first label that it selects by
};

}  // namespace reeve
