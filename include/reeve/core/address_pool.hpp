#pragma once
// Loopback addresses that are chosen by name, so that a name has the same one after a restart.

#include <string>
#include <unordered_map>

namespace reeve {

// The name by which an object's address is chosen.
inline std::string address_name(const std::string& name_space, const std::string& name) {
  return name_space + '/' + name;
}

// "127.77" of "127.77.0.0/16".
inline std::string network_of(const std::string& subnet) { return subnet.substr(0, subnet.find(".0.0/16")); }

// Whether an address is one of "127.77".
inline bool is_in_network(const std::string& address, const std::string& network) {
  return address.starts_with(network + '.');
}

class AddressPool {
 public:
  // `network`: the first two numbers, "127.77". Names get .0.1 to .254.254 of it.
  explicit AddressPool(std::string network) : network_(std::move(network)) {}

  // The address of a name, the same for all who hold it; addresses of others are stepped over. Each hold ends with one
  // release. `had`: the one it had before a restart, which nobody else was given; one of another network is not had
  // again.
  const std::string& hold(const std::string& name, const std::string& had = {});
  void release(const std::string& name);

  // The address of a name that somebody holds.
  const std::string& of(const std::string& name) const { return by_name_.at(name).address; }

  // An address that somebody wrote down, whoever has it by name.
  void occupy(const std::string& address) { taken_[address] += 1; }
  void vacate(const std::string& address);

 private:
  struct Held {
    std::string address;
    unsigned holders = 0;
  };
  std::string choose(const std::string& name) const;

  std::string network_;
  std::unordered_map<std::string, Held> by_name_;
  std::unordered_map<std::string, unsigned> taken_;  // by how many
};

}  // namespace reeve
