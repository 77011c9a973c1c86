#include <reeve/core/spec.hpp>
#include <reeve/core/text.hpp>

namespace reeve {

std::string printed(const IntOrString& either) {
  const auto* text = std::get_if<std::string>(&either);
  return text != nullptr ? quoted(*text) : std::to_string(std::get<std::int32_t>(either));
}

std::string_view kind_name(Kind kind) noexcept {
  switch (kind) {
    case Kind::pod:
      return "Pod";
    case Kind::deployment:
      return "Deployment";
    case Kind::service:
      return "Service";
    case Kind::replica_set:
      return "ReplicaSet";
    case Kind::node:
      return "Node";
  }
  return "Pod";
}

const ObjectMeta& metadata_of(const Object& object) noexcept {
  return std::visit([](const auto& each) -> const ObjectMeta& { return each.metadata; }, object);
}

ObjectRef ref_of(const Object& object) {
  constexpr Kind kinds[] = {Kind::pod, Kind::deployment, Kind::service};
  const ObjectMeta& metadata = metadata_of(object);
  return {kinds[object.index()], metadata.name_space, metadata.name};
}

const PodSpec* pod_spec_of(const Object& object) noexcept {
  if (const auto* pod = std::get_if<PodObject>(&object)) return &pod->spec;
  if (const auto* deployment = std::get_if<DeploymentObject>(&object)) return &deployment->spec.pod_template.spec;
  return nullptr;
}

std::string pod_spec_path(const Object& object) {
  if (std::holds_alternative<PodObject>(object)) return "spec";
  return std::holds_alternative<DeploymentObject>(object) ? "spec.template.spec" : "";
}

const ImageSpec* find_image(const Images& images, const std::string& name) {
  auto found = images.find(name);
  if (found == images.end()) found = images.find("*");
  return found == images.end() ? nullptr : &found->second;
}

}  // namespace reeve
