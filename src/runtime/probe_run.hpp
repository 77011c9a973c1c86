#pragma once
// One run of one probe. It finishes once, with an outcome; destroying it earlier ends all it started, in silence.

#include <reeve/core/probe.hpp>

#include <functional>

namespace reeve::runtime {

class ProbeRun {
 public:
  using Finish = std::function<void(ProbeOutcome)>;
  virtual ~ProbeRun() = default;

  // Its time is up: it finishes soon, with what its stage makes of that.
  virtual void abort() = 0;
};

}  // namespace reeve::runtime
