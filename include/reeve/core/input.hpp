#pragma once
// What happened: everything the supervisor can be told. Past tense, values only.

#include <reeve/core/id.hpp>
#include <reeve/core/notify_message.hpp>
#include <reeve/core/probe.hpp>
#include <reeve/core/spec.hpp>
#include <reeve/core/status.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace reeve {

// An object was written: a new one, or one that replaces the running one of its kind and name. The warnings are what it
// asks for and does not get; each becomes an event.
struct ObjectApplied {
  Object object;
  std::vector<std::string> warnings = {};
};
// An object is to go; grace replaces the pod's own.
struct ObjectDeleted {
  ObjectRef object;
  std::optional<Duration> grace;
};

// The sandbox of a pod stands; `ports` are as many free ports as were asked for, none of them another pod's.
struct SandboxStarted {
  PodId pod;
  std::vector<std::int32_t> ports;
};
// It could not be made, and nothing of it is left; the message names the step and errno.
struct SandboxFailed {
  PodId pod;
  std::string message;
};
// Its way out (pasta) ended by itself. The rest of it stands until StopSandbox.
struct SandboxEnded {
  PodId pod;
  std::string message;
};

struct ContainerStarted {
  InstanceId instance;
  int pid = 0;
};
// It could not be started; the message names the step, the path and errno.
struct ContainerStartFailed {
  InstanceId instance;
  std::string message;
};
// Its program ended and nothing of its process tree is left.
struct ContainerExited {
  InstanceId instance;
  ExitStatus status;
  std::optional<Usage> usage{};
};

struct ProbeFinished {
  ProbeRunId run;
  ProbeOutcome outcome;
};

// A process of this run said something on its NOTIFY_SOCKET.
struct ProcessNotified {
  InstanceId instance;
  NotifyMessage message;
};
// Something came there that counts for nothing, and why; told once per run and cause.
struct NotifyRefused {
  InstanceId instance;
  std::string why;
};

// A proxied connection to this pod was refused.
struct ConnectionRefused {
  PodId pod;
};
// No connection of this service to the pod is open, and none will be: every worker has it out of its list.
struct EndpointDrained {
  ServiceId service;
  PodId pod;
};
// A listening address of a service cannot be had, and why.
struct ListenerFailed {
  ServiceId service;
  std::string address;
  std::string message;
};

// The containers of this pod, or of each pod of this deployment, are to be started anew. A human asks for that, so it
// counts neither for the back-off nor as a restart.
struct RestartRequested {
  ObjectRef object;
};

// What is to outlive reeve cannot be kept, or is kept again.
struct StateNotKept {
  std::string message;
};
struct StateKeptAgain {};

// Everything leaves in order; asked for again, at once.
struct ShutdownRequested {};

// The deadline came.
struct Ticked {};

using Input = std::variant<ObjectApplied, ObjectDeleted, SandboxStarted, SandboxFailed, SandboxEnded, ContainerStarted,
                           ContainerStartFailed, ContainerExited, ProbeFinished, ProcessNotified, NotifyRefused,
                           ConnectionRefused, EndpointDrained, ListenerFailed, RestartRequested, StateNotKept,
                           StateKeptAgain, ShutdownRequested, Ticked>;

}  // namespace reeve
