#pragma once
// The one list of fields: every key's name, member, doc and bounds stand here and nowhere else. Readers, writers,
// validation, `reeve explain` and the differ walk it. Names are Kubernetes' own (staging/src/k8s.io/api).
//
// FieldsOf<T>::list is a tuple of Field; FieldsOf<T>::later names keys that Kubernetes knows and reeve does not serve
// yet (a mistake that says so); FieldsOf<T>::server_owned names keys that a server writes and a client's copy of which
// is ignored, as the API server does.

#include <reeve/core/spec.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>
#include <tuple>

namespace reeve {

// Bounds of a number, or of a duration in seconds.
struct Bounds {
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  bool operator==(const Bounds&) const = default;
};

constexpr Bounds not_negative{0, std::numeric_limits<std::int64_t>::max()};
constexpr Bounds positive{1, std::numeric_limits<std::int64_t>::max()};
constexpr Bounds port_number{1, 65535};
constexpr Bounds port_number_or_any{0, 65535};

enum class Presence { optional, required };

template <class Owner, class Value>
struct Field {
  std::string_view name;
  Value Owner::*member;
  std::string_view doc;
  Bounds bounds{};
  Presence presence = Presence::optional;
};
template <class Owner, class Value, class... Rest>
Field(std::string_view, Value Owner::*, std::string_view, Rest...) -> Field<Owner, Value>;

template <class T>
struct FieldsOf;

// EnumNames<E>::list holds the text of each enumerator, in order.
template <class E>
struct EnumNames;

template <class T>
concept HasFields = requires {
  FieldsOf<T>::list;
};
template <class E>
concept NamedEnum = requires {
  EnumNames<E>::list;
};

template <class T, class Visitor>
constexpr void for_each_field(Visitor&& visitor) {
  std::apply([&](const auto&... field) { (visitor(field), ...); }, FieldsOf<T>::list);
}

template <std::size_t N>
using Names = std::array<std::string_view, N>;

template <>
struct EnumNames<RestartPolicy> {
  static constexpr Names<3> list{"Always", "OnFailure", "Never"};
};
template <>
struct EnumNames<ImagePullPolicy> {
  static constexpr Names<4> list{"", "Always", "IfNotPresent", "Never"};
};
template <>
struct EnumNames<Isolation> {
  static constexpr Names<2> list{"private", "none"};
};
template <>
struct EnumNames<LogFormat> {
  static constexpr Names<2> list{"text", "json"};
};
template <>
struct EnumNames<OnPodsFinished> {
  static constexpr Names<2> list{"run", "exit"};
};
template <>
struct EnumNames<Network> {
  static constexpr Names<3> list{"host", "isolated", "nat"};
};
template <>
struct EnumNames<Protocol> {
  static constexpr Names<1> list{"TCP"};
  static constexpr Names<2> later{"UDP", "SCTP"};
};
template <>
struct EnumNames<ProbeScheme> {
  static constexpr Names<1> list{"HTTP"};
  static constexpr Names<1> later{"HTTPS"};
};
template <>
struct EnumNames<ServiceType> {
  static constexpr Names<3> list{"ClusterIP", "NodePort", "LoadBalancer"};
  static constexpr Names<1> later{"ExternalName"};
};
template <>
struct EnumNames<StrategyType> {
  static constexpr Names<2> list{"RollingUpdate", "Recreate"};
};
template <>
struct EnumNames<SessionAffinity> {
  static constexpr Names<2> list{"None", "ClientIP"};
};
template <>
struct EnumNames<Balancing> {
  static constexpr Names<3> list{"leastConnections", "roundRobin", "random"};
};

template <>
struct EnumNames<OnUnready> {
  static constexpr Names<3> list{"keep", "drain", "reset"};
};
template <>
struct EnumNames<WhenUnready> {
  static constexpr Names<3> list{"refuse", "hold", "reset"};
};

template <class E>
constexpr std::string_view enum_name(E value) noexcept {
  return EnumNames<E>::list[static_cast<std::size_t>(value)];
}

// What most spec types have none of.
struct NoOtherKeys {
  static constexpr Names<0> later{};
  static constexpr Names<0> server_owned{};
};

template <>
struct FieldsOf<NameValue> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"name", &NameValue::name, "Name.", Bounds{}, Presence::required},
      Field{"value", &NameValue::value, "Value."},
  };
};

