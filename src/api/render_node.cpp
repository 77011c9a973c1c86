// The node, which is this machine, and namespaces.
#include "api/render.hpp"

#include <reeve/linux/fd.hpp>

#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <algorithm>
#include <thread>

namespace reeve::api {
namespace json = boost::json;
namespace {

constexpr std::size_t file_bytes_max = 65536;

// The first line; empty where there is none to read.
std::string line_of(const char* path) {
  const auto text = linux::read_file(path, file_bytes_max);
  return text ? text->substr(0, text->find('\n')) : std::string();
}

// As os-release(5) names it for people.
std::string os_image() {
  constexpr std::string_view key = "PRETTY_NAME=";
  const std::string text = linux::read_file("/etc/os-release", file_bytes_max).value_or("");
  const std::size_t start = text.starts_with(key) ? 0 : text.find('\n' + std::string(key)) + 1;
  if (text.compare(start, key.size(), key) != 0) return "Linux";
  std::string name = text.substr(start + key.size(), text.find('\n', start) - start - key.size());
  std::erase(name, '"');
  return name;
}

std::string architecture() {
  utsname machine{};
  ::uname(&machine);
  const std::string_view name = machine.machine;
  return name == "x86_64" ? "amd64" : name == "aarch64" ? "arm64" : std::string(name);
}

json::object capacity_of_machine() {
  struct sysinfo about {};
  ::sysinfo(&about);
  const std::uint64_t kibibytes = static_cast<std::uint64_t>(about.totalram) * about.mem_unit / 1024;
  return {{"cpu", std::to_string(std::max(1u, std::thread::hardware_concurrency()))},
          {"memory", std::to_string(kibibytes) + "Ki"}};
}

}  // namespace

Snapshot Renderer::node(Depth depth) const {
  ObjectMeta metadata;
  metadata.name = node_name_;
  metadata.name_space.clear();
  metadata.labels = {
      {"kubernetes.io/hostname", node_name_}, {"kubernetes.io/os", "linux"}, {"kubernetes.io/arch", architecture()}};
  Snapshot snapshot = begin_snapshot(ApiKind::nodes, metadata, 1);
  utsname machine{};
  ::uname(&machine);
  const std::string kernel = machine.release;
  const std::string version = std::string("v") + REEVE_VERSION;
  snapshot.cells = {node_name_,
                    std::string("Ready"),
                    std::string("<none>"),
                    AgeCell{started_, {}, {}},
                    version,
                    std::string(host_ip),
                    std::string("<none>"),
                    os_image(),
                    kernel,
                    std::string("reeve://") + REEVE_VERSION};
  json::object rest;
  if (depth == Depth::whole) {
    json::object about{{"machineID", line_of("/etc/machine-id")},
                       {"systemUUID", ""},
                       {"bootID", line_of("/proc/sys/kernel/random/boot_id")},
                       {"kernelVersion", kernel},
                       {"osImage", os_image()},
                       {"architecture", architecture()},
                       {"operatingSystem", "linux"},
                       {"kubeletVersion", version},
                       {"kubeProxyVersion", version},
                       {"containerRuntimeVersion", std::string("reeve://") + REEVE_VERSION}};
    json::object ready = condition_json("Ready", true, started_, "ReeveReady", "reeve is running");
    ready.erase("lastProbeTime");
    ready["lastHeartbeatTime"] = rfc3339(std::chrono::system_clock::now());
    const json::object capacity = capacity_of_machine();
    rest["spec"] = json::object();
    rest["status"] =
        json::object{{"capacity", capacity},
                     {"allocatable", capacity},
                     {"conditions", json::array{std::move(ready)}},
                     {"addresses", json::array{json::object{{"type", "InternalIP"}, {"address", host_ip}},
                                               json::object{{"type", "Hostname"}, {"address", node_name_}}}},
                     {"nodeInfo", std::move(about)}};
  }
  write_text(snapshot, metadata_json(metadata, {stable_uid("Node", {Kind::pod, "", node_name_}, {}), 1, started_}),
             rest);
  return snapshot;
}

Snapshot Renderer::name_space(const std::string& name, Depth depth) const {
  ObjectMeta metadata;
  metadata.name = name;
  metadata.name_space.clear();
  Snapshot snapshot = begin_snapshot(ApiKind::namespaces, metadata, 1);
  snapshot.cells = {name, std::string("Active"), AgeCell{started_, {}, {}}};
  json::object rest;
  if (depth == Depth::whole) {
    rest["spec"] = json::object{{"finalizers", json::array{"kubernetes"}}};
    rest["status"] = json::object{{"phase", "Active"}};
  }
  write_text(snapshot, metadata_json(metadata, {stable_uid("Namespace", {Kind::pod, "", name}, {}), 1, started_}),
             rest);
  return snapshot;
}

}  // namespace reeve::api
