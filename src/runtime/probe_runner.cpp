#include "runtime/probe_runner.hpp"

#include "runtime/exec_probe.hpp"
#include "runtime/net_probe.hpp"

#include <reeve/core/environment.hpp>
#include <reeve/core/expand.hpp>

namespace reeve::runtime {
namespace {

std::string port_problem(const PortRef& port, const ContainerSpec& container) {
  if (const auto* name = std::get_if<std::string>(&port)) {
    return "couldn't find port: \"" + *name + "\" is no port of container " + container.name;
  }
  return "invalid port number: " + std::to_string(std::get<std::int32_t>(port));
}

}  // namespace

ProbeRunner::ProbeRunner(uv_loop_t& loop, ChildReaper& reaper, const ContainerRunner& containers,
                         const SandboxRunner& sandboxes, Post post)
    : loop_(loop), reaper_(reaper), containers_(containers), sandboxes_(sandboxes), post_(std::move(post)) {}

std::shared_ptr<const linux::Network> ProbeRunner::network_of(InstanceId instance) const {
  const auto pod = containers_.pod_of(instance);
  return pod ? sandboxes_.network_of(*pod) : nullptr;
}

void ProbeRunner::perform(const StartProbe& effect) {
  finished_.clear();
  const Asked asked{effect.run,  effect.instance,       effect.container, effect.address,
                    effect.port, effect.probe->timeout, HttpAsker::probe};
  std::visit([&](const auto* action) { start(asked, *action); }, handler_of(*effect.probe));
}

// A sleep is the core's own.
void ProbeRunner::perform(const StartHook& effect) {
  finished_.clear();
  const Asked asked{effect.run,  effect.instance, effect.container, effect.address,
                    effect.port, Duration::max(), HttpAsker::hook};
  if (effect.handler->exec) start(asked, *effect.handler->exec);
  if (effect.handler->http_get) start(asked, *effect.handler->http_get);
}

void ProbeRunner::start(const Asked& asked, const ExecAction& action) {
  auto process = containers_.command_for(asked.instance, expand(action.command, written_environment(*asked.container)));
  if (!process) return post_(ProbeFinished{asked.run, {ProbeResult::error, process.error().message()}});
  auto run = std::make_unique<ExecProbe>(loop_, reaper_, asked.timeout, finish_of(asked.run));
  ExecProbe& probe = *run;
  runs_.emplace(asked.run, std::move(run));
  probe.start(*std::move(process));
}

void ProbeRunner::start(const Asked& asked, const HttpGetAction& action) {
  if (!asked.port) {
    return post_(ProbeFinished{asked.run, {ProbeResult::error, port_problem(action.port, *asked.container)}});
  }
  HttpTarget target = http_target(action, asked.address, *asked.port);
  auto run = std::make_unique<HttpProbe>(loop_, network_of(asked.instance), finish_of(asked.run), std::move(target),
                                         action.http_headers, asked.asker);
  HttpProbe& probe = *run;
  runs_.emplace(asked.run, std::move(run));
  probe.start();
}

void ProbeRunner::start(const Asked& asked, const TcpSocketAction& action) {
  if (!asked.port) {
    return post_(ProbeFinished{asked.run, {ProbeResult::error, port_problem(action.port, *asked.container)}});
  }
  auto run = std::make_unique<TcpProbe>(loop_, network_of(asked.instance), finish_of(asked.run));
  TcpProbe& probe = *run;
  runs_.emplace(asked.run, std::move(run));
  probe.connect(asked.address, *asked.port);
}

ProbeRun::Finish ProbeRunner::finish_of(ProbeRunId run) {
  return [this, run](ProbeOutcome outcome) { finished(run, std::move(outcome)); };
}

void ProbeRunner::finished(ProbeRunId run, ProbeOutcome outcome) {
  if (auto node = runs_.extract(run)) finished_.push_back(std::move(node.mapped()));
  post_(ProbeFinished{run, std::move(outcome)});
}

void ProbeRunner::perform(const AbortProbe& effect) {
  const auto found = runs_.find(effect.run);
  if (found != runs_.end()) found->second->abort();
}

void ProbeRunner::perform(const CancelProbe& effect) { runs_.erase(effect.run); }

}  // namespace reeve::runtime