template <>
struct FieldsOf<ObjectFieldSelector> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"apiVersion", &ObjectFieldSelector::api_version, "v1."},
      Field{"fieldPath", &ObjectFieldSelector::field_path,
            "metadata.name, metadata.namespace, metadata.uid, metadata.labels['KEY'], metadata.annotations['KEY'], "
            "spec.nodeName, status.podIP, status.podIPs, status.hostIP or status.hostIPs.",
            Bounds{}, Presence::required},
  };
};

template <>
struct FieldsOf<EnvVarSource> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"fieldRef", &EnvVarSource::field_ref, "A field of the pod itself."},
  };
  static constexpr Names<4> later{"resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"};
};

template <>
struct FieldsOf<EnvVar> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"name", &EnvVar::name, "Name.", Bounds{}, Presence::required},
      Field{"value", &EnvVar::value, "Value; $(OTHER) is replaced by an earlier variable."},
      Field{"valueFrom", &EnvVar::value_from, "Where the value comes from, instead of writing it."},
  };
};

template <>
struct FieldsOf<ExecAction> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"command", &ExecAction::command,
            "Program and arguments, run inside the container without a shell; exit code 0 is success.", Bounds{},
            Presence::required},
  };
};

template <>
struct FieldsOf<HttpGetAction> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"path", &HttpGetAction::path, "Path, with a query if wanted. Status 200 to 399 is success."},
      Field{"port", &HttpGetAction::port, "Port number, or the name of one of the container's ports.", port_number,
            Presence::required},
      Field{"host", &HttpGetAction::host,
            "Host to connect to, an address or a name of /etc/hosts; the pod's own address unless set."},
      Field{"scheme", &HttpGetAction::scheme, "HTTP."},
      Field{"httpHeaders", &HttpGetAction::http_headers, "Headers to send; repeats are all sent, in order."},
  };
};

template <>
struct FieldsOf<TcpSocketAction> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"port", &TcpSocketAction::port, "Port number, or the name of one of the container's ports.", port_number,
            Presence::required},
      Field{"host", &TcpSocketAction::host,
            "Host to connect to, an address or a name of /etc/hosts; the pod's own address unless set."},
  };
};

template <>
struct FieldsOf<NotifyAction> : NoOtherKeys {
  static constexpr auto list = std::tuple{};
};

template <>
struct FieldsOf<ProbeSpec> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"exec", &ProbeSpec::exec, "Run a command in the container."},
      Field{"httpGet", &ProbeSpec::http_get, "Send an HTTP GET."},
      Field{"tcpSocket", &ProbeSpec::tcp_socket, "Open a TCP connection, then close it."},
      Field{
          "notify", &ProbeSpec::notify,
          "{}: the program tells by itself on NOTIFY_SOCKET (sd_notify). Readiness: READY=1 at that instant, until "
          "RELOADING=1 or STOPPING=1. Startup: READY=1 within periodSeconds * failureThreshold of the start. "
          "Liveness: WATCHDOG=1 at least every periodSeconds * failureThreshold, which WATCHDOG_USEC says, counted "
          "from when the container is started; WATCHDOG=trigger fails at once. EXTEND_TIMEOUT_USEC puts off the end "
          "of a start, of the watch or of the grace period. Of the keys below only periodSeconds, failureThreshold and "
          "terminationGracePeriodSeconds go with it, and none of them for readiness. reeve's own."},
      Field{"initialDelaySeconds", &ProbeSpec::initial_delay,
            "Seconds after the container's start before its first probe.", not_negative},
      Field{"timeoutSeconds", &ProbeSpec::timeout, "Seconds after which a run counts as failed (0: the default).",
            not_negative},
      Field{"periodSeconds", &ProbeSpec::period, "Seconds from one run to the next (0: the default).", not_negative},
      Field{"successThreshold", &ProbeSpec::success_threshold,
            "Successes in a row that turn the verdict; 1 for liveness and startup.", not_negative},
      Field{"failureThreshold", &ProbeSpec::failure_threshold, "Failures in a row that turn the verdict.",
            not_negative},
      Field{"terminationGracePeriodSeconds", &ProbeSpec::termination_grace_period,
            "Grace of a kill by this probe, instead of the pod's; not for readiness.", positive},
  };
  static constexpr Names<1> later{"grpc"};
};

