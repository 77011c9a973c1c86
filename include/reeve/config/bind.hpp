#pragma once
// One binder from nodes to specs. It knows no key: names, types and enumerators come from core/fields.hpp. Every
// mistake is collected; what is fine is bound all the same, so that one run finds them all.

#include <reeve/config/node.hpp>
#include <reeve/core/fields.hpp>
#include <reeve/core/text.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace reeve::config {

using KeyNames = std::vector<std::string_view>;

// ", did you mean \"livenessProbe\"?", or nothing where no candidate is near.
std::string did_you_mean(std::string_view word, const KeyNames& candidates);

// "\"Always\", \"Never\"".
std::string quoted_list(const KeyNames& names);

// "initContainers" to "init container": what one element of a list is called.
std::string noun_of(std::string_view list_key);

template <class T>
KeyNames field_names() {
  KeyNames names;
  for_each_field<T>([&](const auto& field) { names.push_back(field.name); });
  return names;
}

template <class T>
KeyNames later_names() {
  return {FieldsOf<T>::later.begin(), FieldsOf<T>::later.end()};
}

template <class E>
KeyNames later_values() {
  if constexpr (requires { EnumNames<E>::later; }) return {EnumNames<E>::later.begin(), EnumNames<E>::later.end()};
  return {};
}

bool contains(const KeyNames& names, std::string_view name);

// A struct that has its name in itself, so that a list of it may be written as a table of tables.
template <class T>
concept Named = HasFields<T> && requires(T each) {
  { each.name } -> std::same_as<std::string&>;
};

// One whose table may be written as NAME = "value".
template <class T>
concept Valued = Named<T> && requires(T each) {
  { each.value } -> std::same_as<std::string&>;
};

class Binder {
 public:
  // `reserved`: names of fields that cannot be keys of a free table with a header of its own: they were meant for the
  // table above it.
  Binder(std::vector<Fault>& faults, Dialect dialect, KeyNames reserved = {})
      : faults_(faults), dialect_(dialect), reserved_(std::move(reserved)) {}

  // Binds a table to a spec. `where` names it in messages: "container \"web\"".
  template <HasFields T>
  void bind(const Node& node, T& target, const std::string& where) {
    const auto* map = node.map();
    if (map == nullptr) return expected(node, where, dialect_ == Dialect::toml ? "a table" : "an object");
    for (const Entry& entry : *map) bind_entry(entry, target, where);
  }

 private:
  // What a value is the value of.
  struct Slot {
    std::string_view key;
    const std::string& where;
  };

  template <class T>
  void bind_entry(const Entry& entry, T& target, const std::string& where) {
    bool known = false;
    for_each_field<T>([&](const auto& field) {
      if (field.name != entry.key) return;
      known = true;
      // As the API server does, null is the same as leaving the key out.
      if (!entry.value.is_null()) value(entry.value, target.*field.member, {field.name, where});
    });
    if (known || (dialect_ == Dialect::kubernetes && is_server_owned<T>(entry.key)) || says_nothing<T>(entry)) return;
    unknown_key(entry, where, field_names<T>(), later_names<T>());
  }

  template <class T>
  static bool is_server_owned(std::string_view key) {
    return contains({FieldsOf<T>::server_owned.begin(), FieldsOf<T>::server_owned.end()}, key);
  }

  // Kubernetes' own programs write `resources: {}` in every container that they send back.
  template <class T>
  bool says_nothing(const Entry& entry) const {
    const bool is_empty = entry.value.map() != nullptr && entry.value.map()->empty();
    return dialect_ == Dialect::kubernetes && is_empty && entry.key == "resources" &&
           contains(later_names<T>(), entry.key);
  }

  template <HasFields T>
  void value(const Node& node, T& target, Slot slot) {
    bind(node, target, inside(slot));
  }
  void value(const Node& node, bool& target, Slot slot);
  void value(const Node& node, std::int32_t& target, Slot slot);
  void value(const Node& node, std::int64_t& target, Slot slot);
  void value(const Node& node, double& target, Slot slot);
  void value(const Node& node, std::string& target, Slot slot);
  void value(const Node& node, Duration& target, Slot slot);
  void value(const Node& node, IntOrString& target, Slot slot);
  void value(const Node& node, Labels& target, Slot slot);
  void value(const Node& node, std::vector<std::string>& target, Slot slot);

  template <class T>
  void value(const Node& node, std::optional<T>& target, Slot slot) {
    value(node, target.emplace(), slot);
  }
  template <class T>
  void value(const Node& node, Boxed<T>& target, Slot slot) {
    value(node, target.emplace(), slot);
  }

  template <NamedEnum E>
  void value(const Node& node, E& target, Slot slot) {
    const KeyNames names{EnumNames<E>::list.begin(), EnumNames<E>::list.end()};
    if (const auto index = enumerator(node, names, later_values<E>(), slot)) target = static_cast<E>(*index);
  }

  template <Named T>
  void value(const Node& node, std::vector<T>& target, Slot slot) {
    if (const auto* sequence = node.sequence()) {
      for (std::size_t i = 0; i < sequence->size(); ++i) {
        const Node& each = (*sequence)[i];
        bind(each, target.emplace_back(), element(slot, each, i));
      }
    } else if (node.map() != nullptr && dialect_ == Dialect::toml) {
      check_reserved<T>(node, slot);
      for (const Entry& entry : *node.map()) bind_named(entry, target.emplace_back(), slot);
    } else {
      expected(node, std::string(slot.key), "a list");
    }
  }

  // One sub-table of a table of tables: its key is its name.
  template <Named T>
  void bind_named(const Entry& entry, T& target, Slot slot) {
    target.name = entry.key;
    if constexpr (Valued<T>) {
      if (entry.value.map() == nullptr) return value(entry.value, target.value, {entry.key, slot.where});
    }
    if (const Node* name = entry.value.find("name")) {
      return add(name->position, "the name of this table is its name already: remove the key \"name\"");
    }
    bind(entry.value, target, noun_of(slot.key) + ' ' + quoted(entry.key));
  }

  template <class T>
  void check_reserved(const Node& node, Slot slot) {
    if constexpr (Valued<T>) refuse_reserved(node, slot);
  }

  std::optional<std::size_t> enumerator(const Node& node, const KeyNames& names, const KeyNames& later, Slot slot);
  void refuse_reserved(const Node& node, Slot slot);
  void unknown_key(const Entry& entry, const std::string& where, const KeyNames& names, const KeyNames& later);
  void expected(const Node& node, const std::string& key, std::string_view what);
  std::string inside(Slot slot) const;
  static std::string element(Slot slot, const Node& node, std::size_t index);
  void add(Position position, std::string text) { faults_.push_back({position, std::move(text)}); }

  std::vector<Fault>& faults_;
  Dialect dialect_;
  KeyNames reserved_;
};

// The two ways to refuse a key, for all who meet one.
std::string not_served(std::string_view key);  // "\"resources\" is known but not served by reeve yet"
std::string unknown(std::string_view key, std::string_view where, const KeyNames& candidates);

}  // namespace reeve::config
