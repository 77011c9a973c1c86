// Services, endpoints, events.
#include <reeve/api/unserved.hpp>
#include "api/render.hpp"

#include <reeve/config/write.hpp>
#include <reeve/core/fields.hpp>

#include <algorithm>

namespace reeve::api {
namespace json = boost::json;
namespace {

// "80/TCP,443:30443/TCP".
std::string ports_text(const Service& service) {
  std::string text;
  const auto& ports = service.object().spec.ports;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const std::int32_t node_port = service.given().node_ports[i];
    if (!text.empty()) text += ',';
    text += std::to_string(ports[i].port);
    if (node_port != 0) text += ':' + std::to_string(node_port);
    text += "/TCP";
  }
  return text.empty() ? "<none>" : text;
}

// The spec with what reeve chose.
json::object service_spec(const Service& service) {
  json::object spec = config::to_json(service.object().spec, config::Defaults::included);
  spec["clusterIP"] = service.given().cluster_ip;
  if (auto* ports = spec["ports"].if_array()) {
    for (std::size_t i = 0; i < ports->size(); ++i) {
      const ServicePort& port = service.object().spec.ports[i];
      json::object& each = (*ports)[i].as_object();
      if (!port.target_port && !service.object().spec.selector.empty()) each["targetPort"] = port.port;
      if (service.given().node_ports[i] != 0) each["nodePort"] = service.given().node_ports[i];
    }
  }
  return spec;
}

struct Address {
  std::string ip;
  std::int32_t port;
  const Pod* pod;  // null: it is none
};

// What is behind one port, by Kubernetes' old rules: pods that leave are left out.
struct Subset {
  const ServicePort* port;
  std::vector<Address> ready;
  std::vector<Address> unready;
};

// "192.0.2.1:443", "[2001:db8::1]:80"; nothing for a unix socket, which an Endpoints object has no place for.
std::optional<Address> address_of(const std::string& endpoint) {
  if (endpoint.starts_with("unix:")) return std::nullopt;
  const std::size_t colon = endpoint.rfind(':');
  const bool is_v6 = endpoint.front() == '[';
  const std::string ip = is_v6 ? endpoint.substr(1, colon - 2) : endpoint.substr(0, colon);
  return Address{ip, std::stoi(endpoint.substr(colon + 1)), nullptr};
}

std::vector<Subset> subsets_of(const Service& service, const Supervisor& supervisor) {
  const ServiceObject& object = service.object();
  std::vector<Subset> subsets;
  for (const ServicePort& port : object.spec.ports) subsets.push_back({&port, {}, {}});
  for (const std::string& each : object.spec.endpoints) {
    if (auto address = address_of(each)) subsets.front().ready.push_back(*std::move(address));
  }
  for (const Pod* pod : supervisor.pods()) {
    const bool is_meant = pod->metadata().name_space == object.metadata.name_space && !is_final(pod->phase()) &&
                          selects(object.spec.selector, pod->metadata().labels);
    const bool all = object.spec.publish_not_ready_addresses;
    if (!is_meant || (pod->is_terminating() && !all)) continue;
    for (Subset& each : subsets) {
      const auto number = pod->resolve(each.port->target_port.value_or(PortRef(each.port->port)));
      if (number)
        ((pod->is_ready() && !pod->is_withdrawn()) || all ? each.ready : each.unready)
            .push_back({pod->pod_ip(), *number, pod});
    }
  }
  return subsets;
}

json::array addresses_json(const std::vector<Address>& addresses, std::int32_t port, const std::string& node) {
  json::array list;
  for (const Address& each : addresses) {
    if (each.port != port) continue;
    json::object address{{"ip", each.ip}};
    if (each.pod != nullptr) {
      const PodIdentity& pod = each.pod->identity();
      address["nodeName"] = node;
      address["targetRef"] =
          json::object{{"kind", "Pod"}, {"namespace", pod.name_space}, {"name", pod.name}, {"uid", pod.uid}};
    }
    list.push_back(std::move(address));
  }
  return list;
}

// One subset per port number that somebody really has.
json::array subsets_json(const std::vector<Subset>& subsets, const std::string& node) {
  json::array list;
  for (const Subset& subset : subsets) {
    std::vector<std::int32_t> ports;
    for (const auto* side : {&subset.ready, &subset.unready}) {
      for (const Address& each : *side) ports.push_back(each.port);
    }
    std::ranges::sort(ports);
    ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
    for (const std::int32_t port : ports) {
      json::object entry;
      if (auto ready = addresses_json(subset.ready, port, node); !ready.empty()) entry["addresses"] = std::move(ready);
      if (auto unready = addresses_json(subset.unready, port, node); !unready.empty()) {
        entry["notReadyAddresses"] = std::move(unready);
      }
      json::object number{{"port", port}, {"protocol", "TCP"}};
      if (!subset.port->name.empty()) number["name"] = subset.port->name;
      entry["ports"] = json::array{std::move(number)};
      list.push_back(std::move(entry));
    }
  }
  return list;
}

// "127.0.0.1:80,127.78.3.9:81 + 2 more...".
std::string endpoints_text(const std::vector<Subset>& subsets) {
  constexpr std::size_t shown_max = 3;
  std::string text;
  std::size_t count = 0;
  for (const Subset& subset : subsets) {
    for (const Address& each : subset.ready) {
      if (++count > shown_max) continue;
      if (!text.empty()) text += ',';
      const bool is_v6 = each.ip.find(':') != std::string::npos;
      text += (is_v6 ? '[' + each.ip + ']' : each.ip) + ':' + std::to_string(each.port);
    }
  }
  if (count == 0) return "<none>";
  if (count > shown_max) text += " + " + std::to_string(count - shown_max) + " more...";
  return text;
}

std::string lower(std::string_view text) {
  std::string all(text);
  for (char& c : all) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return all;
}

}  // namespace

