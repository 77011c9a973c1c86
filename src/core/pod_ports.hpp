#pragma once
// Ports that a pod leaves open (containerPort 0).

#include <reeve/core/spec.hpp>

#include <cstddef>

namespace reeve {

std::size_t count_open_ports(const PodSpec& pod);

}  // namespace reeve
