// Sockets that are handed over, among all objects as they would be with one more.
#include "core/field_errors.hpp"

#include <reeve/core/socket_use.hpp>
#include <reeve/core/supervisor.hpp>

#include <algorithm>

namespace reeve {

bool Supervisor::passes_sockets_of(const ObjectRef& service) const {
  const auto uses = [&](const Object& object) {
    return metadata_of(object).name_space == service.name_space &&
           std::ranges::any_of(socket_uses(object),
                               [&](const SocketUse& each) { return each.service == service.name; });
  };
  return std::ranges::any_of(deployments_, [&](const auto& each) { return uses(each.second->object()); }) ||
         std::ranges::any_of(successors_, [&](const auto& each) { return uses(each.second); }) ||
         std::ranges::any_of(entries_, [&](const auto& each) {
           const Pod& pod = *each.second.pod;
           return !pod.owner() && uses(PodObject{pod.metadata(), *pod.spec()});
         });
}

// A service may come after those who want its sockets: they wait for it.
std::vector<FieldError> Supervisor::check_sockets(const Object& object) const {
  FieldErrors errors;
  if (const auto* service = std::get_if<ServiceObject>(&object)) {
    const bool is_wanted = passes_sockets_of(ref_of(object));
    if (hands_over_sockets(service->spec) == is_wanted) return {};
    is_wanted ? errors.forbidden("spec.selector", proxied_text(service->metadata.name))
              : errors.required("spec.selector", std::string(unserved_text));
    return errors.take();
  }
  const std::string& name_space = metadata_of(object).name_space;
  for (const SocketUse& each : socket_uses(object)) {
    const Service* const found = find_service({Kind::service, name_space, each.service});
    if (found != nullptr && !hands_over_sockets(found->object().spec)) {
      errors.forbidden(each.field, proxied_text(each.service));
    }
  }
  const PodSpec* const pod = pod_spec_of(object);
  for (std::size_t i = 0; i < pod->links.size() && has_own_network(*pod); ++i) {
    const Service* const found = find_service({Kind::service, name_space, pod->links[i]});
    if (found == nullptr || !hands_over_sockets(found->object().spec)) continue;
    errors.forbidden(indexed(pod_spec_path(object) + ".links", i), unlinkable_text(pod->links[i]));
  }
  return errors.take();
}

}  // namespace reeve
