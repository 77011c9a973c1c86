#include "runtime/sandbox_runner.hpp"

#include <reeve/linux/socket.hpp>

namespace reeve::runtime {

void SandboxRunner::perform(const StartSandbox& effect) {
  auto ports = free_ports(effect.ports);
  if (!ports) return post_(SandboxFailed{effect.pod->id, ports.error().message()});
  taken_.insert(ports->begin(), ports->end());
  auto& mine = ports_[effect.pod->id];
  mine.insert(mine.end(), ports->begin(), ports->end());
  post_(SandboxStarted{effect.pod->id, *std::move(ports)});
}

// A pod keeps its ports over another sandbox, so they are free for others only when this one was its last; that they
// might be asked for sooner, core sees.
void SandboxRunner::perform(const StopSandbox& effect) {
  const auto found = ports_.extract(effect.pod);
  if (!found) return;
  for (const std::int32_t port : found.mapped()) taken_.erase(port);
}

// Each stays bound until all are found, so that no two are the same.
Result<std::vector<std::int32_t>> SandboxRunner::free_ports(std::size_t count) const {
  std::vector<linux::UniqueFd> sockets;
  std::vector<std::int32_t> ports;
  REEVE_TRY(const auto anywhere, linux::SocketAddress::parse("0.0.0.0:1"));
  while (ports.size() < count) {
    REEVE_TRY(linux::UniqueFd socket, linux::bind_listener(anywhere.with_port(0)));
    REEVE_TRY(const auto address, linux::local_address(socket.get()));
    sockets.push_back(std::move(socket));
    if (!taken_.contains(address.port())) ports.push_back(address.port());
  }
  return ports;
}

}  // namespace reeve::runtime
