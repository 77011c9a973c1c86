#pragma once
// Descriptors that travel over a unix stream socket (SCM_RIGHTS).

#include <reeve/core/result.hpp>
#include <reeve/linux/fd.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace reeve::linux {

inline constexpr std::size_t descriptors_passed_max = 3;

// Sends the bytes, with the descriptors on the first of them. Never waits: EAGAIN where not all of it could go.
Result<void> send_with_descriptors(int socket, std::string_view bytes, std::span<const int> descriptors);

struct Passed {
  std::size_t bytes = 0;  // 0: the peer has ended
  std::vector<UniqueFd> descriptors;
  bool is_cut = false;  // there were more: too many, or we have no numbers left for them
};

// Takes what is there; nobody said anything is an error with EAGAIN on a socket that does not block.
Result<Passed> receive_with_descriptors(int socket, std::span<char> into);

}  // namespace reeve::linux
