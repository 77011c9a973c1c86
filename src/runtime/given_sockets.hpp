#pragma once
// Listening sockets that the service manager passed: those of .socket units, which it shares with us, and those that
// an earlier reeve had it keep.

#include <reeve/core/effect.hpp>
#include <reeve/linux/notify.hpp>
#include <reeve/proxy/proxy.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace reeve::runtime {

class Narrator;
class ServiceManager;

// Under which name the manager keeps the socket of an address. No service is called so.
std::string kept_name(const linux::SocketAddress& address);

class GivenSockets {
 public:
  GivenSockets(std::vector<linux::PassedDescriptor> passed, ServiceManager& manager, Narrator& narrator);

  // Gives a port of a service what is meant for it: the kept sockets of its addresses, and the units' sockets that have
  // its name. Clients came to them while there was no reeve, so at a start they wait.
  void hand_out(const OpenService& effect, proxy::ServiceConfig& config);
  void take_back(ServiceId service);

  // Every service was opened: says what nobody wanted. Only the first call does.
  void end_start();

  bool has_shared() const noexcept { return !shared_.empty(); }
  std::vector<linux::SocketAddress> shared_by(ServiceId service) const;

 private:
  struct Shared {
    std::string name;
    linux::SocketAddress address;
    std::shared_ptr<const linux::UniqueFd> fd;
    std::optional<ServiceId> owner;
  };
  void take(linux::PassedDescriptor passed);
  void tell_unwanted(const Shared& socket);

  ServiceManager& manager_;
  Narrator& narrator_;
  bool is_start_ = true;
  bool holds_at_start_ = false;
  std::vector<Shared> shared_;
  std::map<linux::SocketAddress, std::shared_ptr<const linux::UniqueFd>> kept_;  // that nobody wanted yet
};

}  // namespace reeve::runtime
