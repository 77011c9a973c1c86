#pragma once
// From a spec type to what can be said of its fields.

#include <reeve/config/bind.hpp>
#include <reeve/config/explain.hpp>
#include <reeve/core/fields.hpp>
#include <reeve/core/text.hpp>

namespace reeve::config {

template <HasFields T>
std::vector<FieldInfo> describe();

// What one type is called, what its default looks like, which tables are inside.
template <class V>
struct Described {
  static std::string type() {
    if constexpr (std::same_as<V, bool>) return "boolean";
    if constexpr (std::same_as<V, double>) return "number";
    if constexpr (std::same_as<V, std::string> || NamedEnum<V>) return "string";
    if constexpr (std::same_as<V, Duration>) return "seconds, whole or a fraction";
    if constexpr (std::same_as<V, IntOrString>) return "integer or string";
    if constexpr (std::same_as<V, Labels>) return "table of strings";
    if constexpr (HasFields<V>) return "table";
    return "integer";
  }
  static std::string text([[maybe_unused]] const V& value) {
    if constexpr (std::same_as<V, bool>) return value ? "true" : "false";
    if constexpr (std::same_as<V, double>) return printed(value);
    if constexpr (std::same_as<V, std::string>) return value.empty() ? "" : quoted(value);
    if constexpr (NamedEnum<V>) return enum_name(value).empty() ? "" : quoted(enum_name(value));
    if constexpr (std::same_as<V, Duration>) return in_seconds(value);
    if constexpr (std::same_as<V, IntOrString>) return printed(value);
    if constexpr (std::integral<V> && !std::same_as<V, bool>) return std::to_string(value);
    return "";
  }
  static std::string allowed() {
    if constexpr (NamedEnum<V>) return quoted_list({EnumNames<V>::list.begin(), EnumNames<V>::list.end()});
    return "";
  }
  static auto fields() -> std::vector<FieldInfo> (*)() {
    if constexpr (HasFields<V>) return &describe<V>;
    return nullptr;
  }
};

template <class T>
struct Described<std::optional<T>> : Described<T> {
  static std::string text(const std::optional<T>&) { return ""; }
};

template <class T>
struct Described<Boxed<T>> : Described<T> {
  static std::string text(const Boxed<T>&) { return ""; }
};

template <class T>
struct Described<std::vector<T>> : Described<T> {
  static std::string type() { return HasFields<T> ? "list of tables" : "list of strings"; }
  static std::string text(const std::vector<T>&) { return ""; }
};

// "1 to 65535", "0 or more"; empty for a number without bounds.
std::string bounds_text(const Bounds& bounds);

template <HasFields T>
std::vector<FieldInfo> describe() {
  std::vector<FieldInfo> fields;
  const T defaults{};
  for_each_field<T>([&](const auto& field) {
    using Value = std::decay_t<decltype(defaults.*field.member)>;
    const bool required = field.presence == Presence::required;
    fields.push_back({std::string(field.name), Described<Value>::type(),
                      required ? "" : Described<Value>::text(defaults.*field.member), bounds_text(field.bounds),
                      Described<Value>::allowed(), std::string(field.doc), required, Described<Value>::fields()});
  });
  return fields;
}

}  // namespace reeve::config
