#include <reeve/runtime/instance_log.hpp>

#include <algorithm>
#include <charconv>

namespace reeve::runtime {
namespace {

constexpr std::size_t stamp_digits = 16;
constexpr std::size_t head_bytes = stamp_digits + 2;

}  // namespace

void append_record(std::string& records, const LogRecord& record) {
  constexpr char digits[] = "0123456789abcdef";
  auto stamp = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(record.when.time_since_epoch()).count());
  char head[head_bytes];
  for (std::size_t i = stamp_digits; i-- > 0; stamp >>= 4) head[i] = digits[stamp & 15];
  const bool is_out = record.source == LogSource::out;
  head[stamp_digits] = record.is_cut ? (is_out ? 'O' : 'E') : (is_out ? 'o' : 'e');
  head[stamp_digits + 1] = ' ';
  records.append(head, sizeof head);
  records += record.text;
  records += '\n';
}

bool take_record(std::string_view& records, LogRecord& record) {
  const std::size_t end = records.find('\n');
  if (end == std::string_view::npos || end < head_bytes) return false;
  std::uint64_t stamp = 0;
  std::from_chars(records.data(), records.data() + stamp_digits, stamp, 16);
  const char flag = records[stamp_digits];
  record.when = std::chrono::system_clock::time_point(std::chrono::nanoseconds(static_cast<std::int64_t>(stamp)));
  record.source = flag == 'o' || flag == 'O' ? LogSource::out : LogSource::err;
  record.is_cut = flag == 'O' || flag == 'E';
  record.text = records.substr(head_bytes, end - head_bytes);
  records.remove_prefix(end + 1);
  return true;
}

InstanceLog::Piece InstanceLog::read(std::uint64_t position, std::size_t bytes_max) const {
  Piece piece;
  piece.next = position;
  const std::uint64_t oldest = ring_.begin_position();
  const bool is_behind = position < oldest;
  const auto text = ring_.read_from(std::max(position, oldest), bytes_max);
  if (!text) return piece;
  std::size_t begin = 0;
  if (is_behind) {
    const std::size_t line_end = text->find('\n');
    begin = line_end == std::string::npos ? text->size() : line_end + 1;
    piece.bytes_dropped = oldest + begin - position;
    piece.next = oldest + begin;
  }
  const std::size_t last = text->rfind('\n');
  if (last == std::string::npos || last < begin) return piece;
  piece.records = text->substr(begin, last + 1 - begin);
  piece.next += piece.records.size();
  return piece;
}

}  // namespace reeve::runtime
