#pragma once
// What an init should do, one behaviour each.

#include "init/harness.hpp"

#include <span>
#include <string>

namespace conformance {

struct Behaviour {
  std::string name;
  void (*check)(const Program& program);  // throws Wrong or NotOffered
};

std::span<const Behaviour> exit_behaviours();
std::span<const Behaviour> signal_behaviours();
std::span<const Behaviour> process_behaviours();
std::span<const Behaviour> terminal_behaviours();

}  // namespace conformance
