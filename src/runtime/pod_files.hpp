#pragma once
// How a pod's sandbox is furnished: its host name, its network, and the files it has of its own.

#include <reeve/core/effect.hpp>
#include <reeve/linux/sandbox.hpp>

#include <string>
#include <vector>

namespace reeve::runtime {

Result<linux::SandboxSpec> sandbox_of(const StartSandbox& effect);

// /etc/hosts of a pod with a network of its own (pkg/kubelet/kubelet_pods.go managedHostsFileContent).
std::string hosts_file(const std::string& pod_ip, const std::string& pod_name, const std::vector<HostEntry>& entries);

// Of one in the host's network: what the host knows, and the entries (nodeHostsFileContent there).
std::string hosts_file_with(std::string of_host, const std::vector<HostEntry>& entries);

// As much of a pod's name as a host name can be.
std::string host_name_of(const PodIdentity& pod);

}  // namespace reeve::runtime
