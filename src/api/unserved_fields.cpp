// The list itself: what becomes of each field.
#include <reeve/api/unserved.hpp>

#include <algorithm>
#include <array>

namespace reeve::api {
namespace {

constexpr std::string_view one_machine = "there is one machine";
constexpr std::string_view no_accounts = "there are no service accounts";
constexpr std::string_view no_limits = "nothing is limited or reserved";
constexpr std::string_view no_volumes = "there are no volumes: the program would not find its files";
constexpr std::string_view no_maps = "there are no config maps, secrets and resource fields: write the value";
constexpr std::string_view not_secured = "it would run with other rights than it asks for";
constexpr std::string_view host_names = "names are resolved as on this machine";
constexpr std::string_view no_terminal = "a container has no standard input";
constexpr std::string_view not_here = "reeve does not serve it yet";

using enum Treatment;
constexpr std::array unserved{
    // metadata
    UnservedField{"generateName", kept, ""},
    UnservedField{"ownerReferences", kept, ""},
    UnservedField{"finalizers", refused, "nothing would wait for them"},
    // spec of a pod
    UnservedField{"volumes", refused, no_volumes},
    UnservedField{"nodeName", warned, one_machine},
    UnservedField{"nodeSelector", warned, one_machine},
    UnservedField{"serviceAccount", warned, no_accounts},
    UnservedField{"serviceAccountName", warned, no_accounts},
    UnservedField{"automountServiceAccountToken", kept, ""},
    UnservedField{"securityContext", refused, not_secured},
    UnservedField{"imagePullSecrets", kept, ""},
    UnservedField{"hostname", warned, "the host name is the pod's name"},
    UnservedField{"subdomain", warned, host_names},
    UnservedField{"hostNetwork", warned, "write network = \"host\", which is the default"},
    UnservedField{"hostPID", refused, "write isolation = \"none\""},
    UnservedField{"hostIPC", refused, "write isolation = \"none\""},
    UnservedField{"hostUsers", warned, not_here},
    UnservedField{"hostAliases", refused, host_names},
    UnservedField{"shareProcessNamespace", refused, not_here},
    UnservedField{"affinity", warned, one_machine},
    UnservedField{"tolerations", kept, ""},
    UnservedField{"schedulerName", kept, ""},
    UnservedField{"schedulingGates", refused, "nothing would wait for them"},
    UnservedField{"priority", kept, ""},
    UnservedField{"priorityClassName", kept, ""},
    UnservedField{"preemptionPolicy", kept, ""},
    UnservedField{"dnsPolicy", kept, ""},
    UnservedField{"dnsConfig", warned, host_names},
    UnservedField{"readinessGates", refused, "the pod would be ready without them"},
    UnservedField{"runtimeClassName", warned, "reeve is the one runtime"},
    UnservedField{"enableServiceLinks", kept, ""},
    UnservedField{"overhead", kept, ""},
    UnservedField{"topologySpreadConstraints", warned, one_machine},
    UnservedField{"setHostnameAsFQDN", warned, host_names},
    UnservedField{"os", kept, ""},
    UnservedField{"resourceClaims", refused, not_here},
    UnservedField{"ephemeralContainers", refused, not_here},
    UnservedField{"resources", warned, no_limits},
    UnservedField{"fsGroup", refused, not_secured},
    // a container
    UnservedField{"envFrom", refused, no_maps},
    UnservedField{"resizePolicy", kept, ""},
    UnservedField{"volumeMounts", refused, no_volumes},
    UnservedField{"volumeDevices", refused, no_volumes},
    UnservedField{"stdin", warned, no_terminal},
    UnservedField{"stdinOnce", warned, no_terminal},
    UnservedField{"tty", warned, no_terminal},
    UnservedField{"restartPolicyRules", refused, not_here},
    UnservedField{"terminationMessagePath", kept, ""},
    UnservedField{"terminationMessagePolicy", kept, ""},
    UnservedField{"logBytes", refused, "write logBytes under [supervisor]"},
    UnservedField{"resourceFieldRef", refused, no_maps},
    UnservedField{"configMapKeyRef", refused, no_maps},
    UnservedField{"secretKeyRef", refused, no_maps},
    UnservedField{"fileKeyRef", refused, no_maps},
    UnservedField{"hostPort", refused, "write a Service of type NodePort, or listen"},
    UnservedField{"hostIP", refused, "write a Service of type NodePort, or listen"},
    UnservedField{"grpc", refused, not_here},
    UnservedField{"tcpSocket", kept, ""},  // of a hook, where Kubernetes does nothing either
    // deployments
    UnservedField{"matchExpressions", refused, "write matchLabels"},
    UnservedField{"rollbackTo", refused, "use rollout undo"},
    // services
    UnservedField{"appProtocol", kept, ""},
    UnservedField{"clusterIPs", kept, ""},
    UnservedField{"ipFamilies", kept, ""},
    UnservedField{"ipFamilyPolicy", kept, ""},
    UnservedField{"externalIPs", refused, "write listen"},
    UnservedField{"externalName", refused, "there is no name service"},
    UnservedField{"externalTrafficPolicy", kept, ""},
    UnservedField{"internalTrafficPolicy", kept, ""},
    UnservedField{"healthCheckNodePort", warned, not_here},
    UnservedField{"loadBalancerIP", warned, "it is served on every address of this machine"},
    UnservedField{"loadBalancerClass", warned, "it is served on every address of this machine"},
    UnservedField{"loadBalancerSourceRanges", refused, "anybody could connect"},
    UnservedField{"allocateLoadBalancerNodePorts", kept, ""},
    UnservedField{"trafficDistribution", kept, ""},
    UnservedField{"proxyProtocol", refused, not_here},
};

}  // namespace

std::span<const UnservedField> unserved_fields() noexcept { return unserved; }

const UnservedField* find_unserved(std::string_view name) noexcept {
  const auto found = std::ranges::find(unserved, name, &UnservedField::name);
  return found == unserved.end() ? nullptr : &*found;
}

}  // namespace reeve::api
