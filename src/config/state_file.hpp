#pragma once
// The keys of the state file, for its writer and its reader.

namespace reeve::config::state_key {

inline constexpr const char* kind = "kind";
inline constexpr const char* version = "version";
inline constexpr const char* written = "written";
inline constexpr const char* pods = "pods";
inline constexpr const char* deployments = "deployments";
inline constexpr const char* services = "services";
inline constexpr const char* name_space = "namespace";
inline constexpr const char* name = "name";
inline constexpr const char* hash = "hash";
inline constexpr const char* object = "object";
inline constexpr const char* address = "address";
inline constexpr const char* created = "created";  // nanoseconds since 1970
inline constexpr const char* generation = "generation";
inline constexpr const char* revision = "revision";
inline constexpr const char* collisions = "collisionCount";
inline constexpr const char* rolled_back_from = "rolledBackFrom";
inline constexpr const char* rolled_back_to = "rolledBackTo";
inline constexpr const char* replica_sets = "replicaSets";
inline constexpr const char* pod_template = "template";
inline constexpr const char* annotations = "annotations";
inline constexpr const char* replicas = "replicas";
inline constexpr const char* min_ready = "minReadyNanoseconds";
inline constexpr const char* cluster_ip = "clusterIP";
inline constexpr const char* node_ports = "nodePorts";

inline constexpr const char* kind_value = "ReeveState";
inline constexpr int version_value = 1;

}  // namespace reeve::config::state_key
