#pragma once
// From what a container asks for to what the kernel is told: command, environment, root, isolation.

#include <reeve/core/effect.hpp>
#include <reeve/core/environment.hpp>
#include <reeve/core/spec.hpp>
#include <reeve/linux/process.hpp>

namespace reeve::runtime {

// In the environment of each process of a pod: whose it is.
inline constexpr const char* pod_uid_variable = "REEVE_POD_UID";

// The process of a container, without its outputs. Fails where no [images] entry says what its image means, or where
// neither the container nor the image names a program.
Result<linux::ProcessSpec> container_process(const PodIdentity& pod, const PodSpec& spec,
                                             const ContainerSpec& container, const Environment& environment,
                                             const Images& images, Isolation default_isolation);

}  // namespace reeve::runtime
