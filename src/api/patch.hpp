#pragma once
// Merge patches: RFC 7396, and Kubernetes' strategic one, which merges our types' lists by their keys.

#include <reeve/core/result.hpp>

#include <boost/json/value.hpp>

namespace reeve::api {

// Never deeper than the parser lets a text be.
void merge_patch(boost::json::value& target, const boost::json::value& patch);

Result<void> strategic_merge_patch(boost::json::value& target, const boost::json::value& patch);

}  // namespace reeve::api
