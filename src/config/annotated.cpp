#include "config/annotated.hpp"

#include <reeve/config/bind.hpp>
#include <reeve/config/convert.hpp>
#include <reeve/core/text.hpp>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>

namespace reeve::config {
namespace json = boost::json;
namespace {

constexpr std::string_view prefix = "reeve.dev/";

// What Kubernetes' specs have no word for.
constexpr std::array<std::string_view, 14> own_keys{
    "drainSeconds",   "network",   "isolation", "links",     "dependsOn", "restartBackoff", "autoRollback",
    "livenessBudget", "endpoints", "listen",    "balancing", "onUnready", "whenUnready",    "holdSeconds"};

bool is_own(std::string_view key) { return std::ranges::find(own_keys, key) != own_keys.end(); }

// Their elements are told apart by name; other lists are one value.
bool is_by_name(std::string_view list) { return list == "containers" || list == "initContainers"; }

// --- From annotations. ---

Node::Map* map_in(Node::Map& map, std::string_view key) {
  for (Entry& each : map) {
    if (each.key == key) return each.value.map();
  }
  return nullptr;
}

const std::string* name_of(const Node& element) {
  const Node* const name = element.find("name");
  return name == nullptr ? nullptr : name->text();
}

void merge(Node& target, Node part, std::string_view key);

void merge_named(Node::Sequence& target, Node::Sequence parts) {
  for (Node& part : parts) {
    const std::string* const name = name_of(part);
    const auto is_meant = [&](const Node& each) {
      return name != nullptr && name_of(each) != nullptr && *name_of(each) == *name;
    };
    const auto found = std::ranges::find_if(target, is_meant);
    if (found != target.end()) merge(*found, std::move(part), {});
  }
}

// Whether the number is what the exact one beside it was rounded to; another was written by somebody who means it.
bool is_rounded(const Node& number, const Node& exact) {
  const auto* const whole = std::get_if<std::int64_t>(&number.value);
  const auto* const fraction = std::get_if<double>(&exact.value);
  return whole == nullptr || fraction == nullptr || static_cast<double>(*whole) == std::ceil(*fraction);
}

void merge(Node& target, Node part, std::string_view key) {
  if (!is_rounded(target, part)) return;
  auto* const elements = std::get_if<Node::Sequence>(&target.value);
  auto* const parts = std::get_if<Node::Sequence>(&part.value);
  if (is_by_name(key) && elements != nullptr && parts != nullptr) return merge_named(*elements, std::move(*parts));
  if (target.map() == nullptr || part.map() == nullptr) {
    target = std::move(part);
    return;
  }
  for (Entry& each : *part.map()) {
    const auto found = std::ranges::find(*target.map(), each.key, &Entry::key);
    if (found == target.map()->end()) {
      target.map()->push_back(std::move(each));
    } else {
      merge(found->value, std::move(each.value), each.key);
    }
  }
}

// What an annotation says stands where the annotation does.
void set_positions(Node& node, Position position) {
  node.position = position;
  if (auto* const list = std::get_if<Node::Sequence>(&node.value)) {
    for (Node& each : *list) set_positions(each, position);
  }
  if (node.map() == nullptr) return;
  for (Entry& each : *node.map()) {
    each.position = position;
    set_positions(each.value, position);
  }
}

Node value_of(const std::string& text, Position position) {
  auto read = read_json(text);
  Node value;
  if (read) {
    value = *std::move(read);
  } else {
    value.value = text;  // a word: isolated
  }
  set_positions(value, position);
  return value;
}

// `object` holds metadata and spec.
void lift(Node& object, const KeyNames& keys, std::vector<Fault>& faults) {
  if (object.map() == nullptr) return;
  Node::Map* const metadata = map_in(*object.map(), "metadata");
  Node::Map* const annotations = metadata == nullptr ? nullptr : map_in(*metadata, "annotations");
  if (annotations == nullptr) return;
  Node lifted;
  lifted.value = Node::Map{};
  std::erase_if(*annotations, [&](const Entry& each) {
    const std::string key = each.key.starts_with(prefix) ? each.key.substr(prefix.size()) : std::string();
    const std::string* const text = each.value.text();
    if (!contains(keys, key) || text == nullptr) return false;
    lifted.map()->push_back({key, each.position, value_of(*text, each.value.position)});
    return true;
  });
  if (lifted.map()->empty()) return;
  const auto spec = std::ranges::find(*object.map(), "spec", &Entry::key);
  if (spec == object.map()->end()) {
    faults.push_back(
        {object.position, "there is no \"spec\" that the annotations " + std::string(prefix) + " are about"});
    return;
  }
  merge(spec->value, std::move(lifted), {});
}

// --- To annotations. ---

bool is_seconds(std::string_view key) { return key.ends_with("Seconds") || key == "seconds"; }

// What is made simple: all that a cluster would not take, or seconds alone.
enum class Scope { everything, seconds };

void simplify(json::object& object, Scope scope);

void simplify(json::value& value, std::string_view key, Scope scope) {
  if (value.is_double() && is_seconds(key)) value = static_cast<std::int64_t>(std::ceil(value.get_double()));
  if (auto* const object = value.if_object()) simplify(*object, scope);
  auto* const list = value.if_array();
  if (list == nullptr) return;
  const auto is_open_port = [](const json::value& each) {
    const auto* const port = each.if_object();
    const auto* const number = port == nullptr ? nullptr : port->if_contains("containerPort");
    return number != nullptr && *number == 0;
  };
  if (key == "ports" && scope == Scope::everything)
    list->erase(std::remove_if(list->begin(), list->end(), is_open_port), list->end());
  for (json::value& each : *list) simplify(each, {}, scope);
}

// What a cluster would not take becomes what it takes.
void simplify(json::object& object, Scope scope) {
  std::vector<std::string> gone;
  for (auto& [name, value] : object) {
    const std::string_view key(name.data(), name.size());
    const auto* const address = key == "clusterIP" ? value.if_string() : nullptr;
    if (scope == Scope::seconds) {
      if (!is_own(key)) simplify(value, key, scope);
      continue;
    }
    if (is_own(key) || (address != nullptr && address->starts_with("127."))) gone.emplace_back(key);
    simplify(value, key, scope);
    const auto* const list = value.if_array();
    if (list != nullptr && list->empty()) gone.emplace_back(key);
  }
  for (const std::string& each : gone) object.erase(each);
}

// What has to be merged into the simple form to get the whole one; null: nothing.
json::value difference(const json::value& whole, const json::value* simple, std::string_view key) {
  if (simple != nullptr && *simple == whole) return nullptr;
  if (simple == nullptr) return whole;
  if (whole.is_object() && simple->is_object()) {
    json::object parts;
    for (const auto& [name, value] : whole.as_object()) {
      json::value part = difference(value, simple->as_object().if_contains(name), {name.data(), name.size()});
      if (!part.is_null()) parts[name] = std::move(part);
    }
    return parts;
  }
  if (!is_by_name(key) || !whole.is_array() || !simple->is_array()) return whole;
  json::array parts;
  for (std::size_t i = 0; i < whole.as_array().size(); ++i) {
    json::value part = difference(whole.as_array()[i], &simple->as_array()[i], {});
    if (part.is_null()) continue;
    part.as_object()["name"] = whole.as_array()[i].as_object().at("name");
    parts.push_back(std::move(part));
  }
  return parts;
}

std::string text_of(const json::value& value) {
  return value.is_double() ? printed(value.get_double()) : json::serialize(value);
}

void annotate(json::object& object, const json::object& parts) {
  if (parts.empty()) return;
  json::value& metadata = object["metadata"];
  if (!metadata.is_object()) metadata.emplace_object();
  json::value& annotations = metadata.as_object()["annotations"];
  if (!annotations.is_object()) annotations.emplace_object();
  for (const auto& [key, value] : parts) {
    const std::string name = std::string(prefix).append(key.data(), key.size());
    annotations.as_object()[name] = value.is_string() ? value : json::value(text_of(value));
  }
}

// Simplifies the spec of an object, and notes beside it what that lost.
bool lower(json::object& object, Scope scope) {
  json::value* const spec = object.if_contains("spec");
  if (spec == nullptr || !spec->is_object()) return false;
  const json::value whole = *spec;
  simplify(spec->as_object(), scope);
  const json::value parts = difference(whole, spec, {});
  if (!parts.is_object()) return false;
  annotate(object, parts.as_object());
  return true;
}

bool lower_all(json::object& manifest, Scope scope) {
  json::value* const spec = manifest.if_contains("spec");
  json::value* const inner = spec != nullptr && spec->is_object() ? spec->as_object().if_contains("template") : nullptr;
  if (inner == nullptr || !inner->is_object()) return lower(manifest, scope);
  // The template's go to the template, those of the deployment around it to the deployment.
  json::object pod_template = std::move(inner->as_object());
  spec->as_object().erase("template");
  const bool outside = lower(manifest, scope), inside = lower(pod_template, scope);
  manifest["spec"].as_object()["template"] = std::move(pod_template);
  return outside || inside;
}

}  // namespace

void lift_annotations(Node& document, Kind kind, std::vector<Fault>& faults) {
  if (kind == Kind::pod) return lift(document, field_names<PodSpec>(), faults);
  if (kind == Kind::service) return lift(document, field_names<ServiceSpec>(), faults);
  KeyNames keys = field_names<DeploymentSpec>();
  std::erase(keys, "template");
  lift(document, keys, faults);
  if (document.map() == nullptr) return;
  Node::Map* const spec = map_in(*document.map(), "spec");
  if (spec == nullptr) return;
  const auto pod_template = std::ranges::find(*spec, "template", &Entry::key);
  if (pod_template != spec->end()) lift(pod_template->value, field_names<PodSpec>(), faults);
}

void lower_to_annotations(json::object& manifest) { lower_all(manifest, Scope::everything); }

bool round_seconds(json::object& manifest) { return lower_all(manifest, Scope::seconds); }

}  // namespace reeve::config
