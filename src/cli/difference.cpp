#include "cli/difference.hpp"

#include "cli/json.hpp"
#include "cli/revisions.hpp"

#include <reeve/api/unserved.hpp>
#include <reeve/config/load.hpp>
#include <reeve/config/write.hpp>
#include <reeve/core/replica_set.hpp>

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace reeve::cli {
namespace json = boost::json;
namespace {

void compare(const std::string& path, const json::value* running, const json::value* written,
             std::vector<Difference>& found);

std::string within(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

void compare_objects(const std::string& path, const json::object& running, const json::object& written,
                     std::vector<Difference>& found) {
  for (const auto& each : running) {
    compare(within(path, each.key()), &each.value(), written.if_contains(each.key()), found);
  }
  for (const auto& each : written) {
    if (!running.contains(each.key())) compare(within(path, each.key()), nullptr, &each.value(), found);
  }
}

bool has_names(const json::array& list) {
  return !list.empty() &&
         std::ranges::all_of(list, [](const json::value& each) { return find(each, "name") != nullptr; });
}

void compare_named(const std::string& path, const json::array& running, const json::array& written,
                   std::vector<Difference>& found) {
  for (const json::value& each : running) {
    const std::string name = text_at(each, "name");
    compare(path + "[" + name + "]", &each, named(written, name), found);
  }
  for (const json::value& each : written) {
    const std::string name = text_at(each, "name");
    if (named(running, name) == nullptr) compare(path + "[" + name + "]", nullptr, &each, found);
  }
}

std::optional<std::string> shown(const json::value* value) {
  if (value == nullptr) return std::nullopt;
  return value->is_double() ? number_text(value->get_double()) : json::serialize(*value);
}

void compare(const std::string& path, const json::value* running, const json::value* written,
             std::vector<Difference>& found) {
  if (running != nullptr && written != nullptr) {
    if (*running == *written) return;
    if (running->is_object() && written->is_object()) {
      return compare_objects(path, running->get_object(), written->get_object(), found);
    }
    if (running->is_array() && written->is_array() && has_names(running->get_array()) &&
        has_names(written->get_array())) {
      return compare_named(path, running->get_array(), written->get_array(), found);
    }
  }
  found.push_back({path, shown(running), shown(written)});
}

// What no file says: where a pod runs and how it is.
json::value without_server_s(json::value object) {
  json::object* const members = object.if_object();
  if (members == nullptr) return object;
  members->erase("status");
  json::value* const spec = members->if_contains("spec");
  if (spec != nullptr && spec->is_object()) spec->get_object().erase("nodeName");
  return object;
}

// What the server wrote into an object that nobody asked for.
void forget_chosen(Object& running, const Object& written) {
  std::visit(
      [](auto& each) {
        std::erase_if(each.metadata.annotations,
                      [](const auto& note) { return note.first.starts_with("deployment.kubernetes.io/"); });
      },
      running);
  auto* const service = std::get_if<ServiceObject>(&running);
  const auto* const wanted = std::get_if<ServiceObject>(&written);
  if (service == nullptr || wanted == nullptr) return;
  if (wanted->spec.cluster_ip.empty()) service->spec.cluster_ip.clear();
  for (std::size_t i = 0; i < std::min(service->spec.ports.size(), wanted->spec.ports.size()); ++i) {
    const ServicePort& port = wanted->spec.ports[i];
    if (!port.node_port) service->spec.ports[i].node_port.reset();
    if (!port.target_port) service->spec.ports[i].target_port.reset();
  }
}

// What a manifest may hold without effect becomes one annotation, which a file does not have.
void note_unserved(json::value& object) {
  for (const Kind kind : {Kind::pod, Kind::deployment, Kind::service}) {
    if (object.is_object() && text_at(object, "kind") == kind_name(kind)) {
      static_cast<void>(api::take_unserved(object.get_object(), kind));
    }
  }
}

std::optional<Object> read_running(const json::value& running) {
  json::value object = without_server_s(running);
  note_unserved(object);
  const config::Source source{"reeve", json::serialize(object), config::Format::json};
  auto read = config::parse({&source, 1}, config::ImagesKnown::elsewhere);
  if (!read || read->objects.size() != 1) return std::nullopt;
  return std::move(read->objects.front().object);
}

void keep(const char* key, const Labels& from, Labels& to) {
  if (const auto found = from.find(key); found != from.end()) to.insert(*found);
}

}  // namespace

std::string describe(const Difference& difference) {
  if (!difference.written) return difference.field + ": " + *difference.running + " (removed)";
  if (!difference.running) return difference.field + ": " + *difference.written + " (added)";
  return difference.field + ": " + *difference.running + " -> " + *difference.written;
}

std::vector<Difference> differences(const json::value& running, const json::value& written) {
  std::vector<Difference> found;
  compare("", &running, &written, found);
  return found;
}

std::optional<std::vector<Difference>> differences(const json::value& running, const Object& written) {
  auto object = read_running(running);
  if (!object) return std::nullopt;
  forget_chosen(*object, written);
  return differences(config::to_json(*object, config::Defaults::included),
                     config::to_json(written, config::Defaults::included));
}

Object with_what_commands_wrote(const json::value& running, Object written) {
  auto* const wanted = std::get_if<DeploymentObject>(&written);
  if (wanted == nullptr) return written;
  const auto object = read_running(running);
  const auto* const current = object ? std::get_if<DeploymentObject>(&*object) : nullptr;
  if (current == nullptr) return written;
  const PodTemplate& template_now = current->spec.pod_template;
  wanted->spec.paused = wanted->spec.paused || current->spec.paused;
  keep(restarted_at, template_now.metadata.annotations, wanted->spec.pod_template.metadata.annotations);
  if (wanted->spec.pod_template == template_now) {
    keep(annotation::change_cause, current->metadata.annotations, wanted->metadata.annotations);
  }
  return written;
}

}  // namespace reeve::cli
