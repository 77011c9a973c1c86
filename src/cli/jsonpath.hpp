#pragma once
// The part of kubectl's JSONPath that wait takes: {.a.b}, {.a[0].b}, {.a[?(@.type=="Ready")].status}, {.a[*].b}.

#include <reeve/core/result.hpp>

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace reeve::cli {

// Every value the path leads to.
Result<std::vector<const boost::json::value*>> follow(const boost::json::value& value, std::string_view path);

}  // namespace reeve::cli
