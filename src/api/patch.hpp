#pragma once
// Patches: RFC 7396's merge, Kubernetes' strategic merge, which merges our types' lists by their keys, and RFC 6902's
// list of operations.

#include <reeve/core/result.hpp>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <string_view>

namespace reeve::api {

// By which key the elements of a list of ours are told apart; empty: it is replaced as a whole.
std::string_view merge_key(std::string_view list, const boost::json::array& elements);

// Never deeper than the parser lets a text be.
void merge_patch(boost::json::value& target, const boost::json::value& patch);

Result<void> strategic_merge_patch(boost::json::value& target, const boost::json::value& patch);

// The operations in order: add, remove, replace, move, copy and test. One that fails leaves a target that is of no use.
Result<void> json_patch(boost::json::value& target, const boost::json::value& patch);

}  // namespace reeve::api
