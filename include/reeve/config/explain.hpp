#pragma once
// `reeve explain`: what a field means, from the one list of fields.

#include <reeve/core/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace reeve::config {

// One key of a table, as text. `fields` gives those of a nested table, and nullptr where there is none.
struct FieldInfo {
  std::string name;
  std::string type;           // "integer", "list of strings", "table"
  std::string default_value;  // as TOML writes it; empty: none
  std::string bounds;         // "1 to 65535"; empty: none
  std::string allowed;        // "\"Always\", \"Never\""; empty: anything of the type
  std::string doc;
  bool required = false;
  std::vector<FieldInfo> (*fields)() = nullptr;
};

// The kinds and tables that can be explained: pod, deployment, service, image, supervisor.
std::vector<FieldInfo> explained_kinds();

// The text for a path: "pod.spec.containers.livenessProbe.httpGet", or short "deployment.readinessProbe".
Result<std::string> explain(std::string_view path);

// The same with all fields of all tables below it.
Result<std::string> explain_recursively(std::string_view path);

}  // namespace reeve::config
