#pragma once
// Keys of ours in Kubernetes' manifests: annotations that say what their spec cannot.

#include <reeve/config/node.hpp>
#include <reeve/core/spec.hpp>

#include <boost/json/object.hpp>

#include <vector>

namespace reeve::config {

// Moves them from the annotations of a manifest into the spec.
void lift_annotations(Node& document, Kind kind, std::vector<Fault>& faults);

// The reverse: leaves a manifest that a cluster takes.
void lower_to_annotations(boost::json::object& manifest);

}  // namespace reeve::config
