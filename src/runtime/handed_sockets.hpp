#pragma once
// The listening sockets of services that hand them over: open as long as the service is there, whoever accepts. So
// clients wait in the kernel's queue while no container does.

#include <reeve/core/id.hpp>
#include <reeve/core/result.hpp>
#include <reeve/linux/fd.hpp>
#include <reeve/linux/socket_address.hpp>

#include <sys/types.h>

#include <functional>
#include <unordered_map>
#include <vector>

namespace reeve::runtime {

class HandedSockets {
 public:
  struct Events {
    std::function<void(ServiceId, const linux::SocketAddress&)> listening;
    std::function<void(ServiceId, const linux::SocketAddress&, const Error&)> failed;
  };
  explicit HandedSockets(Events events) : events_(std::move(events)) {}

  // The addresses of a service from now on; those it had stay open. What failed is tried again.
  void open(ServiceId service, const std::vector<linux::SocketAddress>& addresses);
  void close(ServiceId service) { services_.erase(service); }

  // All of them, in the order of the addresses, after another try where one is missing.
  Result<std::vector<int>> of(ServiceId service);

 private:
  // A unix socket's path goes with it, if it is still ours.
  class Socket {
   public:
    explicit Socket(linux::SocketAddress address) : address_(std::move(address)) {}
    Socket(Socket&&) noexcept = default;
    Socket& operator=(Socket&&) = delete;
    ~Socket();

    Result<void> open();
    bool is_open() const noexcept { return static_cast<bool>(fd_); }
    int fd() const noexcept { return fd_.get(); }
    const linux::SocketAddress& address() const noexcept { return address_; }

   private:
    linux::SocketAddress address_;
    linux::UniqueFd fd_;
    ino_t inode_ = 0;
  };

  Result<void> open_missing(ServiceId service);

  Events events_;
  std::unordered_map<ServiceId, std::vector<Socket>> services_;
};

}  // namespace reeve::runtime
