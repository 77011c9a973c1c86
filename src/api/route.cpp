#include "api/answer.hpp"

#include <span>

namespace reeve::api {
namespace {

// namespaces/NS/RESOURCE[/NAME[/SUB]] or RESOURCE[/NAME], after the group and version.
std::optional<Route> route_in_group(std::string_view group, std::span<const std::string> rest) {
  Route route;
  const bool is_within = rest.size() >= 3 && rest[0] == "namespaces";
  if (is_within) {
    route.name_space = rest[1];
    rest = rest.subspan(2);
  }
  if (rest.empty() || rest.size() > 3) return std::nullopt;
  route.kind = find_kind(group, rest[0]);
  if (route.kind == nullptr) return std::nullopt;
  if (rest.size() > 1) route.name = rest[1];
  if (rest.size() > 2) route.subresource = rest[2];
  if (is_within != route.kind->is_namespaced && (is_within || !route.name.empty())) return std::nullopt;
  return route;
}

}  // namespace

std::optional<Route> route_of(const std::vector<std::string>& segments) {
  const std::span<const std::string> all(segments);
  if (all.size() >= 3 && all[0] == "api" && all[1] == "v1") return route_in_group("", all.subspan(2));
  if (all.size() >= 4 && all[0] == "apis" && all[1] == "apps" && all[2] == "v1") {
    return route_in_group("apps", all.subspan(3));
  }
  return std::nullopt;
}

}  // namespace reeve::api
