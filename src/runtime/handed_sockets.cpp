#include "runtime/handed_sockets.hpp"

#include <reeve/linux/socket.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace reeve::runtime {
namespace {

ino_t inode_of(const std::string& path) {
  struct stat there {};
  return ::lstat(path.c_str(), &there) == 0 ? there.st_ino : 0;
}

}  // namespace

HandedSockets::Socket::~Socket() {
  if (!fd_ || !address_.is_unix() || inode_ == 0) return;
  if (inode_of(address_.path()) == inode_) ::unlink(address_.path().c_str());
}

Result<void> HandedSockets::Socket::open() {
  if (fd_) return {};
  REEVE_TRY(fd_, linux::listen_for_another(address_));
  if (address_.is_unix()) inode_ = inode_of(address_.path());
  return {};
}

void HandedSockets::open(ServiceId service, const std::vector<linux::SocketAddress>& addresses) {
  std::vector<Socket> before = std::exchange(services_[service], {});
  for (const linux::SocketAddress& each : addresses) {
    const auto had = std::ranges::find(before, each, &Socket::address);
    had == before.end() ? void(services_[service].emplace_back(each))
                        : void(services_[service].push_back(std::move(*had)));
  }
  before.clear();
  static_cast<void>(open_missing(service));
}

Result<void> HandedSockets::open_missing(ServiceId service) {
  Result<void> all;
  for (Socket& each : services_.at(service)) {
    if (each.is_open()) continue;
    if (auto opened = each.open()) {
      events_.listening(service, each.address());
    } else {
      events_.failed(service, each.address(), opened.error());
      all = std::move(opened);
    }
  }
  return all;
}

Result<std::vector<int>> HandedSockets::of(ServiceId service) {
  if (!services_.contains(service)) return fail("its sockets are not open");
  REEVE_TRY_VOID(open_missing(service));
  std::vector<int> sockets;
  for (const Socket& each : services_.at(service)) sockets.push_back(each.fd());
  return sockets;
}

}  // namespace reeve::runtime
