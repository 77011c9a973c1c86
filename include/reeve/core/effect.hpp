#pragma once
// What to do: everything the supervisor can ask for. Imperative, values only. Outcomes come back as later inputs.

#include <reeve/core/event.hpp>
#include <reeve/core/id.hpp>
#include <reeve/core/probe.hpp>
#include <reeve/core/spec.hpp>

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace reeve {

// Who a pod is, as its containers and messages need it.
struct PodIdentity {
  PodId id;
  std::string name_space;
  std::string name;
  std::string uid;
};

// A name a pod knows besides its own.
struct HostEntry {
  std::string address;
  std::vector<std::string> names;
};

// Make what the containers of a pod share, before any of them starts: namespaces, host name, hosts file, and free ports
// of the host's network for the container ports that were left open (containerPort 0). Answered by SandboxStarted or
// SandboxFailed, always.
struct StartSandbox {
  std::shared_ptr<const PodIdentity> pod;
  std::shared_ptr<const PodSpec> spec;
  std::string pod_ip;
  std::vector<HostEntry> hosts;
  std::size_t ports = 0;
};
// Nothing of the pod runs any more. One for each SandboxStarted; another StartSandbox of the same pod may follow it.
struct StopSandbox {
  PodId pod;
};

struct Environment;

// The listening sockets of one port of a service, for a container.
struct PassedPort {
  std::string service;
  std::string name;             // in LISTEN_FDNAMES
  std::optional<ServiceId> id;  // nothing: there is no such service, or the proxy serves it
};

// Start one run of a container. `spec` keeps `container` alive.
struct StartContainer {
  InstanceId instance;
  std::shared_ptr<const PodIdentity> pod;
  std::shared_ptr<const PodSpec> spec;
  const ContainerSpec* container = nullptr;
  std::shared_ptr<const Environment> environment;  // nothing: the container's, as written
  std::vector<PassedPort> sockets{};               // to pass, in this order
};
// Send a signal to the container's program.
struct SignalContainer {
  InstanceId instance;
  int signal = 0;
};
// Kill the container's whole process tree.
struct KillContainer {
  InstanceId instance;
};
// The logs of this run are wanted no longer: a newer dead run took its place, or the pod is gone.
struct ForgetInstance {
  InstanceId instance;
};

// Run a probe once.
struct StartProbe {
  ProbeRunId run;
  InstanceId instance;
  std::shared_ptr<const PodSpec> spec;
  const ContainerSpec* container = nullptr;
  const ProbeSpec* probe = nullptr;
  ProbeType type = ProbeType::liveness;
  std::string address;               // of a network probe: whom to connect to, meant inside the pod's own network
  std::optional<std::int32_t> port;  // nothing: the container has no such port
};
// Run a hook once: exec or httpGet, where any answer is success. It has no time-out: CancelProbe ends it. Answered by
// ProbeFinished.
struct StartHook {
  ProbeRunId run;
  InstanceId instance;
  std::shared_ptr<const PodSpec> spec;
  const ContainerSpec* container = nullptr;
  const LifecycleHandler* handler = nullptr;
  std::string address;               // as of a probe
  std::optional<std::int32_t> port;  // likewise
};
// The probe's time is up: finish the run with what its stage makes of that, and end all it started.
struct AbortProbe {
  ProbeRunId run;
};
// Nobody wants this run's outcome any more.
struct CancelProbe {
  ProbeRunId run;
};

// Listen for one port of a service; also changes one that listens already. It is deaf until an endpoint is usable.
struct OpenService {
  ServiceId service;
  std::string name;                    // "web", or "web:http" where a service has several ports
  std::vector<std::string> addresses;  // "127.77.3.9:80", "[::]:80", "unix:/run/web.sock"
  Balancing balancing = Balancing::least_connections;
  std::optional<Duration> client_ip_affinity;
  OnUnready on_unready = OnUnready::keep;
  WhenUnready when_unready = WhenUnready::refuse;
  Duration hold_for = seconds(30);
  bool hands_over = false;  // its sockets listen at once, for containers; nobody here accepts
  std::string name_space = {};
  bool is_only_port = true;  // the service has no other
};
struct CloseService {
  ServiceId service;
};
// Add or change one endpoint of a service (discovery/v1 EndpointConditions).
struct SetEndpoint {
  ServiceId service;
  PodId pod;
  std::string address;  // "127.0.0.1:3000"
  bool ready = false;
  bool serving = false;
  bool terminating = false;
  bool in_pod_network = false;  // the address is meant inside the pod's own network
  bool operator==(const SetEndpoint&) const = default;
};
// A drain of it is answered all the same.
struct RemoveEndpoint {
  ServiceId service;
  PodId pod;
};
// The pod is about to leave, so its endpoint is out of the list: it gets no new connection unless no other is ready. It
// may have been removed before, for it was not ready, and still have connections. Answered by EndpointDrained, once.
struct DrainEndpoint {
  ServiceId service;
  PodId pod;
};
// The time of a drain is over: end what is still open to it. EndpointDrained follows soon.
struct CutEndpoint {
  ServiceId service;
  PodId pod;
};

// Listen for one port of a service inside a pod's own network.
struct OpenLink {
  ServiceId service;
  PodId pod;
  std::string address;  // "127.77.3.9:80"
  bool operator==(const OpenLink&) const = default;
};
struct CloseLink {
  ServiceId service;
  PodId pod;
};

// Tell the user; the event as stored, so its count says how often.
struct ReportEvent {
  Event event;
};

// Everything has left.
struct Exit {
  int code = 0;
};

using Effect = std::variant<StartSandbox, StopSandbox, StartContainer, SignalContainer, KillContainer, ForgetInstance,
                            StartProbe, StartHook, AbortProbe, CancelProbe, OpenService, CloseService, SetEndpoint,
                            RemoveEndpoint, DrainEndpoint, CutEndpoint, OpenLink, CloseLink, ReportEvent, Exit>;
using Effects = std::vector<Effect>;

}  // namespace reeve
