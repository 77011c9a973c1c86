#pragma once
// systemd's journal, by its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL).

#include <reeve/core/result.hpp>
#include <reeve/linux/fd.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace reeve::linux {

// Whether what is written to the descriptor goes to the journal: $JOURNAL_STREAM names its device and inode.
bool is_journal_stream(int fd) noexcept;

// "NAME=value", or with its length in front where the value has a newline.
void append_journal_field(std::string& entry, std::string_view name, std::string_view value);

class JournalSocket {
 public:
  static Result<JournalSocket> open(std::string path = "/run/systemd/journal/socket");

  // One entry, made of fields. Never waits: EAGAIN where the journal is behind. One too large for a datagram goes as a
  // sealed file.
  Result<void> send(std::string_view entry) const;

 private:
  JournalSocket(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Result<void> send(std::string_view bytes, int descriptor) const;

  UniqueFd fd_;
  std::string path_;
};

}  // namespace reeve::linux
