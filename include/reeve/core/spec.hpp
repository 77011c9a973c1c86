#pragma once
// What a user asks for. Kubernetes' objects, with its defaults as the members' initial values.
// Names, docs and bounds of every field: core/fields.hpp.

#include <reeve/core/boxed.hpp>
#include <reeve/core/time.hpp>

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace reeve {

using Labels = std::map<std::string, std::string>;

struct NameValue {
  std::string name;
  std::string value;
  bool operator==(const NameValue&) const = default;
};

// What a variable's value is taken from: a field of the pod itself.
struct ObjectFieldSelector {
  std::string api_version = "v1";
  std::string field_path;
  bool operator==(const ObjectFieldSelector&) const = default;
};

struct EnvVarSource {
  std::optional<ObjectFieldSelector> field_ref;
  bool operator==(const EnvVarSource&) const = default;
};

struct EnvVar {
  std::string name;
  std::string value;
  Boxed<EnvVarSource> value_from;
  bool operator==(const EnvVar&) const = default;
};

// A number, or a text that stands for one: a percentage, a port's name.
using IntOrString = std::variant<std::int32_t, std::string>;
// A port by number, or by the name a container gives it.
using PortRef = IntOrString;
std::string printed(const IntOrString& either);  // 3, "25%"

enum class RestartPolicy { always, on_failure, never };
enum class ImagePullPolicy { unset, always, if_not_present, never };
enum class Isolation { private_namespaces, none };
enum class Network { host, isolated, nat };
enum class Protocol { tcp };
enum class ProbeScheme { http };
enum class ServiceType { cluster_ip, node_port, load_balancer };
enum class StrategyType { rolling_update, recreate };
enum class SessionAffinity { none, client_ip };
enum class Balancing { least_connections, round_robin, random };
enum class OnUnready { keep, drain, reset };
enum class WhenUnready { refuse, hold, reset };
enum class LogFormat { text, json };
enum class OnPodsFinished { run, exit };

struct ExecAction {
  std::vector<std::string> command;
  bool operator==(const ExecAction&) const = default;
};

struct HttpGetAction {
  std::string path = "/";
  PortRef port = 0;
  std::string host;
  ProbeScheme scheme = ProbeScheme::http;
  std::vector<NameValue> http_headers;
  bool operator==(const HttpGetAction&) const = default;
};

struct TcpSocketAction {
  PortRef port = 0;
  std::string host;
  bool operator==(const TcpSocketAction&) const = default;
};

// The program tells by itself, on NOTIFY_SOCKET (sd_notify(3)); reeve's own.
struct NotifyAction {
  bool operator==(const NotifyAction&) const = default;
};

struct ProbeSpec {
  std::optional<ExecAction> exec;
  std::optional<HttpGetAction> http_get;
  std::optional<TcpSocketAction> tcp_socket;
  std::optional<NotifyAction> notify;
  Duration initial_delay{0};
  Duration timeout = seconds(1);
  Duration period = seconds(10);
  std::int32_t success_threshold = 1;
  std::int32_t failure_threshold = 3;
  std::optional<Duration> termination_grace_period;
  bool operator==(const ProbeSpec&) const = default;
};

struct SleepAction {
  Duration seconds{0};
  bool operator==(const SleepAction&) const = default;
};

struct LifecycleHandler {
  std::optional<ExecAction> exec;
  std::optional<HttpGetAction> http_get;
  std::optional<SleepAction> sleep;
  bool operator==(const LifecycleHandler&) const = default;
};

struct Lifecycle {
  std::optional<LifecycleHandler> post_start;
  std::optional<LifecycleHandler> pre_stop;
  std::string stop_signal;  // "SIGTERM"; empty means that
  bool operator==(const Lifecycle&) const = default;
};

struct ContainerPort {
  static constexpr std::int32_t unwritten = std::numeric_limits<std::int32_t>::min();
  std::string name;
  std::int32_t container_port = unwritten;  // 0: a free port of the host's network is assigned
  Protocol protocol = Protocol::tcp;
  bool operator==(const ContainerPort&) const = default;
};

struct ContainerSpec {
  std::string name;
  std::string image;
  ImagePullPolicy image_pull_policy = ImagePullPolicy::unset;
  std::vector<std::string> command;
  std::vector<std::string> args;
  std::string working_dir;
  std::vector<EnvVar> env;
  std::vector<ContainerPort> ports;
  Boxed<ProbeSpec> liveness_probe;
  Boxed<ProbeSpec> readiness_probe;
  Boxed<ProbeSpec> startup_probe;
  Boxed<Lifecycle> lifecycle;
  std::vector<std::string> pass_sockets;        // services of its namespace; reeve's own
  std::optional<RestartPolicy> restart_policy;  // of an init container: Always makes it a sidecar
  bool operator==(const ContainerSpec&) const = default;
};

inline bool has_notify_probe(const ContainerSpec& container) {
  const auto is_told = [](const Boxed<ProbeSpec>& probe) { return probe && probe->notify; };
  return is_told(container.liveness_probe) || is_told(container.readiness_probe) || is_told(container.startup_probe);
}

// How long to wait before a container that ended is started again; reeve's own, Kubernetes fixes these numbers.
struct RestartBackoff {
  Duration initial = seconds(10);
  double factor = 2;
  Duration max = seconds(300);
  Duration reset = seconds(600);
  bool operator==(const RestartBackoff&) const = default;
};

struct PodSpec {
  std::vector<ContainerSpec> init_containers;
  std::vector<ContainerSpec> containers;
  RestartPolicy restart_policy = RestartPolicy::always;
  Duration termination_grace_period = seconds(30);
  Duration drain = seconds(10);  // reeve's own
  std::optional<Duration> active_deadline;
  std::optional<Network> network;       // unset: host, but see Deployment
  std::optional<Isolation> isolation;   // unset: as [supervisor] says
  std::vector<std::string> links;       // services of its namespace
  std::vector<std::string> depends_on;  // pods and deployments of its namespace
  RestartBackoff restart_backoff;
  bool operator==(const PodSpec&) const = default;
};

inline bool has_own_network(const PodSpec& pod) { return pod.network.value_or(Network::host) != Network::host; }

struct ObjectMeta {
  std::string name;
  std::string name_space = "default";
  Labels labels;
  Labels annotations;
  bool operator==(const ObjectMeta&) const = default;
};

struct PodObject {
  ObjectMeta metadata;
  PodSpec spec;
  bool operator==(const PodObject&) const = default;
};

struct LabelSelector {
  Labels match_labels;
  bool operator==(const LabelSelector&) const = default;
};

struct PodTemplate {
  ObjectMeta metadata;  // labels and annotations only
  PodSpec spec;
  bool operator==(const PodTemplate&) const = default;
};

// Numbers of pods, or percentages of replicas: "25%".
struct RollingUpdate {
  IntOrString max_surge = "25%";
  IntOrString max_unavailable = "25%";
  bool operator==(const RollingUpdate&) const = default;
};

struct DeploymentStrategy {
  StrategyType type = StrategyType::rolling_update;
  std::optional<RollingUpdate> rolling_update;  // unset: the defaults, and with Recreate none
  bool operator==(const DeploymentStrategy&) const = default;
};

// A progress deadline or a number of revisions that means: no limit.
constexpr std::int32_t unlimited = 2147483647;

struct DeploymentSpec {
  std::int32_t replicas = 1;
  LabelSelector selector;
  PodTemplate pod_template;
  DeploymentStrategy strategy;
  Duration min_ready{0};
  Duration progress_deadline = seconds(600);
  std::int32_t revision_history_limit = 10;
  bool paused = false;
  bool auto_rollback = false;    // reeve's own
  bool liveness_budget = false;  // reeve's own
  bool operator==(const DeploymentSpec&) const = default;
};

struct DeploymentObject {
  ObjectMeta metadata;
  DeploymentSpec spec;
  bool operator==(const DeploymentObject&) const = default;
};

struct ServicePort {
  std::string name;
  Protocol protocol = Protocol::tcp;
  std::int32_t port = 0;
  std::optional<PortRef> target_port;     // unset: as port
  std::optional<std::int32_t> node_port;  // unset: one is chosen where the type needs it
  bool operator==(const ServicePort&) const = default;
};

struct ClientIpConfig {
  Duration timeout = seconds(10800);
  bool operator==(const ClientIpConfig&) const = default;
};

struct SessionAffinityConfig {
  ClientIpConfig client_ip;
  bool operator==(const SessionAffinityConfig&) const = default;
};

struct ServiceSpec {
  ServiceType type = ServiceType::cluster_ip;
  Labels selector;
  // Instead of a selector: "192.0.2.1:443", "[2001:db8::1]:80", "unix:/run/x.sock". With neither it hands its sockets
  // over.
  std::vector<std::string> endpoints;
  std::vector<ServicePort> ports;
  std::string cluster_ip;           // empty: one of 127.77.0.0/16 is chosen by the name
  std::vector<std::string> listen;  // further addresses: "0.0.0.0:80", "[::]:80", "unix:/run/web.sock"
  SessionAffinity session_affinity = SessionAffinity::none;
  std::optional<SessionAffinityConfig> session_affinity_config;
  bool publish_not_ready_addresses = false;
  Balancing balancing = Balancing::least_connections;
  OnUnready on_unready = OnUnready::keep;  // reeve's own, as the next two
  WhenUnready when_unready = WhenUnready::refuse;
  Duration hold = seconds(30);
  bool operator==(const ServiceSpec&) const = default;
};

// Its listening sockets are for containers that name it in passSockets, and the proxy takes no part.
inline bool hands_over_sockets(const ServiceSpec& service) {
  return service.selector.empty() && service.endpoints.empty();
}

struct ServiceObject {
  ObjectMeta metadata;
  ServiceSpec spec;
  bool operator==(const ServiceObject&) const = default;
};

using Object = std::variant<PodObject, DeploymentObject, ServiceObject>;

enum class Kind { pod, deployment, service, replica_set, node };

struct ObjectRef {
  Kind kind = Kind::pod;
  std::string name_space = "default";
  std::string name;
  auto operator<=>(const ObjectRef&) const = default;
};

std::string_view kind_name(Kind kind) noexcept;  // "Pod"
ObjectRef ref_of(const Object& object);

// The pod that it is or makes, and where that stands in it: "spec.template.spec". Null and empty for a service.
const PodSpec* pod_spec_of(const Object& object) noexcept;
std::string pod_spec_path(const Object& object);
const ObjectMeta& metadata_of(const Object& object) noexcept;

// What an image name means on this machine: a root directory, and what its image config would say.
struct ImageSpec {
  std::string root = "/";
  std::vector<std::string> entrypoint;
  std::vector<NameValue> env;
  std::string working_dir;
  bool operator==(const ImageSpec&) const = default;
};

// About reeve itself: the [supervisor] table.
struct SupervisorSettings {
  Isolation isolation = Isolation::private_namespaces;
  std::int64_t log_bytes = 65536;
  std::optional<std::string> socket;           // unset: the place that fits who runs reeve; empty: none
  std::string api;                             // "127.0.0.1:8011": the API on loopback TCP too; empty: no
  std::vector<std::string> api_users;          // names or uids
  std::optional<std::string> state_directory;  // unset: $STATE_DIRECTORY; empty: nothing is kept
  LogFormat log_format = LogFormat::text;
  OnPodsFinished on_pods_finished = OnPodsFinished::run;
  std::string exit_code_from;  // a pod; empty: the last that failed
  std::string service_subnet = "127.77.0.0/16";
  std::string pod_subnet = "127.78.0.0/16";
  bool operator==(const SupervisorSettings&) const = default;
};

// What `reeve simulate` assumes of the containers of a pod or deployment: a [simulate.NAME] table. Without one they run
// for ever and every probe succeeds.
struct SimulationSpec {
  Duration ready_after{0};
  bool never_ready = false;
  std::optional<Duration> readiness_fails_after;
  std::optional<Duration> liveness_fails_after;
  std::optional<Duration> crash_after;
  std::int32_t exit_code = 1;
  std::int32_t crashes = 0;
  bool start_fails = false;
  Duration stop{0};
  bool ignores_term = false;
  bool operator==(const SimulationSpec&) const = default;
};

// Assumptions by the name of the pod or deployment.
using Simulations = std::map<std::string, SimulationSpec>;

// Images by name; "*" means any other.
using Images = std::map<std::string, ImageSpec>;

// The image that a name means: its own entry, else "*". Nothing: no entry says what it means.
const ImageSpec* find_image(const Images& images, const std::string& name);

}  // namespace reeve
