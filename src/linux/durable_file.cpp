#include <reeve/linux/durable_file.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace reeve::linux {
namespace {

constexpr mode_t private_directory = 0700;
constexpr mode_t private_file = 0600;

// Names stand in a directory, so a rename lasts only once the directory is flushed.
Result<void> flush_directory(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail("cannot open " + path, errno);
  if (::fsync(fd.get()) != 0) return fail("cannot flush " + path, errno);
  return {};
}

Result<void> write_flushed(const std::string& path, std::string_view content) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, private_file));
  if (!fd) return fail("cannot open " + path, errno);
  if (auto written = write_all(fd.get(), content); !written) return fail("cannot write " + path, written.error().code);
  if (::fsync(fd.get()) != 0) return fail("cannot flush " + path, errno);
  return {};
}

}  // namespace

Result<void> make_directories(const std::string& path) {
  for (std::size_t at = 1; at != std::string::npos && at <= path.size();) {
    at = path.find('/', at);
    const std::string part = path.substr(0, at);
    if (::mkdir(part.c_str(), private_directory) != 0 && errno != EEXIST) return fail("cannot make " + part, errno);
    if (at != std::string::npos) at += 1;
  }
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return fail("cannot use " + path, errno);
  if (!S_ISDIR(found.st_mode)) return fail("cannot use " + path, ENOTDIR);
  return {};
}

Result<void> check_private(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return fail("cannot look at " + path, errno);
  if (found.st_uid != ::geteuid()) {
    return fail("cannot trust " + path + ": it belongs to uid " + std::to_string(found.st_uid) + ", not to " +
                std::to_string(::geteuid()) + ": chown it, or name another directory");
  }
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) == 0) return {};
  return fail("cannot trust " + path +
              ": others than its owner may write there: chmod go-w, or name another directory");
}

namespace {

// The pid that the holder of a lock wrote into it.
std::string holder_of(const std::string& path) {
  std::string holder = read_file(path, 64).value_or("");
  while (holder.ends_with('\n')) holder.pop_back();
  return holder;
}

bool has_ended(const std::string& pid) {
  const int number = std::atoi(pid.c_str());
  return number > 0 && ::kill(number, 0) != 0 && errno == ESRCH;
}

// What the holder had just forked when it was killed has the lock until it sees that: 0, or errno.
int lock_exclusively(int fd, const std::string& path) {
  constexpr int tries = 200, pause_milliseconds = 10;
  for (int turn = 0; ::flock(fd, LOCK_EX | LOCK_NB) != 0; ++turn) {
    const int code = errno;
    if (code == EINTR) continue;
    if (code != EWOULDBLOCK || turn == tries || !has_ended(holder_of(path))) return code;
    ::poll(nullptr, 0, pause_milliseconds);
  }
  return 0;
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const std::string& directory) {
  const std::string path = directory + "/lock";
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, private_file));
  if (!fd) return fail("cannot open " + path, errno);
  if (const int code = lock_exclusively(fd.get(), path); code != 0) {
    if (code != EWOULDBLOCK) return fail("cannot lock " + path, code);
    const std::string holder = holder_of(path);
    return fail(directory + " is in use by another reeve" + (holder.empty() ? "" : ", pid " + holder), code);
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) != 0) return fail("cannot write " + path, errno);
  if (auto written = write_all(fd.get(), pid); !written) return fail("cannot write " + path, written.error().code);
  return DirectoryLock(std::move(fd));
}

Result<std::optional<std::string>> DurableFile::read(std::size_t bytes_max) const {
  const UniqueFd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return std::nullopt;
  if (!fd) return fail("cannot open " + path_, errno);
  REEVE_TRY(std::string content, read_to_end(fd.get(), path_, bytes_max));
  return content;
}

Result<void> DurableFile::replace(std::string_view content) const {
  const std::string fresh = path_ + ".new";
  auto written = write_flushed(fresh, content);
  if (written && ::rename(fresh.c_str(), path_.c_str()) != 0) written = fail("cannot rename " + fresh, errno);
  if (!written) {
    ::unlink(fresh.c_str());
    return written;
  }
  return flush_directory(directory_);
}

Result<std::string> DurableFile::set_aside(const std::string& suffix) const {
  const std::string wanted = path_ + "." + suffix;
  constexpr int tries = 1000;
  for (int turn = 1; turn <= tries; ++turn) {
    const std::string aside = turn == 1 ? wanted : wanted + "-" + std::to_string(turn);
    // RENAME_NOREPLACE: an older broken one is evidence too.
    if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, aside.c_str(), RENAME_NOREPLACE) == 0) return aside;
    if (errno != EEXIST) return fail("cannot rename " + path_ + " to " + aside, errno);
  }
  return fail("cannot rename " + path_, EEXIST);
}

}  // namespace reeve::linux
