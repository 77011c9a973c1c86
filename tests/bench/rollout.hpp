#pragma once

namespace reeve::bench {

// Prints what a full rollout costs the controller, from 10 to 10,000 replicas.
void measure_rollouts();

}  // namespace reeve::bench
