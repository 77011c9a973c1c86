#include <reeve/core/address_pool.hpp>
#include <reeve/core/hash.hpp>

#include <cstdint>

namespace reeve {

namespace {
constexpr std::uint32_t hosts = 254;  // of each of the 255 networks: neither the first nor the last address
constexpr std::uint32_t slots = 255 * hosts;
}  // namespace

const std::string& AddressPool::hold(const std::string& name, const std::string& had) {
  Held& held = by_name_[name];
  if (held.holders++ == 0) {
    held.address = is_in_network(had, network_) ? had : choose(name);
    occupy(held.address);
  }
  return held.address;
}

void AddressPool::release(const std::string& name) {
  const auto found = by_name_.find(name);
  if (--found->second.holders != 0) return;
  vacate(found->second.address);
  by_name_.erase(found);
}

void AddressPool::vacate(const std::string& address) {
  const auto found = taken_.find(address);
  if (--found->second == 0) taken_.erase(found);
}

std::string AddressPool::choose(const std::string& name) const {
  const std::uint32_t start = fnv1a(name);
  for (std::uint32_t i = 0;; ++i) {
    const std::uint32_t slot = (start % slots + i) % slots;
    std::string address = network_ + '.' + std::to_string(slot / hosts) + '.' + std::to_string(slot % hosts + 1);
    // With all of them taken, two names share one.
    if (i == slots || !taken_.contains(address)) return address;
  }
}

}  // namespace reeve
