#pragma once
// What two objects of one name say differently, field by field.

#include <reeve/core/spec.hpp>

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <vector>

namespace reeve::cli {

// One field. A side that does not have it is nothing.
struct Difference {
  std::string field;  // "spec.template.spec.containers[web].image"
  std::optional<std::string> running;
  std::optional<std::string> written;
};

// "spec.replicas: 2 -> 3", "spec.selector.tier: \"front\" (removed)".
std::string describe(const Difference& difference);

// Lists of named things are compared by name.
std::vector<Difference> differences(const boost::json::value& running, const boost::json::value& written);

// The same for what a running reeve answered and what a file says. What the server chose is no difference. Nothing: the
// answer cannot be read as an object.
std::optional<std::vector<Difference>> differences(const boost::json::value& running, const Object& written);

// What commands wrote and no file says stays, as with kubectl apply: a pause, the mark of a restart, and why the
// template came, as long as it is the same.
Object with_what_commands_wrote(const boost::json::value& running, Object written);

}  // namespace reeve::cli
