#pragma once
// What containers print, as entries of systemd's journal with fields to find them by.

#include <reeve/core/effect.hpp>
#include <reeve/linux/journal.hpp>
#include <reeve/runtime/instance_log.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace reeve::runtime {

// As syslog(3) numbers them.
enum class Priority { error = 3, warning = 4, info = 6 };

// "<4>", by which the journal knows the priority of a line on a stream.
std::string priority_mark(Priority priority);

class Journal {
 public:
  // Nothing where that descriptor does not lead to the journal, or the journal is not to be had.
  static std::unique_ptr<Journal> behind(int fd);
  explicit Journal(linux::JournalSocket socket) : socket_(std::move(socket)) {}

  // What all entries of a container have in common.
  static std::string fields_of(const PodIdentity& pod, const ContainerSpec& container);

  // Writes one line. "<N>" at its begin is its priority, as in a unit of its own; the others are info. False where the
  // journal takes none now.
  bool write(std::string_view fields, LogSource source, std::string_view line);

 private:
  linux::JournalSocket socket_;
  std::string entry_;
};

}  // namespace reeve::runtime
