#include "api/kinds.hpp"

#include <array>

namespace reeve::api {
namespace {

constexpr Column name_column{"Name", "string", "name"};
constexpr Column text(std::string_view name, int priority = 0) { return {name, "string", "", priority}; }
constexpr Column number(std::string_view name, int priority = 0) { return {name, "integer", "", priority}; }

constexpr std::array pod_columns{name_column,
                                 text("Ready"),
                                 text("Status"),
                                 text("Restarts"),
                                 text("Age"),
                                 text("IP", 1),
                                 text("Node", 1),
                                 text("Nominated Node", 1),
                                 text("Readiness Gates", 1)};
constexpr std::array service_columns{name_column,     text("Type"), text("Cluster-IP"), text("External-IP"),
                                     text("Port(s)"), text("Age"),  text("Selector", 1)};
constexpr std::array endpoints_columns{name_column, text("Endpoints"), text("Age")};
constexpr std::array event_columns{
    text("Last Seen"), text("Type"),    text("Reason"),        text("Object"),     text("Subobject", 1),
    text("Source", 1), text("Message"), text("First Seen", 1), number("Count", 1), Column{"Name", "string", "name", 1}};
constexpr std::array deployment_columns{name_column, text("Ready"),         number("Up-to-date"), number("Available"),
                                        text("Age"), text("Containers", 1), text("Images", 1),    text("Selector", 1)};
constexpr std::array replica_set_columns{name_column, number("Desired"),     number("Current"), number("Ready"),
                                         text("Age"), text("Containers", 1), text("Images", 1), text("Selector", 1)};
constexpr std::array node_columns{name_column,
                                  text("Status"),
                                  text("Roles"),
                                  text("Age"),
                                  text("Version"),
                                  text("Internal-IP", 1),
                                  text("External-IP", 1),
                                  text("OS-Image", 1),
                                  text("Kernel-Version", 1),
                                  text("Container-Runtime", 1)};
constexpr std::array namespace_columns{name_column, text("Status"), text("Age")};

constexpr std::array<std::string_view, 3> pod_fields{"status.phase", "spec.nodeName", "spec.restartPolicy"};
constexpr std::array<std::string_view, 8> event_fields{"involvedObject.kind",
                                                       "involvedObject.name",
                                                       "involvedObject.namespace",
                                                       "involvedObject.uid",
                                                       "involvedObject.fieldPath",
                                                       "involvedObject.apiVersion",
                                                       "reason",
                                                       "type"};

constexpr std::array<KindInfo, 8> table{{
    {ApiKind::pods, "pods", "pod", "Pod", "", "po", true, Kind::pod, pod_columns, pod_fields},
    {ApiKind::services, "services", "service", "Service", "", "svc", true, Kind::service, service_columns, {}},
    {ApiKind::endpoints, "endpoints", "endpoints", "Endpoints", "", "ep", true, {}, endpoints_columns, {}},
    {ApiKind::events, "events", "event", "Event", "", "ev", true, {}, event_columns, event_fields},
    {ApiKind::deployments,
     "deployments",
     "deployment",
     "Deployment",
     "apps",
     "deploy",
     true,
     Kind::deployment,
     deployment_columns,
     {}},
    {ApiKind::replica_sets, "replicasets", "replicaset", "ReplicaSet", "apps", "rs", true, {}, replica_set_columns, {}},
    {ApiKind::nodes, "nodes", "node", "Node", "", "no", false, {}, node_columns, {}},
    {ApiKind::namespaces, "namespaces", "namespace", "Namespace", "", "ns", false, {}, namespace_columns, {}},
}};

constexpr std::array core_kinds{ApiKind::pods,   ApiKind::services, ApiKind::endpoints,
                                ApiKind::events, ApiKind::nodes,    ApiKind::namespaces};
constexpr std::array apps_kinds{ApiKind::deployments, ApiKind::replica_sets};
constexpr std::array deployments_only{ApiKind::deployments};

// The preferred version of a group first.
constexpr std::array<ApiVersion, 5> versions{{
    {"v1", "", "v1", core_kinds},
    {"apps/v1", "apps", "v1", apps_kinds},
    {"apps/v1beta2", "apps", "v1beta2", apps_kinds, true},
    {"apps/v1beta1", "apps", "v1beta1", deployments_only, true},
    {"extensions/v1beta1", "extensions", "v1beta1", apps_kinds, true},
}};

}  // namespace

std::span<const KindInfo> kinds() noexcept { return table; }

const KindInfo& info(ApiKind kind) noexcept { return table[static_cast<std::size_t>(kind)]; }

std::span<const ApiVersion> api_versions() noexcept { return versions; }

const ApiVersion* find_api_version(std::string_view group, std::string_view version) noexcept {
  for (const ApiVersion& each : versions) {
    if (each.group == group && each.version == version) return &each;
  }
  return nullptr;
}

const KindInfo* find_kind(const ApiVersion& version, std::string_view plural) noexcept {
  for (const ApiKind each : version.kinds) {
    if (info(each).plural == plural) return &info(each);
  }
  return nullptr;
}

std::string qualified(const KindInfo& kind) {
  return std::string(kind.plural) + (kind.group.empty() ? "" : "." + std::string(kind.group));
}

}  // namespace reeve::api
