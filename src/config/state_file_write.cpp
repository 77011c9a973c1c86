#include "config/state_file.hpp"

#include <reeve/config/state_file.hpp>
#include <reeve/config/write.hpp>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <cstdio>

namespace reeve::config {
namespace json = boost::json;
namespace key = state_key;
namespace {

class StateWriter {
 public:
  explicit StateWriter(Duration wall_offset) : wall_offset_(wall_offset) {}

  // One tree for each object: a whole file's would take many times the room of its text.
  std::string text(const StateFile& file) const {
    std::string text = json::serialize(json::object{{key::kind, key::kind_value}, {key::version, key::version_value}});
    text.pop_back();
    append(text, key::written, file.written);
    append(text, key::services, file.state.services);
    append(text, key::pods, file.state.pods);
    append(text, key::deployments, file.state.deployments);
    return text + "}\n";
  }

 private:
  template <class All>
  void append(std::string& text, std::string_view name, const All& all) const {
    text += ",\"";
    text += name;
    text += "\":[";
    for (const auto& each : all) {
      text += json::serialize(value(each));
      text += ',';
    }
    all.empty() ? text.push_back(']') : void(text.back() = ']');
  }

  json::object value(const Written::value_type& written) const {
    const auto& [name, hash] = written;
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
    return {{key::kind, kind_name(name.kind)},
            {key::name_space, name.name_space},
            {key::name, name.name},
            {key::hash, digits}};
  }

  json::object value(const SavedPod& pod) const {
    json::object object;
    object.emplace(key::object, to_json(Object(pod.object), Defaults::omitted));
    object.emplace(key::address, pod.address);
    return object;
  }

  json::object value(const SavedService& service) const {
    json::object object;
    object.emplace(key::object, to_json(Object(service.object), Defaults::omitted));
    object.emplace(key::cluster_ip, service.cluster_ip);
    object.emplace(key::node_ports, json::array(service.node_ports.begin(), service.node_ports.end()));
    object.emplace(key::created, time(service.created));
    return object;
  }

  json::object value(const SavedDeployment& deployment) const {
    json::object object;
    object.emplace(key::object, to_json(Object(deployment.object), Defaults::omitted));
    object.emplace(key::generation, deployment.generation);
    object.emplace(key::revision, deployment.revision);
    object.emplace(key::collisions, deployment.collisions);
    object.emplace(key::rolled_back_from, deployment.rolled_back_from);
    object.emplace(key::rolled_back_to, deployment.rolled_back_to);
    object.emplace(key::created, time(deployment.created));
    json::array sets;
    for (const SavedReplicaSet& each : deployment.replica_sets) sets.push_back(value(each));
    object.emplace(key::replica_sets, std::move(sets));
    return object;
  }

  json::object value(const SavedReplicaSet& set) const {
    json::object object;
    object.emplace(key::hash, set.hash);
    object.emplace(key::pod_template, to_json(set.pod_template, Defaults::omitted));
    json::object annotations;
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
};

}  // namespace

std::string write_state(const StateFile& file, Duration wall_offset) { return StateWriter(wall_offset).text(file); }

}  // namespace reeve::config
