// Which numbers the ports of a pod have.
#include "core/pod_ports.hpp"

#include <reeve/core/pod.hpp>

#include <algorithm>
#include <charconv>

namespace reeve {
namespace {

// Visits each port that was left open, init containers' first, until the visitor says true.
template <class Visitor>
void visit_open_ports(const PodSpec& pod, Visitor&& visitor) {
  for (const auto* list : {&pod.init_containers, &pod.containers}) {
    for (const ContainerSpec& container : *list) {
      for (const ContainerPort& port : container.ports) {
        if (port.container_port == 0 && visitor(port)) return;
      }
    }
  }
}

const ContainerPort* find_port(const std::string& name, const ContainerSpec& container) {
  const auto found = std::ranges::find(container.ports, name, &ContainerPort::name);
  return found == container.ports.end() ? nullptr : &*found;
}

}  // namespace

std::size_t count_open_ports(const PodSpec& pod) {
  std::size_t count = 0;
  visit_open_ports(pod, [&](const ContainerPort&) {
    count += 1;
    return false;
  });
  return count;
}

std::optional<std::int32_t> Pod::number_of(const ContainerPort& port) const noexcept {
  if (port.container_port != 0) return port.container_port;
  std::size_t at = 0;
  visit_open_ports(*spec_, [&](const ContainerPort& each) {
    if (&each == &port) return true;
    at += 1;
    return false;
  });
  if (at >= ports_.size()) return std::nullopt;
  return ports_[at];
}

std::optional<std::int32_t> Pod::resolve(const PortRef& port) const {
  if (const auto* number = std::get_if<std::int32_t>(&port)) return *number;
  for (const auto* list : {&spec_->containers, &spec_->init_containers}) {
    for (const ContainerSpec& each : *list) {
      if (const ContainerPort* found = find_port(std::get<std::string>(port), each)) return number_of(*found);
    }
  }
  return std::nullopt;
}

std::optional<std::int32_t> Pod::resolve(const PortRef& port, const ContainerSpec& container) const {
  if (const auto* number = std::get_if<std::int32_t>(&port)) return *number;
  const auto& name = std::get<std::string>(port);
  if (const ContainerPort* found = find_port(name, container)) return number_of(*found);
  std::int32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  if (number < 1 || number > 65535) return std::nullopt;
  return number;
}

}  // namespace reeve
