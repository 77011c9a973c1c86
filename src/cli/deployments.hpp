#pragma once
// What the commands that change deployments share: which ones are meant, how they are changed, who says why.

#include "cli/session.hpp"

#include <boost/json/object.hpp>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace reeve::cli {

// "deployment/web", "deployment web api" or "web api": the names.
Result<std::vector<std::string>> read_deployments(const std::vector<std::string>& words);

// The same; all there are where none is named.
Result<std::vector<std::string>> read_or_all_deployments(const Session& session, const std::vector<std::string>& words);

// "deployment.apps/web".
std::string deployment_title(std::string_view name);

// The deployment, and its replica sets.
Result<boost::json::value> get_deployment(const Session& session, const std::string& name);
Result<boost::json::array> get_replica_sets(const Session& session);

// Changes the object at hand; false: there is nothing to change.
using Mutation = std::function<Result<bool>(boost::json::object& deployment)>;

// Reads the deployment, changes it and writes it, again if somebody else wrote in between; false: nothing was to
// change.
Result<bool> update(const Session& session, const std::string& name, const Mutation& mutation);

// Does something with each, and goes on where one fails. What it returns is printed after the object's title.
using Deed = std::function<Result<std::string>(const std::string& name)>;
int for_each_deployment(const std::vector<std::string>& words, const Deed& deed);

// Why a change is made, as rollout history shows it: --change-cause and --record.
class ChangeCause {
 public:
  ChangeCause(const Command& command, std::span<const std::string> arguments);

  std::vector<Option> with_options(std::vector<Option> more);

  // Nothing: the object's own stays.
  std::optional<std::string> text() const;

  // True if the object says so now and did not before.
  bool write_to(boost::json::object& deployment) const;

 private:
  std::string line_;
  std::string text_;
  bool given_ = false;
  bool records_ = false;
};

// The object at a path of keys, made where it is missing.
boost::json::object& member_object(boost::json::object& object, std::initializer_list<std::string_view> path);

}  // namespace reeve::cli
