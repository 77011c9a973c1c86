#include "api/patch.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace reeve::api {
namespace json = boost::json;

// patchMergeKey of the lists of our types (staging/src/k8s.io/api/core/v1/types.go).
std::string_view merge_key(std::string_view list, const json::array& elements) {
  struct Key {
    std::string_view list;
    std::string_view key;
  };
  constexpr std::array<Key, 13> keys{{{"containers", "name"},
                                      {"initContainers", "name"},
                                      {"ephemeralContainers", "name"},
                                      {"env", "name"},
                                      {"volumes", "name"},
                                      {"imagePullSecrets", "name"},
                                      {"volumeMounts", "mountPath"},
                                      {"volumeDevices", "devicePath"},
                                      {"hostAliases", "ip"},
                                      {"topologySpreadConstraints", "topologyKey"},
                                      {"resourceClaims", "name"},
                                      {"schedulingGates", "name"},
                                      {"ownerReferences", "uid"}}};
  const auto found = std::ranges::find(keys, list, &Key::list);
  if (found != keys.end()) return found->key;
  if (list != "ports") return {};
  for (const json::value& each : elements) {
    const auto* object = each.if_object();
    if (object != nullptr && object->contains("containerPort")) return "containerPort";
  }
  return "port";
}

namespace {

Result<void> merge_object(json::object& target, const json::object& patch);

json::value* find_element(json::array& list, std::string_view key, const json::value& wanted) {
  for (json::value& each : list) {
    const auto* object = each.if_object();
    const auto* value = object != nullptr ? object->if_contains(key) : nullptr;
    if (value != nullptr && *value == wanted) return &each;
  }
  return nullptr;
}

Result<void> merge_element(json::array& target, std::string_view key, const json::object& patch) {
  const json::value* wanted = patch.if_contains(key);
  if (wanted == nullptr)
    return fail("map: element of a list does not contain its merge key \"" + std::string(key) + '"');
  json::value* found = find_element(target, key, *wanted);
  const auto* directive = patch.if_contains("$patch");
  if (directive != nullptr && *directive == "delete") {
    if (found != nullptr) target.erase(target.begin() + (found - target.data()));
    return {};
  }
  if (directive != nullptr && *directive == "replace" && found != nullptr) found->emplace_object();
  if (found == nullptr) {
    target.push_back(json::object());
    found = &target.back();
  }
  return merge_object(found->as_object(), patch);
}

Result<void> merge_list(std::string_view name, json::value& target, const json::array& patch) {
  const std::string_view key = merge_key(name, patch);
  const auto replaces = [](const json::value& each) {
    const auto* object = each.if_object();
    const auto* directive = object != nullptr ? object->if_contains("$patch") : nullptr;
    return directive != nullptr && *directive == "replace" && object->size() == 1;
  };
  const bool all = std::ranges::any_of(patch, replaces);
  if (key.empty() || all || !target.is_array()) target.emplace_array();
  for (const json::value& each : patch) {
    if (replaces(each)) continue;
    const auto* object = each.if_object();
    if (key.empty() || object == nullptr) {
      target.as_array().push_back(each);
    } else {
      REEVE_TRY_VOID(merge_element(target.as_array(), key, *object));
    }
  }
  return {};
}

// "$setElementOrder/env": elements that it names stand in its order, in the places that they have among the others.
void order_elements(json::array& list, std::string_view key, const json::array& order) {
  std::vector<std::size_t> places;
  std::vector<json::value> named;
  for (const json::value& each : order) {
    const auto* object = each.if_object();
    const auto* wanted = object != nullptr ? object->if_contains(key) : nullptr;
    const json::value* const found = wanted != nullptr ? find_element(list, key, *wanted) : nullptr;
    if (found == nullptr) continue;
    const auto place = static_cast<std::size_t>(found - list.data());
    if (std::ranges::find(places, place) != places.end()) continue;
    places.push_back(place);
    named.push_back(*found);
  }
  std::ranges::sort(places);
  for (std::size_t i = 0; i < places.size(); ++i) list[places[i]] = std::move(named[i]);
}

// What patches say besides values: the order of elements, and which keys are to stay ("$retainKeys").
void follow_directives(json::object& target, const json::object& patch) {
  constexpr std::string_view set_order = "$setElementOrder/";
  for (const auto& [name, value] : patch) {
    const auto* const list = value.if_array();
    const std::string_view directive(name.data(), name.size());
    if (list == nullptr) continue;
    if (directive.starts_with(set_order)) {
      const std::string_view meant = directive.substr(set_order.size());
      json::value* const ordered = target.if_contains(meant);
      if (ordered == nullptr || !ordered->is_array()) continue;
      const std::string_view key = merge_key(meant, ordered->as_array());
      if (!key.empty()) order_elements(ordered->as_array(), key, *list);
    } else if (directive == "$retainKeys") {
      std::vector<std::string> gone;
      for (const auto& [key, ignored] : target) {
        if (std::ranges::find(*list, json::value(key)) == list->end()) gone.emplace_back(key.data(), key.size());
      }
      for (const std::string& each : gone) target.erase(each);
    }
  }
}

Result<void> merge_object(json::object& target, const json::object& patch) {
  if (const auto* directive = patch.if_contains("$patch"); directive != nullptr && *directive == "replace") {
    target.clear();
  }
  for (const auto& [name, value] : patch) {
    if (name.starts_with('$')) continue;
    if (value.is_null()) {
      target.erase(name);
    } else if (const auto* object = value.if_object()) {
      json::value& inner = target[name];
      if (!inner.is_object()) inner.emplace_object();
      REEVE_TRY_VOID(merge_object(inner.as_object(), *object));
    } else if (const auto* list = value.if_array()) {
      REEVE_TRY_VOID(merge_list({name.data(), name.size()}, target[name], *list));
    } else {
      target[name] = value;
    }
  }
  follow_directives(target, patch);
  return {};
}

}  // namespace

void merge_patch(json::value& target, const json::value& patch) {
  const auto* object = patch.if_object();
  if (object == nullptr) {
    target = patch;
    return;
  }
  if (!target.is_object()) target.emplace_object();
  for (const auto& [name, value] : *object) {
    if (value.is_null()) {
      target.as_object().erase(name);
    } else {
      merge_patch(target.as_object()[name], value);
    }
  }
}

Result<void> strategic_merge_patch(json::value& target, const json::value& patch) {
  const auto* object = patch.if_object();
  if (object == nullptr || !target.is_object()) return fail("the patch is not an object");
  return merge_object(target.as_object(), *object);
}

}  // namespace reeve::api
