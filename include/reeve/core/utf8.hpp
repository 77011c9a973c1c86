#pragma once
// UTF-8, as far as texts from outside need it.

#include <cstddef>
#include <string_view>

namespace reeve {

// How many bytes the character at the front has; 0 where it is none (RFC 3629, table of section 4).
std::size_t character_size(std::string_view text) noexcept;

}  // namespace reeve
