#pragma once
// The control API on a unix socket and, on request, on loopback TCP: Kubernetes' shapes, answered on the loop's own
// thread (docs/api.md).

#include <reeve/core/result.hpp>
#include <reeve/runtime/host.hpp>

#include <memory>

namespace reeve::api {

class Server {
 public:
  // Observes the host from here on; the host outlives the server.
  explicit Server(runtime::Host& host);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // From here on it is heard where the settings say, else at the first usual place that can be written, said where that
  // is not the first.
  Result<void> listen_unix();
  // And there as well.
  Result<void> listen_tcp(const std::string& address);  // "127.0.0.1:8011"; port 0 is any that is free

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reeve::api