template <>
struct FieldsOf<SleepAction> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"seconds", &SleepAction::seconds, "Seconds to wait.", Bounds{}, Presence::required},
  };
};

template <>
struct FieldsOf<LifecycleHandler> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"exec", &LifecycleHandler::exec, "Run a command in the container."},
      Field{"httpGet", &LifecycleHandler::http_get, "Send an HTTP GET; any answer is success."},
      Field{"sleep", &LifecycleHandler::sleep, "Wait."},
  };
  static constexpr Names<1> later{"tcpSocket"};  // Kubernetes accepts it and does nothing
};

template <>
struct FieldsOf<Lifecycle> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"postStart", &Lifecycle::post_start,
            "Done right after the program's start; the container is not started, and those after it are not, until "
            "it has ended. Failing it kills the container."},
      Field{"preStop", &Lifecycle::pre_stop,
            "Done before the stop signal, inside the grace period, of which 2 seconds stay for the signal."},
      Field{"stopSignal", &Lifecycle::stop_signal, "The signal that asks the program to end; SIGTERM unless set."},
  };
};

template <>
struct FieldsOf<ContainerPort> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"name", &ContainerPort::name, "Name by which probes and services may call this port."},
      Field{"containerPort", &ContainerPort::container_port,
            "Port the program listens on. 0: a free one of the host's network is assigned; the program finds it in "
            "PORT, and in PORT_NAME where the port has a name.",
            port_number_or_any, Presence::required},
      Field{"protocol", &ContainerPort::protocol, "TCP."},
  };
  static constexpr Names<2> later{"hostPort", "hostIP"};
};

template <>
struct FieldsOf<ContainerSpec> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"name", &ContainerSpec::name, "Name, a DNS label, unique in its pod."},
      Field{"image", &ContainerSpec::image, "A name that [images] maps to a root directory on this machine."},
      Field{"imagePullPolicy", &ContainerSpec::image_pull_policy,
            "Kept for manifests: images are directories on this machine, so all values mean the same."},
      Field{"command", &ContainerSpec::command, "Program and first arguments; replaces the image's entrypoint."},
      Field{"args", &ContainerSpec::args, "Arguments that follow the command or the image's entrypoint."},
      Field{"workingDir", &ContainerSpec::working_dir, "Directory the program starts in."},
      Field{"env", &ContainerSpec::env, "Environment variables; later ones may use earlier ones as $(NAME)."},
      Field{"ports", &ContainerSpec::ports, "Ports the program listens on."},
      Field{"livenessProbe", &ContainerSpec::liveness_probe, "Failing it restarts the container."},
      Field{"readinessProbe", &ContainerSpec::readiness_probe, "Failing it takes the pod out of its services."},
      Field{"startupProbe", &ContainerSpec::startup_probe, "Until it succeeds the other probes wait."},
      Field{"lifecycle", &ContainerSpec::lifecycle, "What is done after its start and before its end."},
      Field{"passSockets", &ContainerSpec::pass_sockets,
            "Services of its namespace, each with neither selector nor endpoints, whose listening sockets the program "
            "gets from descriptor 3 on (sd_listen_fds): LISTEN_FDS, LISTEN_PID, and in LISTEN_FDNAMES the service's "
            "name, or the port's where a service has several. Containers that name the same service share its queue, "
            "and while none runs clients wait there. reeve's own."},
      Field{"restartPolicy", &ContainerSpec::restart_policy,
            "Instead of the pod's. On an init container Always makes it a sidecar."},
  };
  static constexpr Names<13> later{"envFrom",
                                   "resources",
                                   "resizePolicy",
                                   "volumeMounts",
                                   "volumeDevices",
                                   "securityContext",
                                   "stdin",
                                   "stdinOnce",
                                   "tty",
                                   "restartPolicyRules",
                                   "terminationMessagePath",
                                   "terminationMessagePolicy",
                                   "logBytes"};
};

