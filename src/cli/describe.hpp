#pragma once
// What describe says of an object: pure text from the API's JSON (kubectl/pkg/describe/describe.go).

#include "cli/when.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace reeve::cli {

// What a description is made of; what is missing is null.
struct Described {
  boost::json::value object;
  boost::json::array events;       // about the object
  boost::json::value probes;       // ProbeHistory of a pod
  boost::json::array pods;         // of a replica set
  boost::json::array replicasets;  // of a deployment
  boost::json::value endpoints;    // of a service
  boost::json::value connections;  // ServiceConnections of a service
  Time now;
};

std::string describe_pod(const Described& what);
std::string describe_deployment(const Described& what);
std::string describe_replicaset(const Described& what);
std::string describe_service(const Described& what);
std::string describe_node(const Described& what);

// A service with neither selector nor endpoints.
bool hands_over_sockets(const boost::json::value& service);

// Parts, with tabs as column ends. A level is two blanks.
std::string probe_line(const boost::json::value& probe, std::string_view type = {});  // "Liveness"
bool is_told(const boost::json::value& probe);                                        // a notify probe
// What it waits for: "READY=1 on NOTIFY_SOCKET".
std::string awaited_text(const boost::json::value& probe, std::string_view type);
std::string containers_text(const boost::json::value& pod, std::size_t indent);  // of a template too
std::string pod_template_text(const boost::json::value& pod_template);
std::string labels_lines(std::string_view title, const boost::json::object& labels, std::string_view joint,
                         std::size_t indent = 0);
std::string events_text(const boost::json::array& events, Time now);

// "3s (x3 over 13s)".
std::string event_age(const boost::json::value& event, Time now);

}  // namespace reeve::cli