Snapshot Renderer::service(const Service& service, std::uint64_t version, Depth depth) const {
  const ServiceObject& object = service.object();
  ObjectMeta metadata = object.metadata;
  Snapshot snapshot = begin_snapshot(ApiKind::services, metadata, version);
  const WallTime created = host_.wall_time(service.created());
  const bool is_balancer = object.spec.type == ServiceType::load_balancer;
  snapshot.cells = {object.metadata.name,
                    std::string(enum_name(object.spec.type)),
                    service.given().cluster_ip,
                    std::string(is_balancer ? "0.0.0.0" : "<none>"),
                    ports_text(service),
                    AgeCell{created, {}, {}},
                    labels_text(object.spec.selector)};
  json::object rest;
  if (depth == Depth::whole) {
    rest["spec"] = service_spec(service);
    json::object balancer;
    if (is_balancer) balancer["ingress"] = json::array{json::object{{"ip", "0.0.0.0"}}};
    rest["status"] = json::object{{"loadBalancer", std::move(balancer)}};
  }
  put_unserved_back(metadata.annotations, rest);
  write_text(snapshot, metadata_json(metadata, {stable_uid("Service", ref_of(object), created), version, created}),
             rest);
  return snapshot;
}

Snapshot Renderer::endpoints(const Service& service, std::uint64_t version, Depth depth) const {
  const ServiceObject& object = service.object();
  ObjectMeta metadata = object.metadata;
  metadata.annotations.clear();
  Snapshot snapshot = begin_snapshot(ApiKind::endpoints, metadata, version);
  const WallTime created = host_.wall_time(service.created());
  const auto subsets = subsets_of(service, host_.supervisor());
  snapshot.cells = {metadata.name, endpoints_text(subsets), AgeCell{created, {}, {}}};
  json::object rest;
  if (depth == Depth::whole) {
    if (auto list = subsets_json(subsets, node_name_); !list.empty()) rest["subsets"] = std::move(list);
  }
  write_text(snapshot, metadata_json(metadata, {stable_uid("Endpoints", ref_of(object), created), version, created}),
             rest);
  return snapshot;
}

Snapshot Renderer::event(const Event& event, Depth depth) const {
  const WallTime first = host_.wall_time(event.first), last = host_.wall_time(event.last);
  ObjectMeta metadata;
  metadata.name_space = event.object.name_space;
  metadata.name = event_name(event, first);
  Snapshot snapshot = begin_snapshot(ApiKind::events, metadata, event.version);
  const std::string message = valid_utf8(event.message);
  const std::string_view type = event.type == EventType::warning ? "Warning" : "Normal";
  const std::string_view api = config::api_version(event.object.kind);
  const std::string involved_uid = uid_of(event.object);
  json::object involved{{"kind", kind_name(event.object.kind)},
                        {"namespace", event.object.name_space},
                        {"name", event.object.name},
                        {"apiVersion", api}};
  if (!involved_uid.empty()) involved["uid"] = involved_uid;
  if (!event.field_path.empty()) involved["fieldPath"] = event.field_path;
  const std::string source = std::string(event.source) + (event.source == source::kubelet ? ", " + node_name_ : "");
  snapshot.cells = {AgeCell{last, {}, {}},
                    std::string(type),
                    std::string(event.reason),
                    lower(kind_name(event.object.kind)) + '/' + event.object.name,
                    event.field_path,
                    source,
                    message,
                    AgeCell{first, {}, {}},
                    std::int64_t{event.count},
                    metadata.name};
  snapshot.fields.insert(snapshot.fields.end(), {{"involvedObject.kind", std::string(kind_name(event.object.kind))},
                                                 {"involvedObject.name", event.object.name},
                                                 {"involvedObject.namespace", event.object.name_space},
                                                 {"involvedObject.uid", involved_uid},
                                                 {"involvedObject.fieldPath", event.field_path},
                                                 {"involvedObject.apiVersion", std::string(api)},
                                                 {"reason", std::string(event.reason)},
                                                 {"type", std::string(type)}});
  json::object rest;
  if (depth == Depth::whole) {
    json::object from{{"component", event.source}};
    if (event.source == source::kubelet) from["host"] = node_name_;
    rest = {{"involvedObject", std::move(involved)},
            {"reason", event.reason},
            {"message", message},
            {"source", std::move(from)},
            {"firstTimestamp", rfc3339(first)},
            {"lastTimestamp", rfc3339(last)},
            {"count", event.count},
            {"type", type},
            {"eventTime", nullptr},
            {"reportingComponent", ""},
            {"reportingInstance", ""}};
  }
  const std::string uid = stable_uid("Event", {event.object.kind, metadata.name_space, metadata.name}, first);
  write_text(snapshot, metadata_json(metadata, {uid, event.version, first}), rest);
  return snapshot;
}

}  // namespace reeve::api
