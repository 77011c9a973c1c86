#include "runtime/sandbox_runner.hpp"

#include "runtime/pod_files.hpp"

#include <reeve/linux/socket.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace reeve::runtime {
namespace {

// Many sandboxes are made before the first container starts. Where descriptors are few, each must leave enough for its
// own, or there would be sandboxes for all and containers for nobody.
Result<std::vector<linux::UniqueFd>> keep_descriptors_free(const PodSpec& spec) {
  constexpr std::size_t for_a_container = 4, while_it_starts = 4;
  const auto told = static_cast<std::size_t>(std::ranges::count_if(spec.containers, has_notify_probe));
  std::vector<linux::UniqueFd> kept;
  while (kept.size() < for_a_container * spec.containers.size() + told + while_it_starts) {
    linux::UniqueFd next(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
    if (!next) return fail("cannot keep descriptors for the containers of a pod", errno);
    kept.push_back(std::move(next));
  }
  return kept;
}

}  // namespace

void SandboxRunner::perform(const StartSandbox& effect) {
  ended_.clear();
  const PodId id = effect.pod->id;
  pods_[id] = {};
  auto started = start(effect);
  if (!started) return broke(id, started.error().message());
  if (!pods_.at(id).nat) stands(id);
}

Result<void> SandboxRunner::start(const StartSandbox& effect) {
  const PodId id = effect.pod->id;
  Pod& pod = pods_.at(id);
  REEVE_TRY(pod.kept_free, keep_descriptors_free(*effect.spec));
  REEVE_TRY(pod.ports, free_ports(effect.ports));
  taken_.insert(pod.ports.begin(), pod.ports.end());
  auto& all = ports_[id];
  all.insert(all.end(), pod.ports.begin(), pod.ports.end());
  if (effect.spec->isolation.value_or(default_isolation_) == Isolation::none) {
    if (has_own_network(*effect.spec)) return fail("a network of its own needs isolation = \"private\"");
    return {};
  }
  REEVE_TRY(linux::SandboxSpec spec, sandbox_of(effect));
  auto made = linux::Sandbox::make(std::move(spec));
  if (!made) return tl::unexpected(std::move(made).error());
  pod.sandbox = std::make_unique<linux::Sandbox>(*std::move(made));
  watch_keeper(id, *pod.sandbox);
  if (effect.spec->network == Network::nat) REEVE_TRY_VOID(start_nat(id, pod));
  return {};
}

Result<void> SandboxRunner::start_nat(PodId id, Pod& pod) {
  Nat::Events events{[this, id] { stands(id); },
                     [this, id](const std::string& message) {
                       if (Pod& mine = pods_.at(id); mine.nat) ended_.push_back(std::move(mine.nat));
                       broke(id, message);
                     }};
  REEVE_TRY(pod.nat, Nat::start(loop_, reaper_, *pod.sandbox, std::move(events)));
  return {};
}

// A later sandbox of the same pod has another keeper.
void SandboxRunner::watch_keeper(PodId id, const linux::Sandbox& sandbox) {
  const auto keeper = sandbox.keeper();
  if (!keeper) return;
  reaper_.expect(*keeper, [this, id, keeper](const linux::Reaped&) {
    const linux::Sandbox* now = find(id);
    if (now != nullptr && now->keeper() == keeper) broke(id, "the keeper of the pod's network has ended");
  });
}

void SandboxRunner::stands(PodId id) {
  Pod& pod = pods_.at(id);
  pod.stands = true;
  post_(SandboxStarted{id, pod.ports});
}

// One that never stood leaves nothing; another is there until it is stopped.
void SandboxRunner::broke(PodId id, const std::string& message) {
  if (pods_.at(id).stands) return post_(SandboxEnded{id, message});
  pods_.erase(id);
  give_back(id);
  post_(SandboxFailed{id, message});
}

void SandboxRunner::perform(const StopSandbox& effect) {
  ended_.clear();
  pods_.erase(effect.pod);
  give_back(effect.pod);
}

// A pod keeps its ports over another sandbox, so they are free for others only when this one was its last; that they
// might be asked for sooner, core sees.
void SandboxRunner::give_back(PodId pod) {
  const auto found = ports_.extract(pod);
  if (!found) return;
  for (const std::int32_t port : found.mapped()) taken_.erase(port);
}

void SandboxRunner::make_room(PodId pod) {
  const auto found = pods_.find(pod);
  if (found != pods_.end()) std::exchange(found->second.kept_free, {});
}

const linux::Sandbox* SandboxRunner::find(PodId pod) const {
  const auto found = pods_.find(pod);
  return found == pods_.end() ? nullptr : found->second.sandbox.get();
}

std::shared_ptr<const linux::Network> SandboxRunner::network_of(PodId pod) const {
  const linux::Sandbox* sandbox = find(pod);
  return sandbox == nullptr ? nullptr : sandbox->network();
}

// Each stays bound until all are found, so that no two are the same. Without SO_REUSEPORT, or the kernel might offer a
// port on which we listen ourselves.
Result<std::vector<std::int32_t>> SandboxRunner::free_ports(std::size_t count) const {
  std::vector<linux::UniqueFd> sockets;
  std::vector<std::int32_t> ports;
  while (ports.size() < count) {
    REEVE_TRY(linux::UniqueFd socket, linux::make_stream_socket(AF_INET));
    REEVE_TRY(const std::uint16_t port, linux::bind_to_free_port(socket.get()));
    sockets.push_back(std::move(socket));
    if (!taken_.contains(port)) ports.push_back(port);
  }
  return ports;
}

}  // namespace reeve::runtime
