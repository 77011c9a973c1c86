#pragma once
// What the field table alone says about a value: bounds, presence, ports, percentages. Walks any spec type.

#include "core/field_errors.hpp"
#include "core/names.hpp"

#include <reeve/core/fields.hpp>

#include <concepts>
#include <optional>

namespace reeve {

// "must be greater than 0", or nothing for a number within its bounds (validation.go, IsInRange and friends).
inline std::string bounds_fault(const Bounds& bounds, bool above_min, bool at_most_max) {
  if (above_min && at_most_max) return {};
  if (bounds.max != not_negative.max) {
    return "must be between " + std::to_string(bounds.min) + " and " + std::to_string(bounds.max) + ", inclusive";
  }
  return bounds.min == 1 ? "must be greater than 0" : "must be greater than or equal to " + std::to_string(bounds.min);
}

inline void check_labels(FieldErrors& errors, const std::string& path, const Labels& labels) {
  for (const auto& [key, value] : labels) {
    errors.faults(path, key, label_key_faults(key));
    errors.faults(path, value, label_value_faults(value));
  }
}

class FieldWalk {
 public:
  explicit FieldWalk(FieldErrors& errors) : errors_(errors) {}

  template <HasFields T>
  void walk(const std::string& path, const T& owner) {
    for_each_field<T>([&](const auto& field) {
      const std::string name(field.name);
      check(path.empty() ? name : path + '.' + name, owner.*field.member, field.bounds, field.presence);
    });
  }

 private:
  template <class T>
  void check(const std::string& path, const T& value, const Bounds& bounds, Presence) {
    if constexpr (HasFields<T>) walk(path, value);
    if constexpr (std::integral<T> && !std::same_as<T, bool>) check_integer(path, value, bounds);
  }
  template <class T>
  void check(const std::string& path, const std::optional<T>& value, const Bounds& bounds, Presence presence) {
    if (value) check(path, *value, bounds, presence);
  }
  template <class T>
  void check(const std::string& path, const Boxed<T>& value, const Bounds& bounds, Presence presence) {
    if (value) check(path, *value, bounds, presence);
  }
  template <class T>
  void check(const std::string& path, const std::vector<T>& list, const Bounds&, Presence presence) {
    if (list.empty() && presence == Presence::required) errors_.required(path);
    if constexpr (HasFields<T>) {
      for (std::size_t i = 0; i < list.size(); ++i) walk(indexed(path, i), list[i]);
    }
  }
  void check(const std::string& path, const std::string& text, const Bounds&, Presence presence) {
    if (text.empty() && presence == Presence::required) errors_.required(path);
  }
  void check(const std::string& path, Duration value, const Bounds& bounds, Presence) {
    // A bound of 1 without an upper one means "greater than 0", so that a quarter of a second may be asked for.
    const bool open = bounds.min == 1 && bounds.max == positive.max;
    const double count = std::chrono::duration<double>(value).count();
    report(path, in_seconds(value), bounds, open ? count > 0 : count >= static_cast<double>(bounds.min),
           count <= static_cast<double>(bounds.max));
  }
  void check(const std::string& path, double value, const Bounds& bounds, Presence) {
    const bool open = bounds.min == 1 && bounds.max == positive.max;
    report(path, printed(value), bounds, open ? value > 0 : value >= static_cast<double>(bounds.min),
           value <= static_cast<double>(bounds.max));
  }
  void check(const std::string& path, const IntOrString& either, const Bounds& bounds, Presence) {
    const auto* text = std::get_if<std::string>(&either);
    if (text == nullptr) return check_integer(path, std::get<std::int32_t>(either), bounds);
    errors_.faults(path, *text, bounds == port_number ? port_name_faults(*text) : percent_faults(*text));
  }

  void check_integer(const std::string& path, std::int64_t value, const Bounds& bounds) {
    report(path, std::to_string(value), bounds, value >= bounds.min, value <= bounds.max);
  }
  void report(const std::string& path, std::string value, const Bounds& bounds, bool above_min, bool at_most_max) {
    std::string fault = bounds_fault(bounds, above_min, at_most_max);
    if (!fault.empty()) errors_.invalid(path, std::move(value), std::move(fault));
  }

  FieldErrors& errors_;
};

}  // namespace reeve
