#pragma once

namespace reeve::linux {

// The interface `lo` of our own network: 0, or errno. Async-signal-safe.
int bring_loopback_up() noexcept;

}  // namespace reeve::linux
