#pragma once
// What reeve and a tiny init say to each other over their control socket, one packet each.

#include "linux/launch_plan.hpp"

#include <cstddef>
#include <cstdint>

namespace reeve::linux {

enum class ReportKind : std::int32_t { started, failed, ended };

// From the tiny init. After a failure the text of what could not be done follows.
struct ReportHeader {
  ReportKind kind;
  std::int32_t value;  // started: the leader as the tiny init knows it; ended: its wait status; failed: errno
  Remedy remedy;
};

constexpr std::size_t report_text_max = 8192;

// To the tiny init: the signal to send to the leader, or end_the_tree.
struct Command {
  std::int32_t signal_number;
};

constexpr std::int32_t end_the_tree = 0;

}  // namespace reeve::linux
