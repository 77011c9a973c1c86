#include "runtime/launch.hpp"

#include "runtime/pod_files.hpp"

#include <reeve/core/expand.hpp>

#include <unistd.h>

namespace reeve::runtime {
namespace {

// What a program finds in its environment before its image and its container say more. Nothing of reeve's own.
std::vector<NameValue> base_environment(const PodIdentity& pod) {
  return {{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
          {"HOME", ::geteuid() == 0 ? "/root" : "/"},
          {"HOSTNAME", host_name_of(pod)},
          {pod_uid_variable, pod.uid}};
}

Result<ImageSpec> image_of(const ContainerSpec& container, const Images& images) {
  if (container.image.empty()) return ImageSpec{};
  if (const ImageSpec* found = find_image(images, container.image)) return *found;
  return fail("no root directory is known for image \"" + container.image + "\": write [images] \"" + container.image +
              "\" = \"/its/root\", or \"*\" = \"/\"");
}

}  // namespace

Result<linux::ProcessSpec> container_process(const PodIdentity& pod, const PodSpec& spec,
                                             const ContainerSpec& container, const Environment& environment,
                                             const Images& images, Isolation default_isolation) {
  REEVE_TRY(const ImageSpec image, image_of(container, images));
  auto variables = base_environment(pod);
  variables.insert(variables.end(), environment.given.begin(), environment.given.end());
  variables = expand_environment(expand_environment(variables, image.env), environment.own);
  linux::ProcessSpec process;
  process.argv = expand(container.command.empty() ? image.entrypoint : container.command, variables);
  for (std::string& each : expand(container.args, variables)) process.argv.push_back(std::move(each));
  if (process.argv.empty()) {
    return fail("container " + container.name + " names no program: write command = [\"/path/to/program\"]");
  }
  for (const NameValue& each : variables) process.environment.push_back(each.name + "=" + each.value);
  process.working_directory = container.working_dir.empty() ? image.working_dir : container.working_dir;
  process.root_directory = image.root;
  const bool is_private = spec.isolation.value_or(default_isolation) == Isolation::private_namespaces;
  process.isolation = is_private ? linux::Isolation::private_namespaces : linux::Isolation::none;
  return process;
}

}  // namespace reeve::runtime
