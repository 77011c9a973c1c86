#include "cli/session.hpp"

#include <reeve/cli/cli.hpp>

#include <cstdio>

namespace reeve::cli {

std::vector<Option> Session::options(std::vector<Option> more) {
  more.push_back(text("-n", "--namespace", "NAME", "where to look (default)", name_space_));
  more.push_back(text("", "--socket", "PATH", "reeve's socket; else REEVE_SOCKET, else its usual place", socket_));
  return more;
}

Result<boost::json::value> Session::get(const std::string& path) const {
  return api::expect_success(client().ask({.path = path}));
}

Result<boost::json::value> Session::get(const Resource& resource, std::string_view name) const {
  return get(resource.path(name_space_, name));
}

int refused(const Error& error) {
  const std::string text = error.message();
  const bool is_whole = text.starts_with("Error from server") || text.starts_with("The ");
  if (!is_whole) return failed(text);
  std::fprintf(stderr, "%s\n", text.c_str());
  return exit_failed;
}

std::string query_of(const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string query;
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    query += (query.empty() ? "?" : "&") + name + "=" + api::query_escaped(value);
  }
  return query;
}

}  // namespace reeve::cli
