#pragma once
// Reeve's own rule: copies that share the host's network cannot all listen on one port number, so a deployment that
// would have such copies, and that names no network, gives each an isolated one.

#include <reeve/core/spec.hpp>

#include <optional>
#include <string>

namespace reeve {

// The first port number that a pod needs for itself: "containerPort 3000 of container \"main\"". Nothing if it needs
// none.
std::optional<std::string> fixed_port(const PodSpec& pod);

// True if the deployment may have two pods at a time, and they need the same port number.
bool copies_collide(const DeploymentSpec& deployment);

// True if its pods get an isolated network because of that.
bool isolates_copies(const DeploymentSpec& deployment);

}  // namespace reeve
