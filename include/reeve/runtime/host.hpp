#pragma once
// A running reeve, as those see it who answer questions about it. Everything happens on the loop's thread.

#include <reeve/core/change.hpp>
#include <reeve/core/input.hpp>
#include <reeve/core/spec.hpp>
#include <reeve/core/supervisor.hpp>
#include <reeve/proxy/proxy.hpp>
#include <reeve/runtime/command.hpp>
#include <reeve/runtime/instance_log.hpp>
#include <reeve/runtime/state_status.hpp>

#include <sys/types.h>
#include <uv.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::runtime {

class Host {
 public:
  class Observer {
   public:
    virtual ~Observer() = default;
    // All inputs that waited were answered; what that changed, in order.
    virtual void on_settled(std::vector<Change> changes) = 0;
    // A write of the state has ended; state() says how.
    virtual void on_kept() = 0;
    // This instance printed something, or will print no more.
    virtual void on_output(InstanceId instance) = 0;
  };

  virtual ~Host() = default;
  virtual uv_loop_t& loop() = 0;
  virtual const Supervisor& supervisor() const = 0;
  virtual const SupervisorSettings& settings() const = 0;
  virtual const std::vector<std::string>& files() const = 0;

  // Whether what the supervisor was told until now outlives reeve.
  virtual const StateStatus& state() const = 0;

  // Queues an input; on_settled comes after its answer, never from inside this call.
  virtual void post(Input input) = 0;

  // At most one observer; nullptr ends it.
  virtual void observe(Observer* observer) = 0;

  // The time of day of an instant, by the offset that held at the start: it never jumps.
  virtual std::chrono::system_clock::time_point wall_time(Instant instant) const = 0;

  // Why this object cannot be had now, though nothing is wrong with it by itself.
  virtual std::optional<std::string> refuses(const Object& object) const = 0;

  // What an instance printed; nothing once it is forgotten.
  virtual std::shared_ptr<const InstanceLog> log(InstanceId instance) const = 0;

  // The process under which all of an instance's processes live, while it runs.
  virtual std::optional<pid_t> tree_root(InstanceId instance) const = 0;

  // Runs a command in the container of an instance that runs; it ends with that at the latest.
  virtual Result<std::unique_ptr<Command>> run_command(InstanceId instance, const CommandSpec& spec,
                                                       CommandEvents events) = 0;

  // A TCP socket in the network of that pod, not connected yet.
  virtual Result<linux::UniqueFd> make_socket(const Pod& pod) const = 0;

  // How connections to a port of a service went until now.
  virtual proxy::ProxyCounters connections(ServiceId service) const = 0;

  // Where a port of a service listens by a socket that the service manager has too: it is never shut down.
  virtual std::vector<std::string> shared_sockets(ServiceId service) const = 0;

  // Says something on reeve's own output.
  virtual void warn(std::string_view text) = 0;
};

}  // namespace reeve::runtime
