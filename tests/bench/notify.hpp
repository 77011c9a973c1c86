#pragma once

namespace reeve::bench {

class Scratch;

// Prints how long it takes from READY=1 to the first answer that a client gets through the proxy.
void measure_notify(const Scratch& scratch);

}  // namespace reeve::bench
