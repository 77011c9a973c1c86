#pragma once
// Runs probes: finds the handler, keeps the runs in flight, reports their outcomes.

#include "runtime/child_reaper.hpp"
#include "runtime/container_runner.hpp"
#include "runtime/probe_run.hpp"
#include "runtime/sandbox_runner.hpp"

#include <reeve/core/effect.hpp>
#include <reeve/core/input.hpp>
#include <reeve/runtime/http_exchange.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace reeve::runtime {

class ProbeRunner {
 public:
  using Post = std::function<void(Input)>;

  ProbeRunner(uv_loop_t& loop, ChildReaper& reaper, const ContainerRunner& containers, const SandboxRunner& sandboxes,
              Post post);

  void perform(const StartProbe& effect);
  void perform(const StartHook& effect);
  void perform(const AbortProbe& effect);
  void perform(const CancelProbe& effect);

 private:
  // A run of a probe, or of a hook.
  struct Asked {
    ProbeRunId run;
    InstanceId instance;
    const ContainerSpec* container;
    const std::string& address;
    std::optional<std::int32_t> port;
    Duration timeout;
    HttpAsker asker;
  };
  void start(const Asked& asked, const ExecAction& action);
  void start(const Asked& asked, const HttpGetAction& action);
  void start(const Asked& asked, const TcpSocketAction& action);
  std::shared_ptr<const linux::Network> network_of(InstanceId instance) const;
  ProbeRun::Finish finish_of(ProbeRunId run);
  void finished(ProbeRunId run, ProbeOutcome outcome);

  uv_loop_t& loop_;
  ChildReaper& reaper_;
  const ContainerRunner& containers_;
  const SandboxRunner& sandboxes_;
  Post post_;
  std::unordered_map<ProbeRunId, std::unique_ptr<ProbeRun>> runs_;
  std::vector<std::unique_ptr<ProbeRun>> finished_;  // a run finishes inside itself: it is destroyed a little later
};

}  // namespace reeve::runtime
