// What stands beside the objects: [supervisor] and [simulate].
#include "core/address.hpp"
#include "core/validate_fields.hpp"

#include <reeve/core/validate.hpp>

#include <algorithm>
#include <charconv>

namespace reeve {

std::string api_address_fault(std::string_view address) {
  const std::size_t colon = std::min(address.rfind(':'), address.size());
  const std::string_view host = address.substr(0, colon);
  const std::string_view port = address.substr(std::min(colon + 1, address.size()));
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool is_port = !port.empty() && error == std::errc{} && end == port.data() + port.size() && number <= 65535;
  if (is_port && (host == "127.0.0.1" || host == "[::1]")) return {};
  return "must be 127.0.0.1:PORT or [::1]:PORT: who asks is known by the kernel of this machine alone, so nobody "
         "else's connection could be told apart";
}

std::vector<FieldError> validate(const SupervisorSettings& settings) {
  FieldErrors errors;
  FieldWalk(errors).walk("", settings);
  if (!settings.api.empty()) {
    if (std::string fault = api_address_fault(settings.api); !fault.empty()) {
      errors.invalid("api", quoted(settings.api), std::move(fault));
    }
  }
  const auto check_subnet = [&](const char* path, const std::string& subnet) {
    if (is_loopback_subnet(subnet)) return;
    errors.invalid(path, quoted(subnet), "must be \"127.N.0.0/16\" with N from 1 to 255");
  };
  check_subnet("serviceSubnet", settings.service_subnet);
  check_subnet("podSubnet", settings.pod_subnet);
  if (settings.service_subnet == settings.pod_subnet) {
    errors.invalid("podSubnet", quoted(settings.pod_subnet), "must not be the serviceSubnet");
  }
  return errors.take();
}

std::vector<FieldError> validate(const SimulationSpec& simulation) {
  FieldErrors errors;
  FieldWalk(errors).walk("", simulation);
  return errors.take();
}

}  // namespace reeve