template <>
struct FieldsOf<RestartBackoff> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"initialSeconds", &RestartBackoff::initial, "The first wait, before the second restart.", not_negative},
      Field{"factor", &RestartBackoff::factor, "Each wait is the one before times this.", positive},
      Field{"maxSeconds", &RestartBackoff::max, "No wait is longer.", not_negative},
      Field{"resetSeconds", &RestartBackoff::reset, "A run longer than this starts the waits anew.", not_negative},
  };
};

template <>
struct FieldsOf<PodSpec> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"initContainers", &PodSpec::init_containers, "Run one after another, each to its end, before the others."},
      Field{"containers", &PodSpec::containers, "The pod's programs.", Bounds{}, Presence::required},
      Field{"restartPolicy", &PodSpec::restart_policy, "Whether a container that ended is started again."},
      Field{"terminationGracePeriodSeconds", &PodSpec::termination_grace_period,
            "Seconds from the request to leave to the kill."},
      Field{"drainSeconds", &PodSpec::drain,
            "Seconds that open connections get to end by themselves before the pod's programs are stopped; they are "
            "part of terminationGracePeriodSeconds, of which 2 stay for the stop signal. reeve's own.",
            not_negative},
      Field{"activeDeadlineSeconds", &PodSpec::active_deadline, "Seconds after which the pod is ended as Failed.",
            Bounds{1, 2147483647}},
      Field{
          "network", &PodSpec::network,
          "host: the pod shares reeve's network; isolated: its own, with loopback only; nat: its own, with a way out."},
      Field{"isolation", &PodSpec::isolation,
            "private: own pid, mount, IPC and host name namespaces; none: reeve's own."},
      Field{"links", &PodSpec::links,
            "Services of its namespace that the pod reaches by their names, also from a network of its own."},
      Field{"dependsOn", &PodSpec::depends_on,
            "Pods and deployments of its namespace that have to be ready before the pod starts, and that leave after "
            "it at a shutdown: \"db\", \"pod/db\", \"deployment/api\". reeve's own."},
      Field{"restartBackoff", &PodSpec::restart_backoff, "The waits between restarts."},
  };
  static constexpr Names<36> later{"volumes",
                                   "nodeName",
                                   "nodeSelector",
                                   "serviceAccount",
                                   "serviceAccountName",
                                   "automountServiceAccountToken",
                                   "securityContext",
                                   "imagePullSecrets",
                                   "hostname",
                                   "subdomain",
                                   "hostNetwork",
                                   "hostPID",
                                   "hostIPC",
                                   "hostUsers",
                                   "hostAliases",
                                   "shareProcessNamespace",
                                   "affinity",
                                   "tolerations",
                                   "schedulerName",
                                   "schedulingGates",
                                   "priority",
                                   "priorityClassName",
                                   "preemptionPolicy",
                                   "dnsPolicy",
                                   "dnsConfig",
                                   "readinessGates",
                                   "runtimeClassName",
                                   "enableServiceLinks",
                                   "overhead",
                                   "topologySpreadConstraints",
                                   "setHostnameAsFQDN",
                                   "os",
                                   "resourceClaims",
                                   "ephemeralContainers",
                                   "resources",
                                   "fsGroup"};
};

