#include "runtime/journal.hpp"

#include <utility>

namespace reeve::runtime {

std::string priority_mark(Priority priority) { return "<" + std::to_string(static_cast<int>(priority)) + ">"; }

std::unique_ptr<Journal> Journal::behind(int fd) {
  if (!linux::is_journal_stream(fd)) return nullptr;
  auto socket = linux::JournalSocket::open();
  return socket ? std::make_unique<Journal>(*std::move(socket)) : nullptr;
}

std::string Journal::fields_of(const PodIdentity& pod, const ContainerSpec& container) {
  std::string fields;
  linux::append_journal_field(fields, "SYSLOG_IDENTIFIER", pod.name + '/' + container.name);
  linux::append_journal_field(fields, "REEVE_NAMESPACE", pod.name_space);
  linux::append_journal_field(fields, "REEVE_POD", pod.name);
  linux::append_journal_field(fields, "REEVE_POD_UID", pod.uid);
  linux::append_journal_field(fields, "REEVE_CONTAINER", container.name);
  return fields;
}

bool Journal::write(std::string_view fields, LogSource source, std::string_view line) {
  char priority = static_cast<char>('0' + static_cast<int>(Priority::info));
  if (line.size() >= 3 && line[0] == '<' && line[1] >= '0' && line[1] <= '7' && line[2] == '>') {
    priority = line[1];
    line.remove_prefix(3);
  }
  entry_ = fields;
  linux::append_journal_field(entry_, "PRIORITY", std::string_view(&priority, 1));
  linux::append_journal_field(entry_, "REEVE_STREAM", source == LogSource::out ? "stdout" : "stderr");
  linux::append_journal_field(entry_, "MESSAGE", line);
  return socket_.send(entry_).has_value();
}

}  // namespace reeve::runtime
