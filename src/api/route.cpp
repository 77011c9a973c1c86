#include "api/answer.hpp"

#include <span>

namespace reeve::api {
namespace {

// namespaces/NS/RESOURCE[/NAME[/SUB]] or RESOURCE[/NAME], after the group and version.
std::optional<Route> route_in(const ApiVersion& version, std::span<const std::string> rest) {
  Route route;
  const bool is_within = rest.size() >= 3 && rest[0] == "namespaces";
  if (is_within) {
    route.name_space = rest[1];
    rest = rest.subspan(2);
  }
  if (rest.empty() || rest.size() > 3) return std::nullopt;
  route.kind = find_kind(version, rest[0]);
  if (route.kind == nullptr) return std::nullopt;
  route.api_version = version.text;
  if (rest.size() > 1) route.name = rest[1];
  if (rest.size() > 2) route.subresource = rest[2];
  if (is_within != route.kind->is_namespaced && (is_within || !route.name.empty())) return std::nullopt;
  return route;
}

}  // namespace

std::optional<Route> route_of(const std::vector<std::string>& segments) {
  const std::span<const std::string> all(segments);
  const bool is_core = all.size() >= 3 && all[0] == "api";
  const bool is_grouped = all.size() >= 4 && all[0] == "apis";
  if (!is_core && !is_grouped) return std::nullopt;
  const ApiVersion* const version = is_core ? find_api_version("", all[1]) : find_api_version(all[1], all[2]);
  if (version == nullptr) return std::nullopt;
  return route_in(*version, all.subspan(is_core ? 2 : 3));
}

}  // namespace reeve::api
