// What is wrong with objects once they are bound: by themselves, and next to each other.
#include "config/reader.hpp"

#include <reeve/core/address_pool.hpp>
#include <reeve/core/service.hpp>
#include <reeve/core/text.hpp>

#include <algorithm>

namespace reeve::config {
namespace {

// Among more names than these no near one is looked for: each mistake would cost a look at all of them.
constexpr std::size_t near_names_max = 200;

// Notes which nodes have a fault in them or anywhere inside.
bool mark_misread(const std::map<Position, std::string>& faults, const Node& node, std::set<const Node*>& misread) {
  bool found = faults.contains(node.position);
  if (const auto* list = node.sequence()) {
    for (const Node& each : *list) found |= mark_misread(faults, each, misread);
  }
  if (const auto* map = node.map()) {
    for (const Entry& each : *map) {
      found |= mark_misread(faults, each.value, misread) || faults.contains(each.position);
    }
  }
  if (found) misread.insert(&node);
  return found;
}

const Labels& labels_of(const Object& object) {
  const auto* deployment = std::get_if<DeploymentObject>(&object);
  return deployment != nullptr ? deployment->spec.selector.match_labels : metadata_of(object).labels;
}

bool is_bare_key(std::string_view key) {
  return key.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
         std::string_view::npos;
}

}  // namespace

// --- whom a service serves ------------------------------------------------------------------------------------------

void Reader::index_names() {
  for (const Item& each : items_) {
    const ObjectRef ref = ref_of(each.object);
    objects_.emplace(std::pair(ref.kind, ref.name), &each.object);
    if (const auto* service = std::get_if<ServiceObject>(&each.object)) services_.emplace(ref, service);
  }
}

KeyNames Reader::names_of(Kind kind) const {
  KeyNames names;
  if (objects_.size() > near_names_max) return names;
  for (const auto& [key, object] : objects_) {
    if (key.first == kind) names.push_back(key.second);
  }
  return names;
}

void Reader::resolve_target(Item& item) {
  if (!item.draft.target) return;
  const Target& target = *item.draft.target;
  const std::string what = title(target.kind, target.name);
  const auto found = objects_.find({target.kind, target.name});
  const Labels labels = found == objects_.end() ? Labels{} : labels_of(*found->second);
  item.has_selector = !labels.empty();
  if (found == objects_.end()) {
    note(item.file, target.position, "there is no " + what + did_you_mean(target.name, names_of(target.kind)));
  } else if (labels.empty()) {
    note(item.file, target.position, what + " has no labels to select it by");
  } else {
    std::get<ServiceObject>(item.object).spec.selector = labels;
  }
}

// --- the rules of core ----------------------------------------------------------------------------------------------

// Whether an error only says again, in other words, what the binder said of the same place.
bool Reader::follows_from_another(const Item& item, const FieldError& error, const Located& located) {
  if (located.reached) return item.misread.contains(located.node);
  if (error.type != "Required value" || located.node->map() == nullptr) return false;
  return std::ranges::any_of(*located.node->map(),
                             [&](const Entry& each) { return item.faults.contains(each.position); });
}

void Reader::validate_item(Item& item) {
  mark_misread(item.faults, item.draft.body, item.misread);
  for (const FieldError& error : validate(item.object)) {
    const Located located = locate(item.draft.body, error.field);
    if (!item.has_selector && error.field == "spec.selector") continue;
    if (follows_from_another(item, error, located)) continue;
    note(item.file, located.position, title(item.object) + ": " + error.message());
  }
  for (const auto& [position, text] : item.faults) note(item.file, position, text);
}

// --- links and isolation --------------------------------------------------------------------------------------------

void Reader::check_links(const Item& item) {
  const PodSpec* const pod = pod_spec_of(item.object);
  if (pod == nullptr) return;
  for (std::size_t i = 0; i < pod->links.size(); ++i) {
    const Located located = locate(item.draft.body, pod_spec_path(item.object) + ".links[" + std::to_string(i) + ']');
    if (!item.misread.contains(located.node)) check_link(item, *pod, pod->links[i], located.position);
  }
}

void Reader::check_link(const Item& item, const PodSpec& pod, const std::string& name, Position position) {
  const std::string where = title(item.object) + ": ", what = title(Kind::service, name);
  const auto found = services_.find({Kind::service, metadata_of(item.object).name_space, name});
  if (found == services_.end()) {
    const auto other = objects_.find({Kind::service, name});
    if (other == objects_.end()) {
      return note(item.file, position,
                  where + "there is no " + what + " to link to" + did_you_mean(name, names_of(Kind::service)));
    }
    return note(item.file, position,
                where + what + " is of namespace " + quoted(metadata_of(*other->second).name_space) +
                    ": links lead to services of the pod's own namespace, " +
                    quoted(metadata_of(item.object).name_space));
  }
  for (const auto* list : {&pod.init_containers, &pod.containers}) {
    for (const ContainerSpec& container : *list) {
      for (const ContainerPort& port : container.ports) {
        const bool clashes = std::ranges::find(found->second->spec.ports, port.container_port, &ServicePort::port) !=
                             found->second->spec.ports.end();
        if (!clashes) continue;
        note(item.file, position,
             where + what + " has the port " + std::to_string(port.container_port) + ", and so has container " +
                 quoted(container.name) +
                 ": beside each other in one pod they would take it from each other; give "
                 "one of them another port");
      }
    }
  }
}

// What a pod leaves open is as [supervisor] says, which core does not see.
void Reader::check_isolation(const Item& item) {
  const PodSpec* const pod = pod_spec_of(item.object);
  if (pod == nullptr || pod->isolation || configuration_.supervisor.isolation != Isolation::none) return;
  const auto refuse = [&](const char* key) {
    note(item.file, locate(item.draft.body, pod_spec_path(item.object) + key).position,
         title(item.object) + ": " + quoted(key + 1) +
             " needs a sandbox, and [supervisor] says isolation = \"none\": write isolation = "
             "\"private\" here, or remove it there");
  };
  if (!pod->links.empty()) refuse(".links");
  if (has_own_network(*pod)) refuse(".network");
}

void Reader::check_cluster_ip(const Item& item) {
  const auto* service = std::get_if<ServiceObject>(&item.object);
  const std::string& subnet = configuration_.supervisor.service_subnet;
  if (service == nullptr || service->spec.cluster_ip.empty()) return;
  if (is_in_network(service->spec.cluster_ip, network_of(subnet))) return;
  note(item.file, locate(item.draft.body, "spec.clusterIP").position,
       title(item.object) + ": clusterIP " + quoted(service->spec.cluster_ip) + " is not in the serviceSubnet " +
           subnet);
}

// --- what containers run --------------------------------------------------------------------------------------------

void Reader::check_images(const Item& item) {
  const PodSpec* const pod = pod_spec_of(item.object);
  if (pod == nullptr) return;
  const std::string spec = pod_spec_path(item.object);
  for (std::size_t i = 0; i < pod->init_containers.size(); ++i) {
    check_container(item, pod->init_containers[i], spec + ".initContainers[" + std::to_string(i) + ']');
  }
  for (std::size_t i = 0; i < pod->containers.size(); ++i) {
    check_container(item, pod->containers[i], spec + ".containers[" + std::to_string(i) + ']');
  }
}

void Reader::check_container(const Item& item, const ContainerSpec& container, const std::string& path) {
  const bool has_image = !container.image.empty();
  const ImageSpec* const image = has_image ? find_image(configuration_.images, container.image) : nullptr;
  if (has_image && image == nullptr) {
    const std::string key = is_bare_key(container.image) ? container.image : quoted(container.image);
    return note(item.file, locate(item.draft.body, path + ".image").position,
                "nothing says what the image " + quoted(container.image) + " means here: add the line " + key +
                    " = \"/path/of/its/root\" to [images], or \"*\" = \"/\" to let every image mean this machine's own "
                    "root");
  }
  const Located located = locate(item.draft.body, path);
  const bool has_entrypoint = image != nullptr && !image->entrypoint.empty();
  const bool misread = item.misread.contains(located.node);
  if (has_entrypoint || !container.command.empty() || !container.args.empty() || misread) return;
  std::string text = "container " + quoted(container.name) + " has nothing to run: write its command";
  if (has_image) text += ", or an entrypoint for " + quoted(container.image) + " in [images]";
  note(item.file, located.position, std::move(text));
}

// --- objects next to each other -------------------------------------------------------------------------------------

void Reader::check_duplicates(const Item& item) {
  const ObjectRef ref = ref_of(item.object);
  if (ref.name.empty()) return;
  const auto [found, is_new] = object_places_.emplace(ref, place(item.file, item.draft.position));
  if (is_new) return;
  note(item.file, item.draft.position, title(item.object) + " is given twice: first at " + found->second);
}

const Reader::Item* Reader::selected_by(const DeploymentObject& deployment) const {
  const Labels& selector = deployment.spec.selector.match_labels;
  const auto found =
      pods_with_.find({deployment.metadata.name_space, selector.begin()->first, selector.begin()->second});
  if (found == pods_with_.end()) return nullptr;
  const auto other = std::ranges::find_if(found->second, [&](const Item* each) {
    return selects(selector, std::get<DeploymentObject>(each->object).spec.pod_template.metadata.labels);
  });
  return other == found->second.end() ? nullptr : *other;
}

const Reader::Item* Reader::selecting_pods_of(const DeploymentObject& deployment) const {
  const Labels& labels = deployment.spec.pod_template.metadata.labels;
  for (const auto& [key, value] : labels) {
    const auto found = selectors_with_.find({deployment.metadata.name_space, key, value});
    if (found == selectors_with_.end()) continue;
    const auto other = std::ranges::find_if(found->second, [&](const Item* each) {
      return selects(std::get<DeploymentObject>(each->object).spec.selector.match_labels, labels);
    });
    if (other != found->second.end()) return *other;
  }
  return nullptr;
}

// Kubernetes lets two deployments select each other's pods. Here each keeps its own all the same, but whoever goes by
// labels, a service or a command, would meet both: in files that is hardly meant.
void Reader::check_selectors(const Item& item) {
  const auto* const deployment = std::get_if<DeploymentObject>(&item.object);
  if (deployment == nullptr || deployment->spec.selector.match_labels.empty()) return;
  const auto say = [&](const std::string& what, const Item& other) {
    note(item.file, locate(item.draft.body, "spec.selector.matchLabels").position,
         title(item.object) + ": " + what + ' ' + title(other.object) + " at " +
             place(other.file, other.draft.position) + ": give each deployment a label that the other does not have");
  };
  if (const Item* other = selected_by(*deployment)) {
    say("its selector also matches the pods of", *other);
  } else if (const Item* its = selecting_pods_of(*deployment)) {
    say("its pods also match the selector of", *its);
  }
  const std::string& name_space = deployment->metadata.name_space;
  for (const auto& [key, value] : deployment->spec.pod_template.metadata.labels) {
    pods_with_[{name_space, key, value}].push_back(&item);
  }
  const auto& [key, value] = *deployment->spec.selector.match_labels.begin();
  selectors_with_[{name_space, key, value}].push_back(&item);
}

void Reader::check_addresses(const Item& item) {
  const auto* const service = std::get_if<ServiceObject>(&item.object);
  if (service == nullptr) return;
  const ServiceSpec& spec = service->spec;
  for (std::size_t i = 0; i < spec.listen.size(); ++i) {
    check_taken(item, spec.listen[i], "spec.listen[" + std::to_string(i) + ']');
  }
  for (std::size_t i = 0; i < spec.ports.size(); ++i) {
    const auto& port = spec.ports[i].node_port;
    if (port) check_taken(item, "0.0.0.0:" + std::to_string(*port), "spec.ports[" + std::to_string(i) + "].nodePort");
  }
}

void Reader::check_taken(const Item& item, const std::string& address, const std::string& path) {
  const Position position = locate(item.draft.body, path).position;
  const std::string owner = title(item.object);
  const auto [found, is_new] = addresses_.emplace(address, First{owner, place(item.file, position)});
  if (is_new || found->second.what == owner) return;  // twice in one service: core says so
  note(item.file, position,
       owner + ": " + quoted(address) + " is taken by " + found->second.what + " at " + found->second.place);
}

}  // namespace reeve::config