template <>
struct FieldsOf<ObjectMeta> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"name", &ObjectMeta::name, "Name, unique among objects of its kind."},
      Field{"namespace", &ObjectMeta::name_space, "Kubernetes namespace; default unless set."},
      Field{"labels", &ObjectMeta::labels, "Labels, by which selectors find the object."},
      Field{"annotations", &ObjectMeta::annotations, "Free notes about the object."},
  };
  static constexpr Names<3> later{"generateName", "ownerReferences", "finalizers"};
  static constexpr Names<8> server_owned{
      "uid",           "resourceVersion", "generation",        "creationTimestamp",
      "managedFields", "selfLink",        "deletionTimestamp", "deletionGracePeriodSeconds"};
};

template <>
struct FieldsOf<PodObject> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"metadata", &PodObject::metadata, "Name, labels, annotations."},
      Field{"spec", &PodObject::spec, "What the pod runs.", Bounds{}, Presence::required},
  };
  static constexpr Names<1> server_owned{"status"};
};

template <>
struct FieldsOf<LabelSelector> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"matchLabels", &LabelSelector::match_labels, "Labels that all must match."},
  };
  static constexpr Names<1> later{"matchExpressions"};
};

template <>
struct FieldsOf<PodTemplate> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"metadata", &PodTemplate::metadata, "Labels and annotations of each pod."},
      Field{"spec", &PodTemplate::spec, "What each pod runs.", Bounds{}, Presence::required},
  };
};

template <>
struct FieldsOf<RollingUpdate> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"maxUnavailable", &RollingUpdate::max_unavailable,
            "How many pods of replicas may be missing, as a number or a percentage, rounded down.", not_negative},
      Field{"maxSurge", &RollingUpdate::max_surge,
            "How many pods there may be above replicas, as a number or a percentage, rounded up.", not_negative},
  };
};

template <>
struct FieldsOf<DeploymentStrategy> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"type", &DeploymentStrategy::type,
            "RollingUpdate: new pods come as old ones go; Recreate: all old ones go first."},
      Field{"rollingUpdate", &DeploymentStrategy::rolling_update, "The limits of a rolling update."},
  };
};

template <>
struct FieldsOf<DeploymentSpec> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"replicas", &DeploymentSpec::replicas, "How many pods to keep.", not_negative},
      Field{"selector", &DeploymentSpec::selector, "The labels of its pods."},
      Field{"template", &DeploymentSpec::pod_template, "What each pod looks like.", Bounds{}, Presence::required},
      Field{"strategy", &DeploymentSpec::strategy, "How pods of an old template are replaced."},
      Field{"minReadySeconds", &DeploymentSpec::min_ready,
            "Seconds a pod must have been ready without a break before it counts as available.", not_negative},
      Field{"progressDeadlineSeconds", &DeploymentSpec::progress_deadline,
            "Seconds without progress after which an update is reported as stuck; 2147483647 for never.", not_negative},
      Field{"revisionHistoryLimit", &DeploymentSpec::revision_history_limit,
            "How many old replica sets are kept to go back to.", not_negative},
      Field{"paused", &DeploymentSpec::paused, "A changed template waits; scaling goes on."},
      Field{"autoRollback", &DeploymentSpec::auto_rollback,
            "An update that is stuck past progressDeadlineSeconds is undone. reeve's own."},
      Field{"livenessBudget", &DeploymentSpec::liveness_budget,
            "A liveness kill waits while it would leave fewer pods available than an update may. reeve's own."},
  };
  static constexpr Names<1> later{"rollbackTo"};
};

template <>
struct FieldsOf<DeploymentObject> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"metadata", &DeploymentObject::metadata, "Name, labels, annotations."},
      Field{"spec", &DeploymentObject::spec, "The pods to keep.", Bounds{}, Presence::required},
  };
  static constexpr Names<1> server_owned{"status"};
};

