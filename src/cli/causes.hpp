#pragma once
// Why something is not ready or does not run: a chain of causes, computed from the API's objects.

#include "cli/when.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::cli {

// All that was asked of reeve. What is missing is not told.
struct Facts {
  boost::json::value reeve;  // ReeveStatus
  boost::json::array pods;
  boost::json::array deployments;
  boost::json::array replicasets;
  boost::json::array services;
  boost::json::array endpoints;
  boost::json::array events;
  boost::json::array metrics;                            // PodMetrics
  std::map<std::string, boost::json::value> probes;      // ProbeHistory by pod
  std::map<std::string, std::vector<std::string>> logs;  // last lines by "pod/container"
  Time now;
};

// Something that is so, and what made it so.
struct Cause {
  std::string text;
  std::vector<Cause> because;
};

bool is_ready(const boost::json::value& pod);
bool is_fine(const boost::json::value& pod);          // ready, or done as it was to be
bool has_trouble(const boost::json::value& pod);      // not fine, and not just young or leaving
std::string pod_word(const boost::json::value& pod);  // kubectl's STATUS
bool is_selected(const boost::json::value& pod, const boost::json::object& selector);
std::vector<const boost::json::value*> pods_of(const Facts& facts, const boost::json::value& deployment);

// Each names its object and says that all is well where it is.
Cause why_pod(const Facts& facts, const boost::json::value& pod);
Cause why_deployment(const Facts& facts, const boost::json::value& deployment);
Cause why_service(const Facts& facts, const boost::json::value& service);

// The steps of its leaving, or of its restart on request, so far: "drain began 4s ago: 2 services still have ...".
std::vector<std::string> leaving_lines(const boost::json::value& pod, Time now);

// What holds the pod back, without its name.
std::vector<Cause> causes_of(const Facts& facts, const boost::json::value& pod);

// Two blanks for each step of the chain.
std::string render(const Cause& cause, std::size_t indent = 0);

}  // namespace reeve::cli
