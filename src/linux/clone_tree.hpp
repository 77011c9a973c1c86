#pragma once
// How a new tree gets into its namespaces: those that are made for it, and those that exist.

#include "linux/clone.hpp"
#include "linux/launch_plan.hpp"

#include <reeve/core/result.hpp>

namespace reeve::linux {

// Plans to enter all namespaces of a container, given its tiny init, that we are not in ourselves.
Result<void> plan_joining(LaunchPlan& plan, int pidfd);

// Clones the tiny init, which runs the plan.
Result<Cloned> clone_tree(const LaunchPlan& plan);

}  // namespace reeve::linux