template <>
struct FieldsOf<ServicePort> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"name", &ServicePort::name, "Name; required where a service has several ports."},
      Field{"protocol", &ServicePort::protocol, "TCP."},
      Field{"port", &ServicePort::port, "Port clients connect to.", port_number, Presence::required},
      Field{"targetPort", &ServicePort::target_port, "Port of the pods, by number or name; as port unless set.",
            port_number},
      Field{"nodePort", &ServicePort::node_port, "Port on every address of this machine, for NodePort.",
            Bounds{30000, 32767}},
  };
  static constexpr Names<1> later{"appProtocol"};
};

template <>
struct FieldsOf<ClientIpConfig> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"timeoutSeconds", &ClientIpConfig::timeout,
            "Seconds a client stays with its pod after its last connection.", Bounds{1, 86400}},
  };
};

template <>
struct FieldsOf<SessionAffinityConfig> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"clientIP", &SessionAffinityConfig::client_ip, "Affinity by client address."},
  };
};

template <>
struct FieldsOf<ServiceSpec> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"type", &ServiceSpec::type,
            "ClusterIP: its cluster address only; NodePort: also 0.0.0.0:nodePort; LoadBalancer: also 0.0.0.0:port."},
      Field{"selector", &ServiceSpec::selector,
            "The labels of the pods that serve. With neither selector nor endpoints its sockets are handed to the "
            "containers that name it in passSockets."},
      Field{
          "endpoints", &ServiceSpec::endpoints,
          "What serves instead of pods, always ready: \"192.0.2.1:443\", \"[2001:db8::1]:80\", \"unix:/run/x.sock\"."},
      Field{"ports", &ServiceSpec::ports, "Ports clients connect to.", Bounds{}, Presence::required},
      Field{"clusterIP", &ServiceSpec::cluster_ip,
            "The service's own address in the serviceSubnet; chosen unless set."},
      Field{"listen", &ServiceSpec::listen, "Further addresses: \"0.0.0.0:80\", \"[::]:80\", \"unix:/run/web.sock\"."},
      Field{"sessionAffinity", &ServiceSpec::session_affinity, "ClientIP keeps a client address with one pod."},
      Field{"sessionAffinityConfig", &ServiceSpec::session_affinity_config, "Settings of the affinity."},
      Field{"publishNotReadyAddresses", &ServiceSpec::publish_not_ready_addresses, "Send traffic to unready pods too."},
      Field{"balancing", &ServiceSpec::balancing, "How a pod is chosen for a new connection."},
      Field{"onUnready", &ServiceSpec::on_unready,
            "What becomes of the open connections of a pod that is ready no more: keep; drain: each ends at a quiet "
            "moment; reset. reeve's own."},
      Field{"whenUnready", &ServiceSpec::when_unready,
            "What becomes of new clients while no pod is ready: refuse; hold: they wait, at most holdSeconds; reset. "
            "reeve's own."},
      Field{"holdSeconds", &ServiceSpec::hold,
            "Seconds that a client waits at most: where whenUnready is \"hold\", and after a start with sockets that "
            "systemd kept, until the first pod is ready. reeve's own.",
            positive},
  };
  static constexpr Names<14> later{"clusterIPs",
                                   "ipFamilies",
                                   "ipFamilyPolicy",
                                   "externalIPs",
                                   "externalName",
                                   "externalTrafficPolicy",
                                   "internalTrafficPolicy",
                                   "healthCheckNodePort",
                                   "loadBalancerIP",
                                   "loadBalancerClass",
                                   "loadBalancerSourceRanges",
                                   "allocateLoadBalancerNodePorts",
                                   "trafficDistribution",
                                   "proxyProtocol"};
};

template <>
struct FieldsOf<ServiceObject> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"metadata", &ServiceObject::metadata, "Name, labels, annotations."},
      Field{"spec", &ServiceObject::spec, "Where to listen and whom to serve.", Bounds{}, Presence::required},
  };
  static constexpr Names<1> server_owned{"status"};
};

