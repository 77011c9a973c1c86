#pragma once
// The text of the file that outlives reeve: versioned JSON, objects as Kubernetes writes them.

#include <reeve/config/node.hpp>
#include <reeve/core/saved_state.hpp>

#include <tl/expected.hpp>

#include <string>
#include <string_view>

namespace reeve::config {

struct StateFile {
  SavedState state;
  Written written;
  bool operator==(const StateFile&) const = default;
};

// `wall_offset`: from the state's time line to the time of day, in which the file says when things were created.
std::string write_state(const StateFile& file, Duration wall_offset);

// Only what this version of reeve understands to the last key is read; the fault says why it is not. No time is later
// than `now`.
tl::expected<StateFile, Fault> read_state(std::string_view text, Duration wall_offset, Instant now);

}  // namespace reeve::config
