#include "runtime/log_stream.hpp"

#include <reeve/core/utf8.hpp>

#include <unistd.h>

#include <array>
#include <cerrno>

namespace reeve::runtime {

void LineSplitter::feed(std::string_view bytes, const Line& line) {
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    const std::size_t room = line_bytes_max - rest_.size();
    LineEnd how = LineEnd::newline;
    if (newline != std::string_view::npos && newline <= room) {
      rest_ += bytes.substr(0, newline);
      bytes.remove_prefix(newline + 1);
    } else if (bytes.size() <= room) {
      rest_ += bytes;
      return;
    } else {
      rest_ += bytes.substr(0, room);
      bytes.remove_prefix(room);
      how = LineEnd::cut;
    }
    // No character is torn, for the pieces may be read one by one.
    const std::size_t kept = how == LineEnd::cut ? unfinished_utf8(rest_) : 0;
    line(std::string_view(rest_).substr(0, rest_.size() - kept), how);
    rest_.erase(0, rest_.size() - kept);
  }
  if (rest_.empty()) std::string().swap(rest_);  // a silent container holds no buffer
}

void LineSplitter::finish(const Line& line) {
  if (!rest_.empty()) line(rest_, LineEnd::end_of_stream);
  std::string().swap(rest_);
}

Result<std::unique_ptr<LogStream>> LogStream::open(uv_loop_t& loop, linux::UniqueFd fd, Bytes bytes) {
  std::unique_ptr<LogStream> stream(new LogStream(std::move(fd), std::move(bytes)));
  stream->poll_ = proxy::UvHandle<uv_poll_t>(stream.get());
  if (const int status = uv_poll_init(&loop, stream->poll_.get(), stream->fd_.get()); status != 0) {
    stream->poll_.abandon();
    return fail("cannot watch a container's output", -status);
  }
  uv_poll_start(stream->poll_.get(), UV_READABLE, [](uv_poll_t* handle, int, int) {
    if (auto* self = static_cast<LogStream*>(handle->data)) self->read_some();
  });
  return stream;
}

bool LogStream::read_once() {
  std::array<char, 65536> scratch;
  const ssize_t got = ::read(fd_.get(), scratch.data(), scratch.size());
  if (got > 0) bytes_(std::string_view(scratch.data(), static_cast<std::size_t>(got)));
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
    poll_.reset();
    fd_.reset();
  }
  return got > 0;
}

void LogStream::read_some() {
  for (int turn = 0; turn < read_turns && fd_ && read_once(); ++turn) {
  }
}

void LogStream::finish() {
  // A process that is not of the tree may hold the pipe open and go on writing: a bound ends that.
  constexpr int pipe_turns_max = 64;
  for (int turn = 0; turn < pipe_turns_max && fd_ && read_once(); ++turn) {
  }
  poll_.reset();
  fd_.reset();
}

}  // namespace reeve::runtime
