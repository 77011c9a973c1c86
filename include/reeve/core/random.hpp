#pragma once
// The supervisor's only source of chance: the same seed gives the same supervisor.

#include <cstdint>
#include <string>
#include <string_view>

namespace reeve {

// splitmix64 (Steele, Lea, Flood 2014): small, seedable, good enough to name pods and to choose endpoints.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  // One of 0 .. bound-1; bound is at least 1.
  std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }

 private:
  std::uint64_t state_;
};

// Kubernetes' suffix of generated names: no vowels, nothing that looks like another letter
// (apimachinery/pkg/util/rand).
std::string random_suffix(Random& random, int length);

// A version 4 UUID, as Kubernetes gives every object; `ending` stands for its last digits.
std::string random_uid(Random& random, std::string_view ending = {});

}  // namespace reeve
