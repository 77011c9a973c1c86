#pragma once
// What happened: everything the supervisor can be told. Past tense, values only.

#include <reeve/core/id.hpp>
#include <reeve/core/probe.hpp>
#include <reeve/core/spec.hpp>
#include <reeve/core/status.hpp>

#include <optional>
#include <string>
#include <variant>

namespace reeve {

// An object was written: a new one, or one that replaces the running one of its kind and name.
struct ObjectApplied {
  Object object;
};
// An object is to go; grace replaces the pod's own.
struct ObjectDeleted {
  ObjectRef object;
  std::optional<Duration> grace;
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

// A proxied connection to this pod was refused.
struct ConnectionRefused {
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

// Everything leaves in order; asked for again, at once.
struct ShutdownRequested {};

// The deadline came.
struct Ticked {};

using Input =
    std::variant<ObjectApplied, ObjectDeleted, ContainerStarted, ContainerStartFailed, ContainerExited, ProbeFinished,
                 ConnectionRefused, ListenerFailed, RestartRequested, ShutdownRequested, Ticked>;

}  // namespace reeve
