#pragma once
// A network in which sockets can be made. A socket belongs to the network namespace it was created in, whoever holds
// it.

#include <reeve/core/result.hpp>
#include <reeve/linux/fd.hpp>

namespace reeve::linux {

class Network {
 public:
  virtual ~Network() = default;

  // socket(2) in that network; non-blocking and close-on-exec. May be called from any thread.
  virtual Result<UniqueFd> make_socket(int family, int type, int protocol = 0) const = 0;
};

// A network namespace that the calling process may enter and leave again.
class NetworkNamespace final : public Network {
 public:
  explicit NetworkNamespace(UniqueFd fd) noexcept : fd_(std::move(fd)) {}

  // Enters the namespace on the calling thread, makes the socket and comes back. A failed way back ends the process:
  // it would act in a wrong network from then on.
  Result<UniqueFd> make_socket(int family, int type, int protocol = 0) const override;

  int fd() const noexcept { return fd_.get(); }

 private:
  UniqueFd fd_;
};

}  // namespace reeve::linux
