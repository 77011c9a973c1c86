#include "core/validate_env.hpp"

#include "core/names.hpp"

#include <reeve/core/environment.hpp>

#include <algorithm>
#include <array>

namespace reeve {
namespace {

// Kubernetes' list for variables, without spec.serviceAccountName, which nothing here has.
constexpr std::array<std::string_view, 8> served{"metadata.name", "metadata.namespace", "metadata.uid",
                                                 "spec.nodeName", "status.hostIP",      "status.hostIPs",
                                                 "status.podIP",  "status.podIPs"};
// Those that Kubernetes knows, though not here (ConvertDownwardAPIFieldLabel).
constexpr std::array<std::string_view, 6> known{"metadata.annotations",    "metadata.labels",    "spec.restartPolicy",
                                                "spec.serviceAccountName", "spec.schedulerName", "status.phase"};

template <class List>
bool contains(const List& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

void check_subscript(FieldErrors& errors, const std::string& path, const FieldPath& field) {
  std::string key(field.subscript);
  if (field.path == "metadata.annotations") {
    std::ranges::transform(key, key.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  }
  for (const std::string& fault : label_key_faults(key)) errors.invalid(path, quoted(field.subscript), fault);
}

void check_field_ref(FieldErrors& errors, const std::string& path, const ObjectFieldSelector& ref) {
  if (ref.field_path.empty()) return;
  const auto unconverted = [&](const std::string& why) {
    errors.invalid(path + ".fieldPath", quoted(ref.field_path), "error converting fieldPath: " + why);
  };
  if (ref.api_version != "v1") return unconverted("unsupported pod version: " + ref.api_version);
  const FieldPath field = split_field_path(ref.field_path);
  const bool is_map = field.path == "metadata.labels" || field.path == "metadata.annotations";
  if (field.has_subscript && is_map) return check_subscript(errors, path, field);
  if (field.has_subscript) return unconverted("field label does not support subscript: " + ref.field_path);
  if (contains(served, field.path) || field.path == "spec.host") return;
  if (!contains(known, field.path)) return unconverted("field label not supported: " + ref.field_path);
  errors.unsupported(path + ".fieldPath", field.path, served);
}

}  // namespace

void check_env(FieldErrors& errors, const std::string& path, const std::vector<EnvVar>& env) {
  for (std::size_t i = 0; i < env.size(); ++i) {
    const EnvVar& each = env[i];
    const std::string here = indexed(path, i);
    errors.faults(here + ".name", each.name, env_name_faults(each.name));
    if (!each.value_from) continue;
    const std::string source = here + ".valueFrom";
    if (each.value_from->field_ref) check_field_ref(errors, source + ".fieldRef", *each.value_from->field_ref);
    if (!each.value_from->field_ref) {
      errors.invalid(source, quoted(""),
                     "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`");
    } else if (!each.value.empty()) {
      errors.invalid(source, quoted(""), "may not be specified when `value` is not empty");
    }
  }
}

}  // namespace reeve
