#pragma once

#include <reeve/core/input.hpp>
#include <reeve/core/time.hpp>

namespace reeve::test {

// Lets virtual time pass in a world that has a supervisor and its time; it is ticked whenever it wants to be.
template <class World>
void pass_time(World& world, Duration duration) {
  const Instant end = world.now + duration;
  while (world.supervisor.deadline() && *world.supervisor.deadline() <= end) {
    world.now = *world.supervisor.deadline();
    world.tell(Ticked{});
  }
  world.now = end;
}

}  // namespace reeve::test
