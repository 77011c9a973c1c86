#include "runtime/pod_files.hpp"

#include <reeve/linux/fd.hpp>
#include <reeve/linux/pasta.hpp>

#include <cerrno>

namespace reeve::runtime {
namespace {

constexpr std::size_t file_bytes_max = 1024 * 1024;
constexpr std::size_t host_name_max = 63;

std::string lines_of(const std::vector<HostEntry>& entries) {
  std::string text;
  for (const HostEntry& entry : entries) {
    text += entry.address;
    for (const std::string& name : entry.names) text.append(" ").append(name);
    text += '\n';
  }
  return text;
}

// What the host has there; nothing where it has no such file.
Result<std::string> read_if_there(const std::string& path) {
  auto text = linux::read_file(path, file_bytes_max);
  if (!text && text.error().code == ENOENT) return std::string();
  return text;
}

}  // namespace

std::string hosts_file(const std::string& pod_ip, const std::string& pod_name, const std::vector<HostEntry>& entries) {
  std::string text = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";
  if (!pod_ip.empty()) text += pod_ip + " " + pod_name + "\n";
  return text + lines_of(entries);
}

std::string hosts_file_with(std::string of_host, const std::vector<HostEntry>& entries) {
  if (!of_host.empty() && !of_host.ends_with('\n')) of_host += '\n';
  return of_host + lines_of(entries);
}

std::string host_name_of(const PodIdentity& pod) { return pod.name.substr(0, host_name_max); }

Result<linux::SandboxSpec> sandbox_of(const StartSandbox& effect) {
  const Network network = effect.spec->network.value_or(Network::host);
  linux::SandboxSpec spec;
  spec.host_name = host_name_of(*effect.pod);
  spec.own_network = network != Network::host;
  const bool has_entries = !effect.hosts.empty();
  if (spec.own_network) {
    spec.files.push_back({"/etc/hosts", hosts_file(effect.pod_ip, spec.host_name, effect.hosts), has_entries});
  } else if (has_entries) {
    REEVE_TRY(std::string of_host, read_if_there("/etc/hosts"));
    spec.files.push_back({"/etc/hosts", hosts_file_with(std::move(of_host), effect.hosts), has_entries});
  }
  if (network == Network::nat) {
    REEVE_TRY(const std::string of_host, read_if_there("/etc/resolv.conf"));
    spec.files.push_back({"/etc/resolv.conf", linux::resolv_conf_inside(of_host), false});
  }
  return spec;
}

}  // namespace reeve::runtime
