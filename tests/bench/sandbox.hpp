#pragma once
// What a container in an isolated sandbox costs from its start to its end.

#include <string>

namespace reeve::bench {

// Beside a bare program that enters the same namespaces, mounts the same and has an init too.
void compare_containers(const std::string& program, int count, int runs);

// Making sandboxes, and sockets in them.
void measure_sandboxes(int count);

}  // namespace reeve::bench
