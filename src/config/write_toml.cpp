#include "config/write_toml.hpp"

#include <reeve/config/write.hpp>
#include <reeve/core/text.hpp>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <map>
#include <string_view>

namespace reeve::config {
namespace json = boost::json;
namespace {

std::string view_of(json::string_view text) { return {text.data(), text.size()}; }

// JSON escapes all that TOML wants escaped but DEL.
std::string quoted_text(std::string_view text) {
  std::string out;
  for (const char c : json::serialize(json::value(json::string(text))))
    c == 127 ? out.append("\\u007F") : out.append(1, c);
  return out;
}

std::string key_text(std::string_view key) {
  const auto is_bare = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !key.empty() && std::ranges::all_of(key, is_bare) ? std::string(key) : quoted_text(key);
}

std::string inline_value(const json::value& value) {
  if (const auto* object = value.if_object()) {
    std::string text;
    for (const auto& [key, each] : *object) {
      text += (text.empty() ? " " : ", ") + key_text(view_of(key)) + " = " + inline_value(each);
    }
    return '{' + text + " }";
  }
  if (const auto* list = value.if_array()) {
    std::string text;
    for (const json::value& each : *list) text += (text.empty() ? "" : ", ") + inline_value(each);
    return '[' + text + ']';
  }
  if (const auto* text = value.if_string()) return quoted_text({text->data(), text->size()});
  return value.is_double() ? printed(value.get_double()) : json::serialize(value);
}

json::object take_object(json::object& from, std::string_view key) {
  json::object taken;
  if (json::value* const found = from.if_contains(key); found != nullptr && found->is_object()) {
    taken = std::move(found->as_object());
  }
  from.erase(key);
  return taken;
}

json::array take_list(json::object& from, std::string_view key) {
  json::array taken;
  if (json::value* const found = from.if_contains(key)) taken = std::move(found->as_array());
  from.erase(key);
  return taken;
}

class TomlWriter {
 public:
  std::string take() { return std::move(text_); }

  void workload(const Object& object, json::object manifest) {
    const bool is_deployment = std::holds_alternative<DeploymentObject>(object);
    const std::string header = (is_deployment ? "deployment." : "pod.") + key_text(metadata_of(object).name);
    json::object metadata = take_object(manifest, "metadata");
    json::object spec = take_object(manifest, "spec");
    json::object pod = is_deployment ? take_object(spec, "template") : json::object();
    begin(header);
    const json::object labels = metadata_keys(metadata, metadata_of(object).name);
    if (is_deployment) {
      template_keys(pod, metadata);
      selector(spec, labels);
      lines(spec);
      spec = take_object(pod, "spec");
    }
    containers(header, metadata_of(object).name, std::move(spec));
  }

  void service(const Object& object, json::object manifest) {
    json::object metadata = take_object(manifest, "metadata");
    begin("service." + key_text(metadata_of(object).name));
    metadata.erase("name");
    drop_default_namespace(metadata);
    lines(metadata);
    lines(take_object(manifest, "spec"));
  }

 private:
  void begin(const std::string& header) { text_ += (text_.empty() ? "[" : "\n[") + header + "]\n"; }

  void line(std::string_view key, const json::value& value) {
    text_ += key_text(key) + " = " + inline_value(value) + '\n';
  }
  void lines(const json::object& object) {
    for (const auto& [key, value] : object) line(view_of(key), value);
  }

  static void drop_default_namespace(json::object& metadata) {
    const json::value* const name_space = metadata.if_contains("namespace");
    if (name_space != nullptr && *name_space == "default") metadata.erase("namespace");
  }

  // Returns the labels, which are app = NAME unless written.
  json::object metadata_keys(json::object& metadata, const std::string& name) {
    metadata.erase("name");
    drop_default_namespace(metadata);
    const json::object usual{{"app", name}};
    if (!metadata.contains("labels")) metadata["labels"] = json::object();
    json::object labels = metadata["labels"].as_object();
    json::object written = metadata;
    if (labels == usual) written.erase("labels");
    lines(written);
    return labels;
  }

  // The template has the object's labels and annotations unless it says otherwise.
  void template_keys(json::object& pod, const json::object& metadata) {
    json::object own = take_object(pod, "metadata");
    json::object written;
    for (const char* key : {"labels", "annotations"}) {
      json::object mine = take_object(own, key);
      const json::value* const its = metadata.if_contains(key);
      const json::object usual = its == nullptr ? json::object() : its->as_object();
      if (mine != usual) written[key] = std::move(mine);
    }
    if (!written.empty()) line("template", written);
  }

  void selector(json::object& spec, const json::object& labels) {
    const json::object usual{{"matchLabels", labels}};
    const json::value* const given = spec.if_contains("selector");
    if (given == nullptr) {
      spec["selector"] = json::object();  // without any it would be the labels
    } else if (*given == json::value(usual)) {
      spec.erase("selector");
    }
  }

  // One container's keys stand right in the table; several have tables of their own.
  void containers(const std::string& header, const std::string& name, json::object pod) {
    const json::array all = take_list(pod, "containers");
    const json::array inits = take_list(pod, "initContainers");
    const bool is_one = all.size() == 1 && !all.front().as_object().contains("restartPolicy");
    lines(pod);
    if (is_one) {
      json::object only = all.front().as_object();
      if (only["name"] == json::value(name)) only.erase("name");
      lines(only);
    }
    for (const json::value& each : inits) table(header + ".initContainers", each.as_object());
    for (const json::value& each : all) {
      if (!is_one) table(header + ".containers", each.as_object());
    }
  }

  void table(const std::string& header, const json::object& object) {
    text_ += "\n[[" + header + "]]\n";
    lines(object);
  }

  std::string text_;
};

}  // namespace

Result<std::string> written_toml(std::span<const Object> objects) {
  TomlWriter writer;
  std::map<std::pair<Kind, std::string>, std::string> tables;
  for (const Object& each : objects) {
    const ObjectRef ref = ref_of(each);
    const auto [found, is_new] = tables.emplace(std::pair(ref.kind, ref.name), ref.name_space);
    if (!is_new) {
      return fail("cannot write " + std::string(kind_name(ref.kind)) + " " + quoted(ref.name) + " of namespaces " +
                  quoted(found->second) + " and " + quoted(ref.name_space) +
                  " as TOML, which has one table for a name: convert one namespace after the other");
    }
    json::object manifest = to_json(each, Defaults::omitted);
    ref.kind == Kind::service ? writer.service(each, std::move(manifest)) : writer.workload(each, std::move(manifest));
  }
  return writer.take();
}

}  // namespace reeve::config
