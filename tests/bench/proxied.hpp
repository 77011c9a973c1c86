#pragma once
// The cost of a proxied connection into the network of a pod, beside one on the host's.

namespace reeve::bench {

// Prints it; says why where it cannot be measured.
void measure_proxied_connections();

}  // namespace reeve::bench
