#include <reeve/api/unserved.hpp>

#include "api/patch.hpp"

#include <reeve/config/node.hpp>
#include <reeve/core/fields.hpp>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <optional>

namespace reeve::api {
namespace json = boost::json;
namespace {

constexpr std::string_view annotation = "reeve.dev/unserved-fields";

bool says_nothing(const json::value& value) {
  if (const auto* flag = value.if_bool()) return !*flag;
  if (const auto* text = value.if_string()) return text->empty();
  if (const auto* list = value.if_array()) return list->empty();
  if (const auto* object = value.if_object()) return object->empty();
  return value.is_null();
}

template <class T>
bool is_unserved(std::string_view name) {
  const auto& later = FieldsOf<T>::later;
  return std::find(later.begin(), later.end(), name) != later.end();
}

// Walks a manifest beside the list of fields that reeve serves.
class Taker {
 public:
  explicit Taker(Unserved& found) : found_(found) {}

  // Takes them out of an object that is a T; what is kept has the same shape.
  template <HasFields T>
  json::object take(json::object& given, const std::string& path) {
    json::object kept;
    std::vector<std::string> names;
    for (const auto& [name, value] : given) names.emplace_back(name.data(), name.size());
    for (const std::string& name : names) {
      if (is_unserved<T>(name)) take_one(given, name, path, kept);
    }
    for_each_field<T>([&](const auto& field) {
      json::value* const inner = given.if_contains(field.name);
      if (inner == nullptr) return;
      json::value rest = take_inside(field.member, *inner, path + '.' + std::string(field.name), field.name);
      if (!rest.is_null()) kept[field.name] = std::move(rest);
    });
    return kept;
  }

 private:
  void take_one(json::object& given, const std::string& name, const std::string& path, json::object& kept) {
    json::value value = std::move(given[name]);
    given.erase(name);
    const UnservedField* const field = find_unserved(name);
    if (says_nothing(value) || field == nullptr) return;
    const std::string place = path.substr(1) + '.' + name;
    if (field->treatment == Treatment::refused) {
      found_.refused.push_back({place, "Forbidden", {}, std::string(field->why)});
      return;
    }
    if (field->treatment == Treatment::warned) {
      found_.warnings.push_back(place + ": kept without effect: " + std::string(field->why));
    }
    kept[name] = std::move(value);
  }

  // Null: nothing was there.
  template <class Owner, class Value>
  json::value take_inside(Value Owner::*, json::value& inner, const std::string& path, std::string_view name) {
    return take_value(static_cast<Value*>(nullptr), inner, path, name);
  }
  template <class T>
  json::value take_value(T*, json::value& inner, const std::string& path, std::string_view) {
    if constexpr (HasFields<T>) {
      auto* const object = inner.if_object();
      if (object == nullptr) return nullptr;
      json::object kept = take<T>(*object, path);
      return kept.empty() ? json::value(nullptr) : json::value(std::move(kept));
    } else {
      return nullptr;
    }
  }
  template <class T>
  json::value take_value(std::optional<T>*, json::value& inner, const std::string& path, std::string_view name) {
    return take_value(static_cast<T*>(nullptr), inner, path, name);
  }
  template <class T>
  json::value take_value(Boxed<T>*, json::value& inner, const std::string& path, std::string_view name) {
    return take_value(static_cast<T*>(nullptr), inner, path, name);
  }
  // An element is found again by its merge key, which is kept beside what was taken.
  template <class T>
  json::value take_value(std::vector<T>*, json::value& inner, const std::string& path, std::string_view name) {
    auto* const list = inner.if_array();
    json::array kept;
    if (list == nullptr) return nullptr;
    const std::string_view key = merge_key(name, *list);
    for (std::size_t i = 0; i < list->size(); ++i) {
      json::value rest = take_value(static_cast<T*>(nullptr), (*list)[i], path + '[' + std::to_string(i) + ']', name);
      if (rest.is_null()) continue;
      const json::value* const its = (*list)[i].as_object().if_contains(key);
      if (its == nullptr) continue;  // such an element is refused anyway
      rest.as_object()[key] = *its;
      kept.push_back(std::move(rest));
    }
    return kept.empty() ? json::value(nullptr) : json::value(std::move(kept));
  }

