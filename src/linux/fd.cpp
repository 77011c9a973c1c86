#include <reeve/linux/fd.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace reeve::linux {

void UniqueFd::reset(int fd) noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

Result<Pipe> make_pipe(Blocking read_end) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail("cannot make a pipe", errno);
  Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  if (read_end == Blocking::no && ::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
    return fail("cannot make a pipe non-blocking", errno);
  }
  return pipe;
}

Result<std::string> read_to_end(int fd, const std::string& name, std::size_t bytes_max) {
  std::string text;
  char chunk[16384];
  for (;;) {
    const ssize_t got = ::read(fd, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail("cannot read " + name, errno);
    if (got == 0) return text;
    text.append(chunk, static_cast<std::size_t>(got));
    if (text.size() > bytes_max) {
      return fail("cannot read " + name + ": it is longer than " + std::to_string(bytes_max) + " bytes");
    }
  }
}

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail("cannot open " + path, errno);
  return read_to_end(fd.get(), path, bytes_max);
}

Result<void> write_all(int fd, std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail("cannot write", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace reeve::linux
