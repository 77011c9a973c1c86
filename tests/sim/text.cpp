#include "text.hpp"

#include <cstdio>

namespace reeve::sim {
namespace {

std::string number(std::uint64_t value) { return ' ' + std::to_string(value); }

struct InputText {
  std::string operator()(const ObjectApplied& input) const {
    const ObjectRef ref = ref_of(input.object);
    return "apply " + std::string(kind_name(ref.kind)) + ' ' + ref.name_space + '/' + ref.name;
  }
  std::string operator()(const ObjectDeleted& input) const {
    const std::string grace = input.grace ? " grace " + go_duration(*input.grace) : "";
    return "delete " + std::string(kind_name(input.object.kind)) + ' ' + input.object.name + grace;
  }
  std::string operator()(const SandboxStarted& input) const { return "sandbox of pod" + number(input.pod.value); }
  std::string operator()(const SandboxFailed& input) const { return "no sandbox of pod" + number(input.pod.value); }
  std::string operator()(const SandboxEnded& input) const { return "sandbox ended, pod" + number(input.pod.value); }
  std::string operator()(const ContainerStarted& input) const { return "started" + number(input.instance.value); }
  std::string operator()(const ContainerStartFailed& input) const {
    return "start failed" + number(input.instance.value);
  }
  std::string operator()(const ContainerExited& input) const {
    return "exited" + number(input.instance.value) + " code " + std::to_string(exit_code_of(input.status));
  }
  std::string operator()(const ProbeFinished& input) const {
    constexpr const char* results[] = {"success", "warning", "failure", "unknown", "error"};
    return "probe" + number(input.run.value) + ' ' + results[static_cast<int>(input.outcome.result)];
  }
  std::string operator()(const ProcessNotified& input) const {
    const auto& state = input.message.state;
    return "says" + number(input.instance.value) + ' ' + (state ? std::string(notify_state_text(*state)) : "nothing");
  }
  std::string operator()(const NotifyRefused& input) const { return "not heeded" + number(input.instance.value); }
  std::string operator()(const StateNotKept&) const { return "state not kept"; }
  std::string operator()(const StateKeptAgain&) const { return "state kept again"; }
  std::string operator()(const RestartRequested& input) const { return "restart " + input.object.name; }
  std::string operator()(const ConnectionRefused& input) const { return "refused, pod" + number(input.pod.value); }
  std::string operator()(const EndpointDrained& input) const {
    return "drained" + number(input.service.value) + " of pod" + number(input.pod.value);
  }
  std::string operator()(const ListenerFailed&) const { return "listener failed"; }
  std::string operator()(const ShutdownRequested&) const { return "shutdown"; }
  std::string operator()(const Ticked&) const { return "tick"; }
};

struct EffectText {
  std::string operator()(const StartSandbox& effect) const {
    return "make sandbox of pod" + number(effect.pod->id.value) + ' ' + effect.pod->name + ' ' + effect.pod_ip;
  }
  std::string operator()(const StopSandbox& effect) const { return "stop sandbox of pod" + number(effect.pod.value); }
  std::string operator()(const OpenLink& effect) const {
    return "open link" + number(effect.service.value) + " in pod" + number(effect.pod.value) + ' ' + effect.address;
  }
  std::string operator()(const CloseLink& effect) const {
    return "close link" + number(effect.service.value) + " in pod" + number(effect.pod.value);
  }
  std::string operator()(const StartContainer& effect) const {
    return "start" + number(effect.instance.value) + ' ' + effect.pod->name + '/' + effect.container->name + " of pod" +
           number(effect.pod->id.value);
  }
  std::string operator()(const SignalContainer& effect) const { return "signal" + number(effect.instance.value); }
  std::string operator()(const KillContainer& effect) const { return "kill" + number(effect.instance.value); }
  std::string operator()(const ForgetInstance& effect) const { return "forget" + number(effect.instance.value); }
  std::string operator()(const StartProbe& effect) const {
    return "probe" + number(effect.run.value) + ' ' + std::string(probe_type_name(effect.type)) + " of" +
           number(effect.instance.value);
  }
  std::string operator()(const StartHook& effect) const {
    return "hook" + number(effect.run.value) + " of" + number(effect.instance.value);
  }
  std::string operator()(const AbortProbe& effect) const { return "abort probe" + number(effect.run.value); }
  std::string operator()(const CancelProbe& effect) const { return "cancel probe" + number(effect.run.value); }
  std::string operator()(const OpenService& effect) const { return "open service " + effect.name; }
  std::string operator()(const CloseService& effect) const { return "close service" + number(effect.service.value); }
  std::string operator()(const SetEndpoint& effect) const {
    return "endpoint of" + number(effect.service.value) + ": pod" + number(effect.pod.value) +
           (effect.ready ? " ready" : "") + (effect.serving ? " serving" : "") +
           (effect.terminating ? " terminating" : "");
  }
  std::string operator()(const RemoveEndpoint& effect) const {
    return "no endpoint of" + number(effect.service.value) + ": pod" + number(effect.pod.value);
  }
  std::string operator()(const DrainEndpoint& effect) const {
    return "drain" + number(effect.service.value) + ": pod" + number(effect.pod.value);
  }
  std::string operator()(const CutEndpoint& effect) const {
    return "cut" + number(effect.service.value) + ": pod" + number(effect.pod.value);
  }
  std::string operator()(const ReportEvent& effect) const {
    return "event " + effect.event.object.name + ' ' + std::string(effect.event.reason) + ": " + effect.event.message;
  }
  std::string operator()(const Exit&) const { return "exit"; }
};

struct EffectNumber {
  std::uint64_t operator()(const StartSandbox& effect) const { return effect.pod->id.value * 64 + effect.ports; }
  std::uint64_t operator()(const StopSandbox& effect) const { return effect.pod.value; }
  std::uint64_t operator()(const OpenLink& effect) const { return effect.service.value * 64 + effect.pod.value; }
  std::uint64_t operator()(const CloseLink& effect) const { return effect.service.value * 64 + effect.pod.value; }
  std::uint64_t operator()(const StartContainer& effect) const { return effect.instance.value; }
  std::uint64_t operator()(const SignalContainer& effect) const { return effect.instance.value; }
  std::uint64_t operator()(const KillContainer& effect) const { return effect.instance.value; }
  std::uint64_t operator()(const ForgetInstance& effect) const { return effect.instance.value; }
  std::uint64_t operator()(const StartProbe& effect) const { return effect.run.value * 64 + effect.instance.value; }
  std::uint64_t operator()(const StartHook& effect) const { return effect.run.value * 64 + effect.instance.value; }
  std::uint64_t operator()(const AbortProbe& effect) const { return effect.run.value; }
  std::uint64_t operator()(const CancelProbe& effect) const { return effect.run.value; }
  std::uint64_t operator()(const OpenService& effect) const { return effect.service.value; }
  std::uint64_t operator()(const CloseService& effect) const { return effect.service.value; }
  std::uint64_t operator()(const SetEndpoint& effect) const {
    return effect.service.value * 64 + effect.pod.value * 8 + effect.ready * 4u + effect.serving * 2u +
           effect.terminating;
  }
  std::uint64_t operator()(const RemoveEndpoint& effect) const { return effect.service.value * 64 + effect.pod.value; }
  std::uint64_t operator()(const DrainEndpoint& effect) const { return effect.service.value * 64 + effect.pod.value; }
  std::uint64_t operator()(const CutEndpoint& effect) const { return effect.service.value * 64 + effect.pod.value; }
  std::uint64_t operator()(const ReportEvent& effect) const {
    return static_cast<std::uint64_t>(effect.event.count) * 64 + effect.event.message.size();
  }
  std::uint64_t operator()(const Exit& effect) const { return static_cast<std::uint64_t>(effect.code); }
};

}  // namespace

std::string text_of(Instant at, const Input& input) {
  char clock[32];
  std::snprintf(clock, sizeof clock, "%13.6f ", static_cast<double>(at.time_since_epoch().count()) / 1e9);
  return clock + std::visit(InputText{}, input);
}

std::string text_of(const Effect& effect) { return std::visit(EffectText{}, effect); }

std::uint64_t mixed(std::uint64_t digest, Instant at, const Effect& effect) {
  for (const std::uint64_t part : {static_cast<std::uint64_t>(at.time_since_epoch().count()),
                                   static_cast<std::uint64_t>(effect.index()), std::visit(EffectNumber{}, effect)}) {
    digest = (digest ^ part) * 1099511628211u;
  }
  return digest;
}

}  // namespace reeve::sim
