#pragma once
// The one pod that a command's argument means, and its containers.

#include "cli/session.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace reeve::cli {

// The names, those of init containers with a mark.
std::vector<std::string> container_names(const boost::json::value& pod, std::string_view mark_init);

// "a, b (init)".
std::string container_list(const boost::json::value& pod);

// One that is ready, else the first. There is at least one.
const boost::json::value& best_of(const boost::json::array& pods);

Result<boost::json::value> pods_with(const Session& session, const std::string& labels);

// What "POD", "pod/POD", "deployment/NAME", "replicaset/NAME" or "service/NAME" means.
struct PodChoice {
  boost::json::value pod;
  boost::json::value service;  // null unless one was named
};
Result<PodChoice> choose_pod(const Session& session, const std::string& word);

// The container of that name; without a name the first, which is told on stderr where there are others.
Result<std::string> choose_container(const boost::json::value& pod, const std::string& name);

}  // namespace reeve::cli