template <>
struct FieldsOf<ImageSpec> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"root", &ImageSpec::root, "Root directory of a container of this image."},
      Field{"entrypoint", &ImageSpec::entrypoint, "Program to run where a container names no command."},
      Field{"env", &ImageSpec::env, "Variables every container of this image gets."},
      Field{"workingDir", &ImageSpec::working_dir, "Directory to start in where a container names none."},
  };
};

template <>
struct FieldsOf<SimulationSpec> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"readyAfterSeconds", &SimulationSpec::ready_after,
            "Seconds after a start until readiness and startup probes succeed.", not_negative},
      Field{"neverReady", &SimulationSpec::never_ready, "Readiness and startup probes never succeed."},
      Field{"readinessFailsAfterSeconds", &SimulationSpec::readiness_fails_after,
            "Seconds after a start from which readiness probes fail.", not_negative},
      Field{"livenessFailsAfterSeconds", &SimulationSpec::liveness_fails_after,
            "Seconds after a start from which liveness probes fail.", not_negative},
      Field{"crashAfterSeconds", &SimulationSpec::crash_after, "Seconds after a start at which the program ends.",
            not_negative},
      Field{"exitCode", &SimulationSpec::exit_code, "Exit code of a program that ends by itself.", Bounds{0, 255}},
      Field{"crashes", &SimulationSpec::crashes, "How many runs end by themselves, later ones go on; 0: all end.",
            not_negative},
      Field{"startFails", &SimulationSpec::start_fails, "The program cannot be started."},
      Field{"stopSeconds", &SimulationSpec::stop, "Seconds the program needs to end after the stop signal.",
            not_negative},
      Field{"ignoresTerm", &SimulationSpec::ignores_term, "The stop signal changes nothing; only a kill ends it."},
  };
};

template <>
struct FieldsOf<SupervisorSettings> : NoOtherKeys {
  static constexpr auto list = std::tuple{
      Field{"isolation", &SupervisorSettings::isolation, "What pods get that do not say: private namespaces, or none."},
      Field{"logBytes", &SupervisorSettings::log_bytes, "Bytes of log kept per container instance.",
            Bounds{4096, 1073741824}},
      Field{"socket", &SupervisorSettings::socket,
            "Path of the control API's unix socket; in $RUNTIME_DIRECTORY, as systemd sets it; /run/reeve/reeve.sock "
            "for root, else $XDG_RUNTIME_DIR/reeve.sock, or where neither can be written below /tmp or /dev/shm; \"\" "
            "for none."},
      Field{"api", &SupervisorSettings::api,
            "Loopback address and port where the control API is served over TCP as well: \"127.0.0.1:8011\", "
            "\"[::1]:8011\"; none unless set."},
      Field{"apiUsers", &SupervisorSettings::api_users,
            "Users, by name or uid, who may use the control API besides root and reeve's own."},
      Field{"stateDirectory", &SupervisorSettings::state_directory,
            "Where what commands changed is kept over restarts; $STATE_DIRECTORY, as systemd sets it; \"\" for "
            "nowhere."},
      Field{"logFormat", &SupervisorSettings::log_format,
            "How lines reach standard output: text, or json, one object per line."},
      Field{
          "onPodsFinished", &SupervisorSettings::on_pods_finished,
          "What reeve does when every pod has finished and there is no deployment: run on, or exit with the exit code "
          "of the last pod that failed, else 0."},
      Field{"exitCodeFrom", &SupervisorSettings::exit_code_from,
            "With onPodsFinished = \"exit\", the pod (NAME or NAMESPACE/NAME) whose end is the end: the others are "
            "stopped in order, and its exit code is reeve's."},
      Field{"serviceSubnet", &SupervisorSettings::service_subnet,
            "Where services get their addresses: \"127.N.0.0/16\"; another one for each reeve of a host."},
      Field{"podSubnet", &SupervisorSettings::pod_subnet,
            "Where pods with a network of their own get theirs: \"127.N.0.0/16\"."},
  };
};

}  // namespace reeve
