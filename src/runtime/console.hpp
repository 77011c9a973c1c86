#pragma once
// reeve's own standard output. A reader that stands still must never stop supervision: a thread of its own writes,
// from a bounded queue, and what does not fit is dropped and announced.

#include <reeve/core/result.hpp>
#include <reeve/core/spec.hpp>
#include <reeve/linux/fd.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace reeve::runtime {

class Journal;

class Console {
 public:
  // Writes to fd, which stays the caller's.
  static Result<std::unique_ptr<Console>> start(int fd, LogFormat format);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  // Queues one or more whole lines.
  void write(std::string_view lines);

  // What lines are written in, of everybody who writes here.
  LogFormat format() const noexcept { return format_; }
  void set_format(LogFormat format) noexcept { format_ = format; }

  // Colours are for a terminal whose user did not set NO_COLOR (no-color.org).
  bool has_colours() const noexcept { return colours_; }

  // Where this is systemd's journal, it takes entries with fields too; else nullptr.
  Journal* journal() const noexcept { return journal_.get(); }

 private:
  Console(int fd, LogFormat format, linux::Pipe stop);
  void tell_dropped();
  void write_until_stopped();
  bool write_chunk(std::string_view chunk);

  int fd_;
  std::atomic<LogFormat> format_;
  bool colours_;
  std::unique_ptr<Journal> journal_;
  linux::Pipe stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string queue_;
  std::uint64_t dropped_bytes_ = 0;
  bool stopping_ = false;
  bool idle_ = true;
  std::thread thread_;
};

}  // namespace reeve::runtime
