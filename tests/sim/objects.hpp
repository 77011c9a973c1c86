#pragma once
// Random objects: pods, deployments and services as a careless operator would write them.

#include "options.hpp"

#include <reeve/core/spec.hpp>

namespace reeve::sim {

PodObject random_pod(Chance& chance, const Options& options);
DeploymentObject random_deployment(Chance& chance, const Options& options);
ServiceObject random_service(Chance& chance);
std::string random_name(Chance& chance, char kind);

}  // namespace reeve::sim
