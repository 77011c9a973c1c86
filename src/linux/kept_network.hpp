#pragma once
// A network in which only its keeper may make sockets: it is asked for them.

#include "linux/sandbox_keeper.hpp"

#include <reeve/core/time.hpp>
#include <reeve/linux/network.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

namespace reeve::linux {

class KeptNetwork final : public Network {
 public:
  // Takes our end of the keeper's channel; the keeper ends when it is closed.
  explicit KeptNetwork(UniqueFd channel);

  // Waits at most 100 ms. IPv4 stream sockets come from a stock that the keeper fills up behind our back.
  Result<UniqueFd> make_socket(int family, int type, int protocol = 0) const override;

 private:
  static constexpr std::uint32_t for_stock = 0;  // the serial of a request that nobody waits for
  static constexpr std::size_t stock_size = 4;

  struct Answer {
    std::uint32_t serial = 0;
    int code = 0;
    UniqueFd socket;
  };

  std::optional<UniqueFd> take_from_stock() const;
  void fill_stock() const;
  Result<UniqueFd> ask(SocketRequest request, Instant deadline) const;
  Result<void> send(const SocketRequest& request) const;
  Result<std::optional<Answer>> receive() const;  // never waits; puts away what is for the stock
  Result<void> wait_for_answer(Instant deadline) const;

  UniqueFd channel_;
  // All of it changes under the lock, one question at a time.
  mutable std::timed_mutex lock_;
  mutable std::uint32_t last_serial_ = for_stock;
  mutable std::vector<UniqueFd> stock_;
  mutable std::size_t asked_for_stock_ = 0;
};

}  // namespace reeve::linux