  Unserved& found_;
};

// Nothing, where it is missing or something else.
json::object* object_in(json::object& object, std::string_view name) {
  json::value* const found = object.if_contains(name);
  return found == nullptr ? nullptr : found->if_object();
}

// Notes what was taken of an object; of a client's own annotation of that name nothing is left.
void note_in(json::object& object, const json::object& kept) {
  json::object* metadata = object_in(object, "metadata");
  json::object* annotations = metadata == nullptr ? nullptr : object_in(*metadata, "annotations");
  if (annotations != nullptr) annotations->erase(annotation);
  if (kept.empty()) return;
  if (metadata == nullptr) metadata = &object["metadata"].emplace_object();
  if (annotations == nullptr) annotations = &(*metadata)["annotations"].emplace_object();
  (*annotations)[annotation] = json::serialize(kept);
}

template <class T>
void take_of(json::object& manifest, Unserved& found) {
  Taker taker(found);
  json::object kept = taker.take<T>(manifest, "");
  kept.erase("metadata");  // what may stand there is the server's own to write
  json::object* const spec = object_in(kept, "spec");
  json::object in_template;
  if (json::object* const pod_template = spec == nullptr ? nullptr : object_in(*spec, "template")) {
    in_template = std::move(*pod_template);
    spec->erase("template");
  }
  if (spec != nullptr && spec->empty()) kept.erase("spec");
  note_in(manifest, kept);
  json::object* const given = object_in(manifest, "spec");
  json::object* const template_given = given == nullptr ? nullptr : object_in(*given, "template");
  if (template_given != nullptr) note_in(*template_given, in_template);
}

}  // namespace

Unserved take_unserved(json::object& manifest, Kind kind) {
  Unserved found;
  if (kind == Kind::pod) take_of<PodObject>(manifest, found);
  if (kind == Kind::deployment) take_of<DeploymentObject>(manifest, found);
  if (kind == Kind::service) take_of<ServiceObject>(manifest, found);
  return found;
}

std::string kept_of(const Object& object) {
  const auto noted = [](const ObjectMeta& metadata) {
    const auto found = metadata.annotations.find(std::string(annotation));
    return found == metadata.annotations.end() ? std::string() : found->second;
  };
  std::string kept = noted(metadata_of(object));
  if (const auto* deployment = std::get_if<DeploymentObject>(&object)) {
    kept += '\n' + noted(deployment->spec.pod_template.metadata);
  }
  return kept;
}

namespace {

void merge_kept(json::object& target, const json::object& kept);

// The elements that something was taken of, which are there still.
void merge_elements(json::array& target, const json::array& kept, std::string_view key) {
  for (const json::value& part : kept) {
    for (json::value& each : target) {
      const json::value* const wanted = part.is_object() ? part.as_object().if_contains(key) : nullptr;
      const json::value* const its = each.is_object() ? each.as_object().if_contains(key) : nullptr;
      if (wanted != nullptr && its != nullptr && *wanted == *its) merge_kept(each.as_object(), part.as_object());
    }
  }
}

// The values themselves stand nowhere else: only the way to them is merged.
void merge_kept(json::object& target, const json::object& kept) {
  for (const auto& [name, value] : kept) {
    json::value* const there = target.if_contains(name);
    if (there == nullptr) {
      target[name] = value;
    } else if (there->is_object() && value.is_object()) {
      merge_kept(there->as_object(), value.as_object());
    } else if (there->is_array() && value.is_array()) {
      merge_elements(there->as_array(), value.as_array(), merge_key({name.data(), name.size()}, there->as_array()));
    }
  }
}

void merge_kept(std::string_view text, json::object& object) {
  json::parse_options options;
  options.max_depth = static_cast<std::size_t>(config::depth_max);
  json::error_code error;
  const json::value kept = json::parse(text, error, {}, options);
  if (!error && kept.is_object()) merge_kept(object, kept.as_object());
}

void put_back_template(json::object& object) {
  json::object* const spec = object_in(object, "spec");
  json::object* const pod_template = spec == nullptr ? nullptr : object_in(*spec, "template");
  if (pod_template != nullptr) put_unserved_back(*pod_template);
}

}  // namespace

void put_unserved_back(Labels& annotations, json::object& object) {
  if (const auto kept = annotations.extract(std::string(annotation))) merge_kept(kept.mapped(), object);
  put_back_template(object);
}

void put_unserved_back(json::object& manifest) {
  json::object* const metadata = object_in(manifest, "metadata");
  json::object* const annotations = metadata == nullptr ? nullptr : object_in(*metadata, "annotations");
  const json::value* const kept = annotations == nullptr ? nullptr : annotations->if_contains(annotation);
  if (kept != nullptr && kept->is_string()) {
    const std::string text(kept->as_string());
    annotations->erase(annotation);
    if (annotations->empty()) metadata->erase("annotations");
    merge_kept(text, manifest);
  }
  put_back_template(manifest);
}

}  // namespace reeve::api
