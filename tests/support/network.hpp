#pragma once
// A network namespace as a pod has it: nothing but loopback, and gone when nobody holds it.

#include <reeve/linux/network.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>
#include <string>
#include <thread>

namespace reeve::test {

using SharedNetwork = std::shared_ptr<const linux::NetworkNamespace>;

// Brings loopback up in the calling thread's network, with another address too if one is given.
inline bool set_up_loopback(const std::string& other_address) {
  const linux::UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (::ioctl(fd.get(), SIOCSIFFLAGS, &request) != 0) return false;
  if (other_address.empty()) return true;
  std::strcpy(request.ifr_name, "lo:1");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  ::inet_pton(AF_INET, other_address.c_str(), &address.sin_addr);
  std::memcpy(&request.ifr_addr, &address, sizeof address);
  return ::ioctl(fd.get(), SIOCSIFADDR, &request) == 0;
}

// Null without the right to make one (CAP_SYS_ADMIN). A thread steps into the new namespace and ends there.
inline SharedNetwork make_network(const std::string& other_address = "") {
  linux::UniqueFd made;
  std::thread([&] {
    if (::unshare(CLONE_NEWNET) != 0 || !set_up_loopback(other_address)) return;
    made.reset(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  }).join();
  return made ? std::make_shared<const linux::NetworkNamespace>(std::move(made)) : nullptr;
}

}  // namespace reeve::test
