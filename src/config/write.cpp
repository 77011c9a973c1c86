#include <reeve/config/write.hpp>
#include <reeve/core/fields.hpp>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <cmath>
#include <concepts>

namespace reeve::config {
namespace json = boost::json;
namespace {

class Writer {
 public:
  Writer(Defaults defaults, json::storage_ptr storage) : defaults_(defaults), storage_(std::move(storage)) {}

  template <HasFields T>
  json::object table(const T& spec) const {
    json::object object(storage_);
    const T initial{};
    for_each_field<T>([&](const auto& field) {
      const auto& member = spec.*field.member;
      const bool is_default =
          defaults_ == Defaults::omitted && field.presence == Presence::optional && member == initial.*field.member;
      if (is_default || is_empty(member)) return;
      object.emplace(field.name, value(member));
    });
    return object;
  }

  // Its metadata has neither a name nor a namespace of its own.
  json::object pod_template(const PodTemplate& spec) const {
    json::object object(storage_);
    object.emplace("metadata", Writer(Defaults::omitted, storage_).table(spec.metadata));
    object.emplace("spec", table(spec.spec));
    return object;
  }

 private:
  template <class T>
  static bool is_empty(const T& value) {
    if constexpr (NamedEnum<T>) return enum_name(value).empty();
    if constexpr (requires { value.has_value(); }) return !value.has_value();
    if constexpr (requires { value.empty(); }) return value.empty();
    return false;
  }

  json::value value(bool flag) const { return flag; }
  template <std::integral T>
  json::value value(T number) const {
    return static_cast<std::int64_t>(number);
  }
  // 2 rather than 2E0.
  json::value value(double number) const {
    const double whole = std::nearbyint(number);
    if (whole == number && std::abs(number) < 1e15) return static_cast<std::int64_t>(whole);
    return number;
  }
  json::value value(const std::string& text) const { return json::value(text, storage_); }
  json::value value(Duration duration) const {
    if (duration % seconds(1) == Duration{0}) return whole_seconds(duration);
    return std::chrono::duration<double>(duration).count();
  }
  json::value value(const IntOrString& either) const {
    return std::visit([&](const auto& each) { return value(each); }, either);
  }
  json::value value(const Labels& labels) const {
    json::object object(storage_);
    for (const auto& [key, text] : labels) object.emplace(key, value(text));
    return object;
  }
  template <NamedEnum E>
  json::value value(E each) const {
    return json::value(enum_name(each), storage_);
  }
  template <HasFields T>
  json::value value(const T& spec) const {
    return table(spec);
  }
  json::value value(const PodTemplate& spec) const { return pod_template(spec); }
  template <class T>
  json::value value(const std::optional<T>& maybe) const {
    return value(*maybe);
  }
  template <class T>
  json::value value(const Boxed<T>& maybe) const {
    return value(*maybe);
  }
  template <class T>
  json::value value(const std::vector<T>& list) const {
    json::array array(storage_);
    array.reserve(list.size());
    for (const T& each : list) array.push_back(value(each));
    return array;
  }

  Defaults defaults_;
  json::storage_ptr storage_;
};

}  // namespace

std::string_view api_version(Kind kind) noexcept {
  switch (kind) {
    case Kind::pod:
    case Kind::service:
    case Kind::node:
      return "v1";
    case Kind::deployment:
    case Kind::replica_set:
      return "apps/v1";
  }
  return "v1";
}

json::object to_json(const ObjectMeta& metadata, Defaults defaults, json::storage_ptr storage) {
  return Writer(defaults, std::move(storage)).table(metadata);
}
json::object to_json(const PodSpec& spec, Defaults defaults, json::storage_ptr storage) {
  return Writer(defaults, std::move(storage)).table(spec);
}
json::object to_json(const DeploymentSpec& spec, Defaults defaults, json::storage_ptr storage) {
  return Writer(defaults, std::move(storage)).table(spec);
}
json::object to_json(const PodTemplate& pod_template, Defaults defaults, json::storage_ptr storage) {
  return Writer(defaults, std::move(storage)).pod_template(pod_template);
}
json::object to_json(const ServiceSpec& spec, Defaults defaults, json::storage_ptr storage) {
  return Writer(defaults, std::move(storage)).table(spec);
}

json::object to_json(const Object& object, Defaults defaults, json::storage_ptr storage) {
  const Kind kind = ref_of(object).kind;
  json::object manifest(storage);
  manifest.emplace("apiVersion", api_version(kind));
  manifest.emplace("kind", kind_name(kind));
  std::visit(
      [&](const auto& each) {
        for (auto& [key, value] : Writer(defaults, storage).table(each)) manifest.emplace(key, std::move(value));
      },
      object);
  return manifest;
}

}  // namespace reeve::config
