#pragma once
// A loop with a SandboxRunner on it, and what that tells.

#include <linux/sandbox_support.hpp>
#include "runtime/sandbox_runner.hpp"

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace reeve::runtime::test {

using linux::test::wait_until;

struct World {
  World() {
    uv_loop_init(&loop);
    auto started = ChildReaper::start(loop);
    BOOST_REQUIRE(started.has_value());
    reaper = *std::move(started);
    runner = std::make_unique<SandboxRunner>(loop, *reaper, Isolation::private_namespaces,
                                             [this](Input input) { told.push_back(std::move(input)); });
  }
  ~World() {
    runner.reset();
    reaper.reset();
    while (uv_run(&loop, UV_RUN_DEFAULT) != 0) {
    }
    uv_loop_close(&loop);
  }

  // The next input of that kind, or what came instead.
  template <class Told>
  std::optional<Told> wait_for() {
    const bool came = wait_until([&] {
      uv_run(&loop, UV_RUN_NOWAIT);
      return !told.empty();
    });
    if (!came) return std::nullopt;
    const Input first = told.front();
    told.erase(told.begin());
    if (const auto* failed = std::get_if<SandboxFailed>(&first)) last_message = failed->message;
    if (const auto* ended = std::get_if<SandboxEnded>(&first)) last_message = ended->message;
    const Told* found = std::get_if<Told>(&first);
    return found != nullptr ? std::optional(*found) : std::nullopt;
  }

  uv_loop_t loop;
  std::unique_ptr<ChildReaper> reaper;
  std::vector<Input> told;
  std::unique_ptr<SandboxRunner> runner;
  std::string last_message;
};

inline StartSandbox wish(std::uint64_t id, Network network, std::size_t ports = 0) {
  PodSpec spec;
  spec.network = network;
  const std::string name = "web-" + std::to_string(id);
  return {std::make_shared<const PodIdentity>(PodIdentity{PodId{id}, "default", name, "uid"}),
          std::make_shared<const PodSpec>(spec),
          "127.78.0." + std::to_string(id),
          {},
          ports};
}

}  // namespace reeve::runtime::test
