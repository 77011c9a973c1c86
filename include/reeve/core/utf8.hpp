#pragma once
// UTF-8, as far as bytes that somebody else wrote need it.

#include <cstddef>
#include <string>
#include <string_view>

namespace reeve {

// How many bytes the character at the front has; 0 where it is none (RFC 3629, table of section 4).
std::size_t character_size(std::string_view text) noexcept;

// What is no UTF-8 becomes U+FFFD, byte by byte.
std::string valid_utf8(std::string_view text);

// How many bytes at the end are the beginning of a character whose rest is still to come: at most 3.
std::size_t unfinished_utf8(std::string_view text) noexcept;

}  // namespace reeve
