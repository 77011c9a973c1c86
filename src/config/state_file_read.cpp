// Whatever stands in the file: what is read of it can be begun with.
#include "config/reader.hpp"
#include "config/state_file.hpp"

#include <reeve/config/state_file.hpp>
#include <reeve/core/text.hpp>
#include <reeve/core/validate.hpp>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <limits>
#include <set>

namespace reeve::config {
namespace key = state_key;
namespace {

constexpr std::int64_t replicas_max = std::numeric_limits<std::int32_t>::max();

class StateReader {
 public:
  StateReader(Duration wall_offset, Instant now) : wall_offset_(wall_offset), now_(now) {}

  tl::expected<StateFile, Fault> read(const Node& root) {
    check_version(root);
    if (fault_) return tl::unexpected(*std::move(fault_));
    check_keys(root, {key::kind, key::version, key::written, key::pods, key::deployments, key::services});
    StateFile file;
    for_each(root, key::written, [&](const Node& each) { take_written(each, file.written); });
    for_each(root, key::services, [&](const Node& each) { file.state.services.push_back(service(each)); });
    for_each(root, key::pods, [&](const Node& each) { file.state.pods.push_back(pod(each)); });
    for_each(root, key::deployments, [&](const Node& each) { file.state.deployments.push_back(deployment(each)); });
    if (fault_) return tl::unexpected(*std::move(fault_));
    return file;
  }

 private:
  // The first fault is the one that is told.
  void fail(const Node& at, std::string text) {
    if (!fault_) fault_ = Fault{at.position, std::move(text)};
  }

  void check_version(const Node& root) {
    if (text(root, key::kind) != key::kind_value) return fail(root, "this is no state of reeve");
    const std::int64_t version = number(root, key::version);
    if (version == key::version_value) return;
    fail(root, "version " + std::to_string(version) + " is not known to this reeve, which reads version " +
                   std::to_string(key::version_value));
  }

  void check_keys(const Node& table, std::initializer_list<std::string_view> known) {
    if (table.map() == nullptr) return fail(table, "expected an object");
    for (const Entry& each : *table.map()) {
      if (std::ranges::find(known, each.key) == known.end()) fail(each.value, "unknown key " + quoted(each.key));
    }
  }

  const Node& member(const Node& table, std::string_view name) {
    static const Node nothing;
    const Node* const found = table.find(name);
    if (found != nullptr) return *found;
    fail(table, quoted(name) + " is missing");
    return nothing;
  }

  std::string text(const Node& table, std::string_view name) {
    const Node& found = member(table, name);
    if (found.text() != nullptr) return *found.text();
    fail(found, std::string(name) + ": expected a string");
    return {};
  }

  std::int64_t number(const Node& table, std::string_view name,
                      std::int64_t most = std::numeric_limits<std::int64_t>::max() / 2) {
    const Node& found = member(table, name);
    const auto* const value = std::get_if<std::int64_t>(&found.value);
    if (value != nullptr && *value >= 0 && *value <= most) return *value;
    fail(found, std::string(name) + ": expected a number from 0 on");
    return 0;
  }

  template <class Handler>
  void for_each(const Node& table, std::string_view name, Handler&& handle) {
    const Node& found = member(table, name);
    if (found.sequence() == nullptr) return fail(found, std::string(name) + ": expected a list");
    for (const Node& each : *found.sequence()) {
      if (!fault_) handle(each);
    }
  }

  Instant time(const Node& table) {
    const Instant created(Duration(number(table, key::created)) - wall_offset_);
    return std::min(created, now_);
  }

  // Bound, complete and valid, as if it had come from a file of the user's; each name once.
  template <class T>
  T object(const Node& table) {
    const Node& written = member(table, key::object);
    Drafts drafts;
    read_manifest(written, drafts);
    if (drafts.faults.empty() && drafts.objects.size() != 1) drafts.faults.push_back({written.position, "no object"});
    if (!drafts.faults.empty()) return fail(written, drafts.faults.front().text), T{};
    std::vector<Fault> faults;
    Object bound = object_of(drafts.objects.front(), faults);
    if (!faults.empty()) return fail(written, faults.front().text), T{};
    const std::string who = title(bound) + ": ";
    if (const auto errors = validate(bound); !errors.empty()) {
      return fail(written, who + errors.front().message()), T{};
    }
    if (!names_.insert(ref_of(bound)).second) return fail(written, who + "it is there twice"), T{};
    if (T* const meant = std::get_if<T>(&bound)) return std::move(*meant);
    return fail(written, who + "it is of another kind than its list"), T{};
  }

  // Of whatever subnet: another one may be configured by now.
  std::string address(const Node& table, std::string_view name) {
    const std::string written = text(table, name);
    if (is_loopback(written)) return written;
    fail(member(table, name), std::string(name) + ": expected an address of 127.0.0.0/8");
    return {};
  }

  // "127.77.3.9".
  static bool is_loopback(std::string_view address) {
    constexpr std::string_view network = "127.";
    if (!address.starts_with(network)) return false;
    address.remove_prefix(network.size());
    const auto take_byte = [&] {
      unsigned value = 256;
      const auto [end, error] = std::from_chars(address.data(), address.data() + address.size(), value);
      address.remove_prefix(static_cast<std::size_t>(end - address.data()));
      return error == std::errc{} && value < 256;
    };
    const auto take_dot = [&] {
      if (!address.starts_with('.')) return false;
      address.remove_prefix(1);
      return true;
    };
    return take_byte() && take_dot() && take_byte() && take_dot() && take_byte() && address.empty();
  }

