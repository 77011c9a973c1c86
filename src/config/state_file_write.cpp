#include "config/state_file.hpp"

#include <reeve/config/state_file.hpp>
#include <reeve/config/write.hpp>

#include <boost/json/array.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/serialize.hpp>

#include <cstdio>

namespace reeve::config {
namespace json = boost::json;
namespace key = state_key;
namespace {

class StateWriter {
 public:
  explicit StateWriter(Duration wall_offset) : wall_offset_(wall_offset) {}

  json::object file(const StateFile& file) const {
    json::object root(storage_);
    root.emplace(key::kind, key::kind_value);
    root.emplace(key::version, key::version_value);
    root.emplace(key::written, written(file.written));
    root.emplace(key::services, list(file.state.services));
    root.emplace(key::pods, list(file.state.pods));
    root.emplace(key::deployments, list(file.state.deployments));
    return root;
  }

 private:
  template <class T>
  json::array list(const std::vector<T>& all) const {
    json::array array(storage_);
    array.reserve(all.size());
    for (const T& each : all) array.push_back(value(each));
    return array;
  }

  json::array written(const Written& hashes) const {
    json::array array(storage_);
    array.reserve(hashes.size());
    for (const auto& [name, hash] : hashes) {
      char digits[17];
      std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
      json::object each(storage_);
      each.emplace(key::kind, kind_name(name.kind));
      each.emplace(key::name_space, name.name_space);
      each.emplace(key::name, name.name);
      each.emplace(key::hash, digits);
      array.push_back(std::move(each));
    }
    return array;
  }

  json::object value(const SavedPod& pod) const {
    json::object object(storage_);
    object.emplace(key::object, to_json(Object(pod.object), Defaults::omitted, storage_));
    object.emplace(key::address, pod.address);
    return object;
  }

  json::object value(const SavedService& service) const {
    json::object object(storage_);
    object.emplace(key::object, to_json(Object(service.object), Defaults::omitted, storage_));
    object.emplace(key::cluster_ip, service.cluster_ip);
    object.emplace(key::node_ports, json::array(service.node_ports.begin(), service.node_ports.end(), storage_));
    object.emplace(key::created, time(service.created));
    return object;
  }

  json::object value(const SavedDeployment& deployment) const {
    json::object object(storage_);
    object.emplace(key::object, to_json(Object(deployment.object), Defaults::omitted, storage_));
    object.emplace(key::generation, deployment.generation);
    object.emplace(key::revision, deployment.revision);
    object.emplace(key::collisions, deployment.collisions);
    object.emplace(key::rolled_back_from, deployment.rolled_back_from);
    object.emplace(key::rolled_back_to, deployment.rolled_back_to);
    object.emplace(key::created, time(deployment.created));
    object.emplace(key::replica_sets, list(deployment.replica_sets));
    return object;
  }

  json::object value(const SavedReplicaSet& set) const {
    json::object object(storage_);
    object.emplace(key::hash, set.hash);
    object.emplace(key::pod_template, to_json(set.pod_template, Defaults::omitted, storage_));
    json::object annotations(storage_);
    for (const auto& [name, text] : set.annotations) annotations.emplace(name, text);
    object.emplace(key::annotations, std::move(annotations));
    object.emplace(key::replicas, set.size);
    object.emplace(key::generation, set.generation);
    object.emplace(key::min_ready, set.min_ready.count());
    object.emplace(key::created, time(set.created));
    return object;
  }

  std::int64_t time(Instant instant) const { return (instant.time_since_epoch() + wall_offset_).count(); }

  Duration wall_offset_;
  json::storage_ptr storage_ = json::make_shared_resource<json::monotonic_resource>();
};

}  // namespace

std::string write_state(const StateFile& file, Duration wall_offset) {
  return json::serialize(StateWriter(wall_offset).file(file)) + '\n';
}

}  // namespace reeve::config
