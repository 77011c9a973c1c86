#pragma once
// Feeding Boost.Beast's parser, whose assertions must not be reached.

#include <boost/beast/http/basic_parser.hpp>

#include <cstddef>
#include <string_view>

namespace reeve::runtime {

// Whether the parser may be given these bytes now. Beast 1.81 asserts that it has this much when it looks at a last
// chunk again; no body ends with less.
template <bool is_request>
bool may_parse(const boost::beast::http::basic_parser<is_request>& parser, std::string_view pending) {
  constexpr std::size_t last_chunk_bytes = 5;
  return !parser.is_header_done() || !parser.chunked() || pending.size() >= last_chunk_bytes;
}

}  // namespace reeve::runtime