  void take_written(const Node& table, Written& hashes) {
    check_keys(table, {key::kind, key::name_space, key::name, key::hash});
    const std::string kind = text(table, key::kind), digits = text(table, key::hash);
    ObjectRef name{Kind::pod, text(table, key::name_space), text(table, key::name)};
    for (const Kind each : {Kind::pod, Kind::deployment, Kind::service}) {
      if (kind_name(each) == kind) name.kind = each;
    }
    if (kind_name(name.kind) != kind) return fail(table, "kind " + quoted(kind) + " is not known");
    std::uint64_t hash = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), hash, 16);
    if (error != std::errc{} || end != digits.data() + digits.size()) return fail(table, "hash: expected a number");
    hashes.insert_or_assign(std::move(name), hash);
  }

  SavedPod pod(const Node& table) {
    check_keys(table, {key::object, key::address});
    SavedPod saved{object<PodObject>(table), text(table, key::address)};
    if (!saved.address.empty()) address(table, key::address);
    return saved;
  }

  SavedService service(const Node& table) {
    check_keys(table, {key::object, key::cluster_ip, key::node_ports, key::created});
    SavedService saved;
    saved.object = object<ServiceObject>(table);
    const std::string& chosen = saved.object.spec.cluster_ip;
    saved.cluster_ip = chosen.empty() ? address(table, key::cluster_ip) : text(table, key::cluster_ip);
    if (!chosen.empty() && saved.cluster_ip != chosen) fail(table, "clusterIP: the object says another one");
    for_each(table, key::node_ports, [&](const Node& each) {
      const auto* const value = std::get_if<std::int64_t>(&each.value);
      if (value == nullptr || *value < 0 || *value > 65535) return fail(each, "nodePorts: expected port numbers");
      saved.node_ports.push_back(static_cast<std::int32_t>(*value));
    });
    if (saved.node_ports.size() != saved.object.spec.ports.size()) fail(table, "nodePorts: expected one for each port");
    saved.created = time(table);
    return saved;
  }

  SavedDeployment deployment(const Node& table) {
    check_keys(table, {key::object, key::generation, key::revision, key::collisions, key::rolled_back_from,
                       key::rolled_back_to, key::created, key::replica_sets});
    SavedDeployment saved;
    saved.object = object<DeploymentObject>(table);
    saved.generation = number(table, key::generation);
    saved.revision = number(table, key::revision);
    saved.collisions = static_cast<std::int32_t>(number(table, key::collisions, replicas_max));
    saved.rolled_back_from = text(table, key::rolled_back_from);
    saved.rolled_back_to = text(table, key::rolled_back_to);
    saved.created = time(table);
    for_each(table, key::replica_sets, [&](const Node& each) {
      saved.replica_sets.push_back(replica_set(each, saved.object));
      const ObjectRef name{Kind::replica_set, saved.object.metadata.name_space,
                           saved.object.metadata.name + '-' + saved.replica_sets.back().hash};
      if (!names_.insert(name).second) fail(each, "replica set " + quoted(name.name) + " is there twice");
    });
    return saved;
  }

  SavedReplicaSet replica_set(const Node& table, const DeploymentObject& owner) {
    check_keys(table, {key::hash, key::pod_template, key::annotations, key::replicas, key::generation, key::min_ready,
                       key::created});
    SavedReplicaSet saved;
    saved.hash = text(table, key::hash);
    if (saved.hash.empty()) fail(table, "hash: expected a text");
    saved.pod_template = pod_template(member(table, key::pod_template), owner);
    const Node& annotations = member(table, key::annotations);
    if (annotations.map() == nullptr) return fail(annotations, "annotations: expected an object"), saved;
    for (const Entry& each : *annotations.map()) saved.annotations[each.key] = text(annotations, each.key);
    saved.size = number(table, key::replicas, replicas_max);
    saved.generation = number(table, key::generation);
    saved.min_ready = Duration(number(table, key::min_ready));
    saved.created = time(table);
    return saved;
  }

  // Valid as the template of its deployment, with as few copies as there were of it then.
  PodTemplate pod_template(const Node& node, const DeploymentObject& owner) {
    std::vector<Fault> faults;
    DeploymentObject with = owner;
    with.spec.pod_template = {};
    with.spec.replicas = 1;
    with.spec.strategy = {StrategyType::recreate, {}};
    Binder(faults, Dialect::kubernetes).bind(node, with.spec.pod_template, "template");
    if (!faults.empty()) fail(node, faults.front().text);
    if (fault_) return {};
    Object whole = std::move(with);
    apply_defaults(whole);
    if (const auto errors = validate(whole); !errors.empty()) {
      fail(node, "template: " + errors.front().message());
    }
    return std::get<DeploymentObject>(whole).spec.pod_template;
  }

  Duration wall_offset_;
  Instant now_;
  std::optional<Fault> fault_;
  std::set<ObjectRef> names_;
};

}  // namespace

tl::expected<StateFile, Fault> read_state(std::string_view text, Duration wall_offset, Instant now) {
  const auto root = read_json(text);
  if (!root) return tl::unexpected(root.error());
  return StateReader(wall_offset, now).read(*root);
}

}  // namespace reeve::config
