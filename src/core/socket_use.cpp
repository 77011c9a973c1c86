#include "core/field_errors.hpp"

#include <reeve/core/socket_use.hpp>

namespace reeve {

std::vector<SocketUse> socket_uses(const Object& object) {
  const PodSpec* const pod = pod_spec_of(object);
  if (pod == nullptr) return {};
  std::vector<SocketUse> uses;
  const auto add = [&](const std::vector<ContainerSpec>& containers, const std::string& path) {
    for (std::size_t i = 0; i < containers.size(); ++i) {
      const std::vector<std::string>& names = containers[i].pass_sockets;
      for (std::size_t k = 0; k < names.size(); ++k) {
        uses.push_back({indexed(indexed(path, i) + ".passSockets", k), names[k]});
      }
    }
  };
  add(pod->init_containers, pod_spec_path(object) + ".initContainers");
  add(pod->containers, pod_spec_path(object) + ".containers");
  return uses;
}

std::string proxied_text(std::string_view service) {
  return "service " + quoted(service) +
         " is served by the proxy, which would accept what the program waits for: take its selector or endpoints "
         "away, or do not pass its sockets";
}

std::string unlinkable_text(std::string_view service) {
  return "service " + quoted(service) +
         " hands its sockets over, and the proxy does not carry it into a network of the pod's own: pass its sockets, "
         "or use network = \"host\"";
}

}  // namespace reeve
