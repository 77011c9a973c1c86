#pragma once
// Whether reeve ends by itself, and with which exit code.

#include <reeve/core/pod.hpp>
#include <reeve/core/spec.hpp>

#include <string>

namespace reeve {

// [supervisor] onPodsFinished and exitCodeFrom.
struct EndRule {
  OnPodsFinished on_pods_finished = OnPodsFinished::run;
  std::string exit_code_from;  // "POD" or "NAMESPACE/POD"; empty: the last pod that failed decides
  bool operator==(const EndRule&) const = default;
};

// The pod that the text names.
ObjectRef exit_pod_of(const std::string& exit_code_from);

// How a pod that has finished ended: when its last container did, and 0, or for a failed pod never 0: what its last
// failed container ended with (128 + signal where a signal ended it), 1 where it failed by its deadline alone.
struct PodEnd {
  Instant at;
  int exit_code = 0;
};
PodEnd end_of(const Pod& pod);

}  // namespace reeve
