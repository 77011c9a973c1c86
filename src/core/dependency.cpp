#include <reeve/core/dependency.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace reeve {
namespace {

std::string joined(const std::vector<ObjectRef>& path, std::size_t from) {
  std::string text;
  for (std::size_t i = from; i < path.size(); ++i) text += path[i].name + " → ";
  return text + path[from].name;
}

}  // namespace

std::optional<Dependency> parse_dependency(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return text.empty() ? std::nullopt : std::optional(Dependency{std::nullopt, text});
  const std::string kind = text.substr(0, slash), name = text.substr(slash + 1);
  if (name.empty() || name.find('/') != std::string::npos) return std::nullopt;
  if (kind == "pod") return Dependency{Kind::pod, name};
  if (kind == "deployment") return Dependency{Kind::deployment, name};
  return std::nullopt;
}

std::vector<ObjectRef> meant_by(const Dependency& dependency, const std::string& name_space) {
  if (dependency.kind) return {{*dependency.kind, name_space, dependency.name}};
  return {{Kind::pod, name_space, dependency.name}, {Kind::deployment, name_space, dependency.name}};
}

std::string word_of(const ObjectRef& object) {
  return (object.kind == Kind::deployment ? "deployment/" : "pod/") + object.name;
}

void DependencyGraph::add(const Object& object) {
  const PodSpec* const pod = pod_spec_of(object);
  if (pod == nullptr) return;
  std::vector<Dependency>& list = waits_for_[ref_of(object)];
  list.clear();
  for (const std::string& each : pod->depends_on) {
    if (auto dependency = parse_dependency(each)) list.push_back(*std::move(dependency));
  }
}

std::vector<ObjectRef> DependencyGraph::next_of(const ObjectRef& object) const {
  std::vector<ObjectRef> next;
  for (const Dependency& dependency : waits_for_.at(object)) {
    for (ObjectRef& each : meant_by(dependency, object.name_space)) {
      if (contains(each)) next.push_back(std::move(each));
    }
  }
  return next;
}

// Depth first, without recursion: files may hold long chains.
std::string DependencyGraph::cycle_from(const ObjectRef& object, std::set<ObjectRef>& clear) const {
  if (!contains(object) || clear.contains(object)) return {};
  std::vector<ObjectRef> path{object};
  std::set<ObjectRef> on_path{object};
  std::vector<std::vector<ObjectRef>> open{next_of(object)};
  while (!path.empty()) {
    if (open.back().empty()) {
      clear.insert(path.back());
      on_path.erase(path.back());
      path.pop_back();
      open.pop_back();
      continue;
    }
    ObjectRef next = std::move(open.back().back());
    open.back().pop_back();
    if (on_path.contains(next)) {
      return joined(path, static_cast<std::size_t>(std::ranges::find(path, next) - path.begin()));
    }
    if (clear.contains(next)) continue;
    on_path.insert(next);
    path.push_back(next);
    open.push_back(next_of(next));
  }
  return {};
}

}  // namespace reeve
