// reeve set: other images, variables or command lines, each an update (kubectl/pkg/cmd/set).
#include "cli/deployments.hpp"
#include "cli/group.hpp"
#include "cli/json.hpp"

#include <reeve/cli/cli.hpp>
#include <reeve/core/text.hpp>

#include <algorithm>

namespace reeve::cli {
namespace json = boost::json;
namespace {

// "web=nginx:1.27", "*=nginx", "KEY=value", "KEY-".
struct Assignment {
  std::string name;
  std::optional<std::string> value;  // unset: it is to go
};

struct Words {
  std::vector<std::string> objects;
  std::vector<Assignment> assignments;
};

Words sorted(const std::vector<std::string>& words) {
  Words sorted;
  for (const std::string& each : words) {
    const std::size_t equals = each.find('=');
    if (equals != std::string::npos) {
      sorted.assignments.push_back({each.substr(0, equals), each.substr(equals + 1)});
    } else if (each.size() > 1 && each.ends_with('-')) {
      sorted.assignments.push_back({each.substr(0, each.size() - 1), std::nullopt});
    } else {
      sorted.objects.push_back(each);
    }
  }
  return sorted;
}

// The containers of the template that a change may touch.
std::vector<json::object*> containers_of(json::object& deployment, std::initializer_list<std::string_view> lists) {
  std::vector<json::object*> all;
  json::object& spec = member_object(deployment, {"spec", "template", "spec"});
  for (const std::string_view list : lists) {
    json::value* const found = spec.if_contains(list);
    if (found == nullptr || !found->is_array()) continue;
    for (json::value& each : found->as_array()) {
      if (each.is_object()) all.push_back(&each.as_object());
    }
  }
  return all;
}

tl::unexpected<Error> no_container(const std::string& name) {
  return fail("unable to find container named " + quoted(name));
}

// Puts a value, or takes the member away; true if that is another than before.
bool put(json::object& object, std::string_view key, const std::optional<json::value>& value) {
  const json::value* const before = object.if_contains(key);
  if (value ? before != nullptr && *before == *value : before == nullptr) return false;
  if (value) {
    object[key] = *value;
  } else {
    object.erase(key);
  }
  return true;
}

// Changes containers of each deployment; true: something became different.
using Change = std::function<Result<bool>(json::object& deployment)>;

int change_each(const Session& session, const ChangeCause& cause, const std::vector<std::string>& objects,
                const std::string& what, const Change& change) {
  return for_each_deployment(objects, [&](const std::string& name) -> Result<std::string> {
    REEVE_TRY(const bool is_changed, update(session, name, [&](json::object& deployment) -> Result<bool> {
                REEVE_TRY(const bool is_other, change(deployment));
                return cause.write_to(deployment) || is_other;
              }));
    return what + (is_changed ? " updated" : " unchanged");
  });
}

Result<bool> set_images(json::object& deployment, const std::vector<Assignment>& images) {
  bool is_changed = false;
  for (const Assignment& each : images) {
    bool any = false;
    for (json::object* container : containers_of(deployment, {"initContainers", "containers"})) {
      if (each.name != "*" && text_at(*container, "name") != each.name) continue;
      any = true;
      if (!put(*container, "image", json::value(*each.value))) continue;
      is_changed = true;
      container->erase("imagePullPolicy");  // it follows from the image
    }
    if (!any) return no_container(each.name);
  }
  return is_changed;
}

bool set_variable(json::object& container, const Assignment& variable) {
  json::array list = list_at(container, "env");
  const auto found =
      std::ranges::find_if(list, [&](const json::value& each) { return text_at(each, "name") == variable.name; });
  if (!variable.value) {
    if (found == list.end()) return false;
    list.erase(found);
  } else if (found == list.end()) {
    list.push_back(json::object{{"name", variable.name}, {"value", *variable.value}});
  } else if (!put(found->as_object(), "value", json::value(*variable.value))) {
    return false;
  }
  container["env"] = std::move(list);
  return true;
}

Result<bool> set_variables(json::object& deployment, const std::string& container_name,
                           const std::vector<Assignment>& variables) {
  bool is_changed = false, any = false;
  for (json::object* container : containers_of(deployment, {"containers"})) {
    if (container_name != "*" && text_at(*container, "name") != container_name) continue;
    any = true;
    for (const Assignment& each : variables) is_changed = set_variable(*container, each) || is_changed;
  }
  if (!any) return no_container(container_name);
  return is_changed;
}

// The one that is named, or the only one there is.
Result<json::object*> one_container(json::object& deployment, const std::string& name) {
  const std::vector<json::object*> all = containers_of(deployment, {"containers"});
  std::string names;
  for (json::object* each : all) {
    const std::string its = text_at(*each, "name");
    if (its == name || (name.empty() && all.size() == 1)) return each;
    names += (names.empty() ? "" : ", ") + its;
  }
  if (!name.empty()) return no_container(name);
  return fail("a container name must be specified by -c, choose one of: " + names);
}

Result<bool> set_line(json::object& deployment, const std::string& container_name,
                      const std::vector<std::string>& words) {
  REEVE_TRY(json::object* const container, one_container(deployment, container_name));
  const bool other_command = put(*container, "command", json::value(json::array(words.begin(), words.end())));
  return put(*container, "args", std::nullopt) || other_command;
}

Option container_option(std::string_view doc, std::string& target) {
  return text("-c", "--container", "NAME", doc, target);
}

}  // namespace

int set_image_command(const Command& command, std::span<const std::string> arguments) {
  Session session;
  ChangeCause cause(command, arguments);
  const Arguments read = read_arguments(command, arguments, session.options(cause.with_options({})));
  if (read.exit_code) return *read.exit_code;
  const Words words = sorted(read.words);
  const auto is_removal = [](const Assignment& each) { return !each.value || each.value->empty(); };
  if (words.assignments.empty()) return failed("at least one image update is required");
  if (std::ranges::any_of(words.assignments, is_removal)) return misused(command, "write CONTAINER=IMAGE, or *=IMAGE");
  const bool has_all = std::ranges::count(words.assignments, "*", &Assignment::name) > 0;
  if (has_all && words.assignments.size() > 1) {
    return failed(
        "all containers are already specified by *, but saw more than one container_name=container_image pairs");
  }
  return change_each(session, cause, words.objects, "image",
                     [&](json::object& deployment) { return set_images(deployment, words.assignments); });
}

int set_env_command(const Command& command, std::span<const std::string> arguments) {
  Session session;
  ChangeCause cause(command, arguments);
  std::string container = "*";
  const Arguments read = read_arguments(
      command, arguments,
      session.options(cause.with_options({container_option("only this container; else all of them", container)})));
  if (read.exit_code) return *read.exit_code;
  const Words words = sorted(read.words);
  if (words.assignments.empty()) return failed("at least one environment variable must be provided");
  return change_each(session, cause, words.objects, "env",
                     [&](json::object& deployment) { return set_variables(deployment, container, words.assignments); });
}

int set_command_command(const Command& command, std::span<const std::string> arguments) {
  Session session;
  ChangeCause cause(command, arguments);
  std::string container;
  const auto dashes = std::ranges::find(arguments, "--");
  const auto options = static_cast<std::size_t>(dashes - arguments.begin());
  const Arguments read = read_arguments(
      command, arguments.first(options),
      session.options(cause.with_options({container_option("of this container; else of the only one", container)})));
  if (read.exit_code) return *read.exit_code;
  const bool has_line = options + 1 < arguments.size();
  if (read.words.empty() || !has_line) return misused(command, "write the command line after --");
  const std::vector<std::string> words(dashes + 1, arguments.end());
  return change_each(session, cause, read.words, "command",
                     [&](json::object& deployment) { return set_line(deployment, container, words); });
}

}  // namespace reeve::cli
