#pragma once
// What every command that asks a running reeve shares: its options, its client, its way of telling errors.

#include "cli/resources.hpp"
#include "cli/usage.hpp"

#include <reeve/api/client.hpp>

#include <boost/json/value.hpp>

#include <string>
#include <vector>

namespace reeve::cli {

class Session {
 public:
  // --socket and -n.
  std::vector<Option> options(std::vector<Option> more);

  const std::string& name_space() const noexcept { return name_space_; }
  api::Client client() const { return api::Client(api::socket_path(socket_)); }

  // The object or list at a path; errors are worded for people.
  Result<boost::json::value> get(const std::string& path) const;
  Result<boost::json::value> get(const Resource& resource, std::string_view name) const;

 private:
  std::string socket_;
  std::string name_space_ = "default";
};

// On stderr, as kubectl words it: a server's line as it is, anything else after "error: "; returns the exit code.
int refused(const Error& error);

// "?a=b&c=d" of what is not empty.
std::string query_of(const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace reeve::cli
