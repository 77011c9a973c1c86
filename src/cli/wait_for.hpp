#pragma once
// What `reeve wait --for` takes, and whether an object meets it.

#include <reeve/core/result.hpp>

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace reeve::cli {

struct WantedDelete {};
struct WantedCreate {};
struct WantedCondition {
  std::string type;
  std::string status = "true";
};
struct WantedPath {
  std::string path;
  std::optional<std::string> value;  // unset: any
};
using Wanted = std::variant<WantedDelete, WantedCreate, WantedCondition, WantedPath>;

Result<Wanted> read_wanted(std::string_view text);
bool is_met(const Wanted& wanted, const boost::json::value& object);

}  // namespace reeve::cli
