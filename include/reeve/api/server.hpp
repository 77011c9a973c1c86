#pragma once
// The control API on a unix socket: Kubernetes' shapes, answered on the loop's own thread (docs/api.md).

#include <reeve/core/result.hpp>
#include <reeve/runtime/host.hpp>

#include <memory>

namespace reeve::api {

struct SocketPlace;

class Server {
 public:
  // Listens where the settings say, else at the first usual place that can be written, said where that is not the
  // first. Observes the host from here on; the host outlives the server.
  static Result<std::unique_ptr<Server>> start(runtime::Host& host);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  class Impl;
  static Result<std::unique_ptr<Server>> start_at(runtime::Host& host, const SocketPlace& place);
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace reeve::api
