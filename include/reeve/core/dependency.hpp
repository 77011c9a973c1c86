#pragma once
// What pods wait for before they start: other pods and deployments of their namespace (`dependsOn`).

#include <reeve/core/spec.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace reeve {

// One entry of dependsOn: "db", "pod/db" or "deployment/api".
struct Dependency {
  std::optional<Kind> kind;  // nothing: whichever of the two has the name
  std::string name;
};

// Nothing: the text names another kind, or nobody.
std::optional<Dependency> parse_dependency(const std::string& text);

// The objects it may mean, as seen from that namespace: one, or two where it names no kind.
std::vector<ObjectRef> meant_by(const Dependency& dependency, const std::string& name_space);

// "pod/db".
std::string word_of(const ObjectRef& object);

// A circle, and somebody in it or on the way into it.
struct DependencyCycle {
  ObjectRef from;
  std::string text;  // "web → api → db → web"
};

// What the pods of each object of a set wait for.
class DependencyGraph {
 public:
  // Adds the object, or replaces the one of its kind and name. Services wait for nobody.
  void add(const Object& object);

  bool contains(const ObjectRef& object) const { return waits_for_.contains(object); }

  // "web → api → db → web", what the object waits for being waited for by itself somewhere; empty if it is not.
  // Objects in `clear` are known to lead into no cycle; those found to be so are added.
  std::string cycle_from(const ObjectRef& object, std::set<ObjectRef>& clear) const;

 private:
  std::vector<ObjectRef> next_of(const ObjectRef& object) const;

  std::map<ObjectRef, std::vector<Dependency>> waits_for_;
};

}  // namespace reeve
