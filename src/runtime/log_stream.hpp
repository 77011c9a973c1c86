#pragma once
// One output of a container: a pipe that becomes lines.

#include <reeve/linux/fd.hpp>
#include <reeve/proxy/uv.hpp>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace reeve::runtime {

// Cuts a stream of bytes into lines, whatever the pieces it comes in. A line longer than line_bytes_max is cut.
class LineSplitter {
 public:
  static constexpr std::size_t line_bytes_max = 16 * 1024;
  enum class LineEnd { newline, cut, end_of_stream };
  using Line = std::function<void(std::string_view, LineEnd)>;

  void feed(std::string_view bytes, const Line& line);
  // What came after the last newline.
  void finish(const Line& line);

 private:
  std::string rest_;
};

// Reads a pipe on the loop. It is read at most read_turns times per wake-up, so that a loud container starves nobody.
class LogStream {
 public:
  using Bytes = std::function<void(std::string_view)>;

  static Result<std::unique_ptr<LogStream>> open(uv_loop_t& loop, linux::UniqueFd fd, Bytes bytes);

  // Takes what is still in the pipe without waiting, and closes it.
  void finish();

 private:
  static constexpr int read_turns = 4;
  LogStream(linux::UniqueFd fd, Bytes bytes) : fd_(std::move(fd)), bytes_(std::move(bytes)) {}
  bool read_once();
  void read_some();

  linux::UniqueFd fd_;
  Bytes bytes_;
  proxy::UvHandle<uv_poll_t> poll_;
};

}  // namespace reeve::runtime
