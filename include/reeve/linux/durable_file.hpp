#pragma once
// A file that is whole on disk at every moment: replaced by rename, never written in place.

#include <reeve/core/result.hpp>
#include <reeve/linux/fd.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace reeve::linux {

// Makes the directory and its parents where they are missing (mode 0700, for its own only).
Result<void> make_directories(const std::string& path);

// What others may write into cannot be believed: an error unless the directory is ours, and only we may write there.
Result<void> check_private(const std::string& path);

// One holder per directory, until it is destroyed or its process ends.
class DirectoryLock {
 public:
  // A directory that another process holds is an error with EWOULDBLOCK that names its pid.
  static Result<DirectoryLock> take(const std::string& directory);

 private:
  explicit DirectoryLock(UniqueFd fd) noexcept : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

class DurableFile {
 public:
  DurableFile(std::string directory, std::string name)
      : directory_(std::move(directory)), path_(directory_ + "/" + std::move(name)) {}

  const std::string& path() const noexcept { return path_; }

  // The whole of it; nothing: there is no such file.
  Result<std::optional<std::string>> read(std::size_t bytes_max) const;

  // Afterwards the new content survives a loss of power. On an error the old one does; where only the directory could
  // not be flushed, either. May be called from any thread, but from one at a time.
  Result<void> replace(std::string_view content) const;

  // Renames it out of the way to "<path>.<suffix>", or to "<path>.<suffix>-2" and so on; the new path.
  Result<std::string> set_aside(const std::string& suffix) const;

 private:
  std::string directory_;
  std::string path_;
};

}  // namespace reeve::linux
