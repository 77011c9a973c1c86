#pragma once
// What can be asked for: names, groups, columns, selectable fields.

#include <reeve/core/change.hpp>
#include <reeve/core/spec.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::api {

// The first ones are core's, in its order; the others never change.
enum class ApiKind { pods, services, endpoints, events, deployments, replica_sets, nodes, namespaces };
inline constexpr std::size_t kind_count = 8;

struct Column {
  std::string_view name;
  std::string_view type;    // "string", "integer"
  std::string_view format;  // "name" for the name
  int priority = 0;         // 1: only in wide output
};

struct KindInfo {
  ApiKind kind;
  std::string_view plural;
  std::string_view singular;
  std::string_view name;  // "Pod"
  std::string_view group;
  std::string_view short_name;  // empty: none
  bool is_namespaced = true;
  std::optional<Kind> writable;  // what core calls it, where it can be written
  std::span<const Column> columns;
  std::span<const std::string_view> fields;  // of field selectors, besides metadata.name and metadata.namespace
};

std::span<const KindInfo> kinds() noexcept;
const KindInfo& info(ApiKind kind) noexcept;

constexpr std::string_view version_of(const KindInfo& kind) noexcept { return kind.group.empty() ? "v1" : "apps/v1"; }

// A version of the API, and which kinds are reached by it. The ones before apps/v1 name the same objects.
struct ApiVersion {
  std::string_view text;  // "apps/v1beta1", "v1"
  std::string_view group;
  std::string_view version;
  std::span<const ApiKind> kinds;
  bool is_legacy = false;
};
std::span<const ApiVersion> api_versions() noexcept;
const ApiVersion* find_api_version(std::string_view group, std::string_view version) noexcept;
// The kind of that plural which it has, or nullptr.
const KindInfo* find_kind(const ApiVersion& version, std::string_view plural) noexcept;

// `pods`, `deployments.apps`: as messages name them.
std::string qualified(const KindInfo& kind);

}  // namespace reeve::api
