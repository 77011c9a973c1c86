#pragma once
// The control API on a unix socket: Kubernetes' shapes, answered on the loop's own thread (docs/api.md).

#include <reeve/core/result.hpp>
#include <reeve/core/spec.hpp>
#include <reeve/runtime/host.hpp>

#include <memory>
#include <string>

namespace reeve::api {

// Where the socket is: as the settings say, else /run/reeve/reeve.sock for root, else $XDG_RUNTIME_DIR/reeve.sock.
// Empty: none is wanted, or there is no such place.
std::string socket_path(const SupervisorSettings& settings);

class Server {
 public:
  // Observes the host from here on; the host outlives the server.
  static Result<std::unique_ptr<Server>> start(runtime::Host& host, const std::string& path);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace reeve::api
