// Whose listening sockets go to which containers.
#include "config/reader.hpp"

#include <reeve/core/socket_use.hpp>
#include <reeve/core/text.hpp>

namespace reeve::config {

void Reader::check_sockets() {
  std::set<ObjectRef> wanted;
  for (const Item& item : items_) {
    for (const SocketUse& each : socket_uses(item.object)) {
      wanted.insert({Kind::service, metadata_of(item.object).name_space, each.service});
      const Located located = locate(item.draft.body, each.field);
      if (!item.misread.contains(located.node)) check_socket_use(item, each, located.position);
    }
    check_unlinkable(item);
  }
  for (const Item& item : items_) {
    const auto* const service = std::get_if<ServiceObject>(&item.object);
    if (service == nullptr || !item.has_selector || !hands_over_sockets(service->spec)) continue;
    const Located located = locate(item.draft.body, "spec.selector");
    if (wanted.contains(ref_of(item.object)) || item.misread.contains(located.node)) continue;
    note(item.file, located.position,
         title(item.object) + ": spec.selector: Required value: " + std::string(unserved_text));
  }
}

void Reader::check_socket_use(const Item& item, const SocketUse& use, Position position) {
  const std::string where = title(item.object) + ": ", &name_space = metadata_of(item.object).name_space;
  const auto found = services_.find({Kind::service, name_space, use.service});
  if (found != services_.end()) {
    if (!hands_over_sockets(found->second->spec)) note(item.file, position, where + proxied_text(use.service));
    return;
  }
  const std::string what = title(Kind::service, use.service);
  const auto other = objects_.find({Kind::service, use.service});
  if (other == objects_.end()) {
    return note(item.file, position,
                where + "there is no " + what + " whose sockets could be passed" +
                    did_you_mean(use.service, names_of(Kind::service)));
  }
  note(item.file, position,
       where + what + " is of namespace " + quoted(metadata_of(*other->second).name_space) +
           ": sockets are passed within the pod's own namespace, " + quoted(name_space));
}

void Reader::check_unlinkable(const Item& item) {
  const PodSpec* const pod = pod_spec_of(item.object);
  if (pod == nullptr || !has_own_network(*pod)) return;
  for (std::size_t i = 0; i < pod->links.size(); ++i) {
    const auto found = services_.find({Kind::service, metadata_of(item.object).name_space, pod->links[i]});
    if (found == services_.end() || !hands_over_sockets(found->second->spec)) continue;
    const std::string field = pod_spec_path(item.object) + ".links[" + std::to_string(i) + ']';
    note(item.file, locate(item.draft.body, field).position,
         title(item.object) + ": " + unlinkable_text(pod->links[i]));
  }
}

}  // namespace reeve::config
