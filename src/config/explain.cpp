#include "config/describe.hpp"

#include <algorithm>
#include <limits>
#include <sstream>

namespace reeve::config {
namespace {

// The levels that the short form of a kind reaches into, innermost first.
std::vector<std::vector<FieldInfo>> short_levels(std::string_view kind) {
  if (kind == "pod") return {describe<ContainerSpec>(), describe<PodSpec>(), describe<ObjectMeta>()};
  if (kind == "deployment") {
    return {describe<ContainerSpec>(), describe<PodSpec>(), describe<DeploymentSpec>(), describe<ObjectMeta>()};
  }
  if (kind == "service") return {describe<ServicePort>(), describe<ServiceSpec>(), describe<ObjectMeta>()};
  return {};
}

const FieldInfo* find(const std::vector<FieldInfo>& fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &FieldInfo::name);
  return found == fields.end() ? nullptr : &*found;
}

KeyNames names_of(const std::vector<FieldInfo>& fields) {
  KeyNames names;
  for (const FieldInfo& each : fields) names.push_back(each.name);
  return names;
}

void append_field(std::string& out, const FieldInfo& field) {
  out += "  " + field.name + "  <" + field.type + '>';
  if (field.required) out += "  required";
  if (!field.default_value.empty()) out += "  default " + field.default_value;
  if (!field.bounds.empty()) out += "  " + field.bounds;
  if (!field.allowed.empty()) out += "  one of " + field.allowed;
  out += "\n      " + field.doc + '\n';
}

void append_line(std::string& out, std::string_view title, const std::string& text) {
  if (!text.empty()) out += std::string(title) + text + '\n';
}

std::string shown(const std::string& kind, const std::string& path, const FieldInfo& field) {
  std::string out;
  append_line(out, "KIND:     ", kind);
  append_line(out, "FIELD:    ", path);
  append_line(out, "TYPE:     ", field.type + (field.required ? ", required" : ""));
  append_line(out, "DEFAULT:  ", field.default_value);
  append_line(out, "BOUNDS:   ", field.bounds);
  append_line(out, "ALLOWED:  ", field.allowed);
  out += '\n' + field.doc + '\n';
  if (field.fields == nullptr) return out;
  out += "\nFIELDS:\n";
  for (const FieldInfo& each : field.fields()) append_field(out, each);
  return out;
}

// One name further down. The first step after a kind may skip the levels that the short form skips.
Result<FieldInfo> step(const FieldInfo& at, std::string_view name, bool first) {
  const std::vector<FieldInfo> fields = at.fields == nullptr ? std::vector<FieldInfo>{} : at.fields();
  if (const FieldInfo* found = find(fields, name)) return *found;
  KeyNames near = names_of(fields);
  const auto levels = first ? short_levels(at.name) : std::vector<std::vector<FieldInfo>>{};
  for (const auto& level : levels) {
    if (const FieldInfo* found = find(level, name)) return *found;
    const KeyNames more = names_of(level);
    near.insert(near.end(), more.begin(), more.end());
  }
  return fail("cannot explain " + quoted(name) + ": " + at.name + " has no such field" + did_you_mean(name, near));
}

}  // namespace

std::string bounds_text(const Bounds& bounds) {
  using Limits = std::numeric_limits<std::int64_t>;
  if (bounds.min == Limits::min()) return {};
  if (bounds.max != Limits::max()) return std::to_string(bounds.min) + " to " + std::to_string(bounds.max);
  return bounds.min == 1 ? "greater than 0" : std::to_string(bounds.min) + " or more";
}

std::vector<FieldInfo> explained_kinds() {
  const auto kind = [](const char* name, const char* doc, std::vector<FieldInfo> (*fields)()) {
    return FieldInfo{name, "table", "", "", "", doc, false, fields};
  };
  return {kind("pod", "One or more programs that live together: [pod.NAME].", &describe<PodObject>),
          kind("deployment", "Copies of a pod, kept running: [deployment.NAME].", &describe<DeploymentObject>),
          kind("service", "One address for the ready pods of a deployment: [service.NAME].", &describe<ServiceObject>),
          kind("image", "What an image name means on this machine: an entry of [images].", &describe<ImageSpec>),
          kind("simulate", "What reeve simulate assumes of a pod or deployment: [simulate.NAME].",
               &describe<SimulationSpec>),
          kind("supervisor", "About reeve itself: [supervisor].", &describe<SupervisorSettings>)};
}

namespace {

struct Explained {
  std::string kind;
  std::string path;
  FieldInfo field;
};

Result<Explained> find_explained(std::string_view path) {
  const std::vector<FieldInfo> kinds = explained_kinds();
  const std::string kind(path.substr(0, path.find('.')));
  const FieldInfo* const found = find(kinds, kind);
  if (found == nullptr) {
    return fail("cannot explain " + quoted(kind) + did_you_mean(kind, names_of(kinds)) + " (there are " +
                quoted_list(names_of(kinds)) + ")");
  }
  FieldInfo at = *found;
  std::string_view rest = path.substr(kind.size());
  const std::string fields(rest.substr(std::min<std::size_t>(1, rest.size())));
  for (bool first = true; !rest.empty(); first = false) {
    rest.remove_prefix(1);
    const std::string_view name = rest.substr(0, rest.find('.'));
    REEVE_TRY(FieldInfo next, step(at, name, first));
    at = std::move(next);
    rest.remove_prefix(name.size());
  }
  return Explained{kind, fields, std::move(at)};
}

}  // namespace

Result<std::string> explain(std::string_view path) {
  REEVE_TRY(const Explained found, find_explained(path));
  return shown(found.kind, found.path, found.field);
}

namespace {

void append_below(std::string& out, const FieldInfo& at, std::size_t depth) {
  if (at.fields == nullptr) return;
  const std::string indent(2 * depth, ' ');
  for (const FieldInfo& each : at.fields()) {
    std::string text;
    append_field(text, each);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) out += indent + line + '\n';
    append_below(out, each, depth + 1);
  }
}

}  // namespace

Result<std::string> explain_recursively(std::string_view path) {
  REEVE_TRY(const Explained found, find_explained(path));
  FieldInfo bare = found.field;
  bare.fields = nullptr;
  std::string out = shown(found.kind, found.path, bare);
  if (found.field.fields != nullptr) out += "\nFIELDS:\n";
  append_below(out, found.field, 0);
  return out;
}

}  // namespace reeve::config
