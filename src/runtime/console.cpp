#include "runtime/console.hpp"

#include "runtime/journal.hpp"

#include <reeve/core/log_line.hpp>
#include <reeve/linux/clock.hpp>

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>

namespace reeve::runtime {
namespace {

constexpr std::size_t queue_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t chunk_bytes = 4096;  // a pipe that polls writable takes this much without blocking
constexpr auto last_words = std::chrono::seconds(2);

}  // namespace

Result<std::unique_ptr<Console>> Console::start(int fd, LogFormat format) {
  REEVE_TRY(linux::Pipe stop, linux::make_pipe(linux::Blocking::no));
  return std::unique_ptr<Console>(new Console(fd, format, std::move(stop)));
}

Console::Console(int fd, LogFormat format, linux::Pipe stop)
    : fd_(fd),
      format_(format),
      colours_(::isatty(fd) == 1 && std::getenv("NO_COLOR") == nullptr),
      journal_(Journal::behind(fd)),
      stop_(std::move(stop)),
      thread_([this] { write_until_stopped(); }) {}

// What is queued still goes out, unless the reader stands still.
Console::~Console() {
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, last_words, [this] { return queue_.empty() && idle_; });
  }
  stop_.write_end.reset();
  thread_.join();
}

void Console::write(std::string_view lines) {
  const std::lock_guard lock(mutex_);
  if (queue_.size() + lines.size() > queue_bytes_max) {
    dropped_bytes_ += lines.size();
    return;
  }
  if (queue_.size() < queue_bytes_max / 2) tell_dropped();
  queue_ += lines;
  if (idle_) changed_.notify_all();
}

// With the lock held.
void Console::tell_dropped() {
  if (dropped_bytes_ == 0) return;
  const std::string text =
      std::to_string(dropped_bytes_) + " bytes of output were dropped: the reader of standard output is too slow";
  queue_ += format_ == LogFormat::text ? "[reeve] " + text + "\n"
                                       : json_line({.time = linux::wall_now(), .level = "warning", .message = text});
  dropped_bytes_ = 0;
}

void Console::write_until_stopped() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (queue_.empty()) tell_dropped();  // also when nobody has more to say
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::string batch;
    batch.swap(queue_);
    idle_ = false;
    lock.unlock();
    bool goes_on = true;
    for (std::size_t at = 0; goes_on && at < batch.size(); at += chunk_bytes) {
      goes_on = write_chunk(std::string_view(batch).substr(at, chunk_bytes));
    }
    lock.lock();
    idle_ = true;
    changed_.notify_all();
    if (!goes_on) return;
  }
}

// False once nobody waits for the rest.
bool Console::write_chunk(std::string_view chunk) {
  while (!chunk.empty()) {
    pollfd ready[] = {{fd_, POLLOUT, 0}, {stop_.read_end.get(), POLLIN, 0}};
    if (::poll(ready, 2, -1) < 0 && errno != EINTR) return false;
    if (ready[1].revents != 0) return false;
    if (ready[0].revents == 0) continue;
    const ssize_t written = ::write(fd_, chunk.data(), chunk.size());
    if (written < 0 && errno != EINTR && errno != EAGAIN) return true;  // nobody reads: the words are lost, we go on
    if (written > 0) chunk.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace reeve::runtime
