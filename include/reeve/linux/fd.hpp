#pragma once
// Descriptors that close themselves. Every descriptor is born close-on-exec.

#include <reeve/core/result.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <utility>

namespace reeve::linux {

// Owns one descriptor. A plain int only looks at one.
class UniqueFd {
 public:
  UniqueFd() noexcept = default;
  explicit UniqueFd(int fd) noexcept : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  int release() noexcept { return std::exchange(fd_, -1); }
  void reset(int fd = -1) noexcept;

 private:
  int fd_ = -1;
};

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

enum class Blocking { yes, no };

// A pipe whose read end blocks or not; the write end always blocks, for it belongs to a child.
Result<Pipe> make_pipe(Blocking read_end);

// The whole of a file, refused when longer than bytes_max. Errors name the path.
Result<std::string> read_file(const std::string& path, std::size_t bytes_max);

// Everything that standard input (or any descriptor) holds until its end; name is for errors.
Result<std::string> read_to_end(int fd, const std::string& name, std::size_t bytes_max);

// Writes all of it, waiting as long as it takes.
Result<void> write_all(int fd, std::span<const char> bytes);

}  // namespace reeve::linux
