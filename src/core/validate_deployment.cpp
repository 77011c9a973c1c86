#include "core/validate_deployment.hpp"

#include "core/validate_fields.hpp"

#include <reeve/core/fixed_port.hpp>
#include <reeve/core/rollout.hpp>
#include <reeve/core/service.hpp>

namespace reeve {
namespace {

// ValidateDeploymentSpec, ValidatePodTemplateSpecForReplicaSet.
void check_template(FieldErrors& errors, const DeploymentSpec& deployment) {
  const PodTemplate& pod = deployment.pod_template;
  const Labels& selector = deployment.selector.match_labels;
  check_labels(errors, "spec.selector.matchLabels", selector);
  check_labels(errors, "spec.template.metadata.labels", pod.metadata.labels);
  if (selector.empty()) {
    errors.invalid("spec.selector", "{}", "empty selector is invalid for deployment");
  } else if (!selects(selector, pod.metadata.labels)) {
    errors.invalid("spec.template.metadata.labels", as_json(pod.metadata.labels),
                   "`selector` does not match template `labels`");
  }
  if (pod.spec.restart_policy != RestartPolicy::always) {
    errors.unsupported("spec.template.spec.restartPolicy", enum_name(pod.spec.restart_policy),
                       enum_name(RestartPolicy::always));
  }
  if (pod.spec.active_deadline) {
    errors.forbidden("spec.template.spec.activeDeadlineSeconds",
                     "activeDeadlineSeconds in ReplicaSet is not Supported");
  }
}

// 0, "0%", and as in Kubernetes a text that is no percentage but the number 0.
bool is_zero(const IntOrString& either) {
  if (const auto percent = rollout::percentage(either)) return *percent == 0;
  const auto* text = std::get_if<std::string>(&either);
  return text != nullptr ? text->find_first_not_of('0') == std::string::npos : std::get<std::int32_t>(either) == 0;
}

// ValidateDeploymentStrategy, ValidateRollingUpdateDeployment.
void check_strategy(FieldErrors& errors, const DeploymentStrategy& strategy) {
  if (!strategy.rolling_update) return;
  const std::string path = "spec.strategy.rollingUpdate";
  if (strategy.type == StrategyType::recreate) {
    return errors.forbidden(path, "may not be specified when strategy `type` is 'Recreate'");
  }
  const IntOrString& unavailable = strategy.rolling_update->max_unavailable;
  if (is_zero(unavailable) && is_zero(strategy.rolling_update->max_surge)) {
    errors.invalid(path + ".maxUnavailable", printed(unavailable), "may not be 0 when `maxSurge` is 0");
  }
  if (rollout::percentage(unavailable).value_or(0) > 100) {
    errors.invalid(path + ".maxUnavailable", printed(unavailable), "must not be greater than 100%");
  }
}

void check_deadline(FieldErrors& errors, const DeploymentSpec& deployment) {
  if (deployment.progress_deadline > deployment.min_ready) return;
  errors.invalid("spec.progressDeadlineSeconds", in_seconds(deployment.progress_deadline),
                 "must be greater than minReadySeconds");
}

// Reeve's own rule (core/fixed_port.hpp), where the copies may not be isolated.
void check_collision(FieldErrors& errors, const DeploymentSpec& deployment) {
  const PodSpec& pod = deployment.pod_template.spec;
  const bool shares_host = pod.network == Network::host;
  const bool cannot_isolate = !pod.network && pod.isolation == Isolation::none;
  if ((!shares_host && !cannot_isolate) || !copies_collide(deployment)) return;
  const std::string why = "this deployment may have " + std::to_string(rollout::limits_of(deployment).total_max()) +
                          " pods at a time, and only one can listen on " + *fixed_port(pod) +
                          " in the host's network: ";
  const std::string any_port =
      ", or write containerPort = 0 and let the program listen on the port that it finds in "
      "PORT or PORT_<NAME>";
  if (shares_host) {
    errors.invalid("spec.template.spec.network", quoted(enum_name(Network::host)),
                   why + "leave network out or write network = \"isolated\"" + any_port);
  } else {
    errors.invalid("spec.template.spec.isolation", quoted(enum_name(Isolation::none)),
                   why + "leave isolation out, which gives each an isolated network" + any_port);
  }
}

}  // namespace

void check_deployment(FieldErrors& errors, const DeploymentSpec& deployment) {
  check_template(errors, deployment);
  check_strategy(errors, deployment.strategy);
  check_deadline(errors, deployment);
  check_collision(errors, deployment);
}

std::vector<FieldError> validate_update(const Object& object, const Object& current) {
  const auto* wanted = std::get_if<DeploymentObject>(&object);
  const auto* running = std::get_if<DeploymentObject>(&current);
  FieldErrors errors;
  if (wanted != nullptr && running != nullptr && wanted->spec.selector != running->spec.selector) {
    errors.invalid("spec.selector", "{\"matchLabels\":" + as_json(wanted->spec.selector.match_labels) + "}",
                   "field is immutable");
  }
  return errors.take();
}

}  // namespace reeve
