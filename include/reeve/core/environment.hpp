#pragma once
// The variables of a container: what it asks for and what reeve gives (pkg/kubelet/kubelet_pods.go
// makeEnvironmentVariables, pkg/kubelet/envvars/envvars.go).

#include <reeve/core/spec.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace reeve {

class Pod;
class Surroundings;

struct Environment {
  std::vector<NameValue> given;  // by reeve; an image and the container itself may say otherwise
  std::vector<NameValue> own;    // the container's, each reference replaced; $(NAME) is still to be expanded
};

// What a container is started with now. Nothing: reeve gives nothing and the container refers to nothing, so that its
// environment is as written.
std::shared_ptr<const Environment> environment_of(const ContainerSpec& container, const Pod& pod,
                                                  const Surroundings& around);

// The variables as written, those that refer to something empty. Kubernetes expands the commands of exec probes by
// these.
std::vector<NameValue> written_environment(const ContainerSpec& container);

// "metadata.labels['app']" in two parts; the second is empty for a path without a subscript
// (pkg/fieldpath/fieldpath.go SplitMaybeSubscriptedPath).
struct FieldPath {
  std::string_view path;
  std::string_view subscript;
  bool has_subscript = false;
};
FieldPath split_field_path(std::string_view text);

}  // namespace reeve
