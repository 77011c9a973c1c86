#pragma once
// What one run of a container printed, line by line, each with the time of day and the stream it came by.

#include <reeve/linux/log_ring.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace reeve::runtime {

enum class LogSource { out, err };

// One line, without its newline. A cut one was too long and goes on in the next record of its source.
struct LogRecord {
  std::chrono::system_clock::time_point when;
  LogSource source = LogSource::out;
  bool is_cut = false;
  std::string_view text;
};

// Records are text: sixteen hexadecimal digits of nanoseconds, 'o' or 'e' (capital where cut), a blank, the line.
void append_record(std::string& records, const LogRecord& record);
// Takes the first record off; false where there is none.
bool take_record(std::string_view& records, LogRecord& record);

class InstanceLog {
 public:
  explicit InstanceLog(std::size_t bytes_max) noexcept : ring_(bytes_max) {}

  // Takes whole records. What the ring cannot take is counted as dropped.
  void append(std::string_view records) { static_cast<void>(ring_.append(records)); }

  // Nothing more will come.
  void end() noexcept { ended_ = true; }
  bool has_ended() const noexcept { return ended_; }

  std::uint64_t end_position() const noexcept { return ring_.end_position(); }

  // Whole records from a position on, and where to go on. What was overwritten meanwhile is stepped over and counted.
  struct Piece {
    std::string records;
    std::uint64_t next = 0;
    std::uint64_t bytes_dropped = 0;
  };
  Piece read(std::uint64_t position, std::size_t bytes_max) const;

 private:
  linux::LogRing ring_;
  bool ended_ = false;
};

}  // namespace reeve::runtime
