#pragma once
// Which names Kubernetes accepts, each rule with its text (apimachinery/pkg/util/validation/validation.go).
// Every function returns what is wrong with the name; nothing if it is fine.

#include <string>
#include <string_view>
#include <vector>

namespace reeve {

using NameFaults = std::vector<std::string>;

NameFaults dns_label_faults(std::string_view name);      // IsDNS1123Label
NameFaults dns_subdomain_faults(std::string_view name);  // IsDNS1123Subdomain
NameFaults service_name_faults(std::string_view name);   // IsDNS1035Label
NameFaults port_name_faults(std::string_view name);      // IsValidPortName
NameFaults header_name_faults(std::string_view name);    // IsHTTPHeaderName
NameFaults env_name_faults(std::string_view name);       // IsRelaxedEnvVarName
NameFaults label_key_faults(std::string_view key);       // IsQualifiedName
NameFaults label_value_faults(std::string_view value);   // IsValidLabelValue
NameFaults percent_faults(std::string_view text);        // IsValidPercent

}  // namespace reeve
