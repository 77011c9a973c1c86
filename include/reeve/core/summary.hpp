#pragma once
// How things stand in one line, for a service manager or anybody else who has room for no more.

#include <reeve/core/time.hpp>

#include <string>

namespace reeve {

class Supervisor;

// "12/13 pods ready, web rolling 3/5"; "stopping: 3 pods left". Pods that have succeeded are not counted.
std::string summary(const Supervisor& supervisor);

// While reeve stops: some pod may still take its time. False once all that is left should have been killed long ago.
bool stops_in_time(const Supervisor& supervisor, Instant now);

}  // namespace reeve
