#include "cli/table.hpp"

#include <algorithm>

namespace reeve::cli {
namespace {

constexpr std::size_t narrowest = 6;
constexpr std::size_t gap = 3;
constexpr std::size_t tab_gap = 2;

std::string first_line(const std::string& cell) {
  const std::size_t end = cell.find('\n');
  return end == std::string::npos ? cell : cell.substr(0, end) + "...";
}

void pad(std::string& out, std::string_view cell, std::size_t width) {
  out += cell;
  out.append(width - std::min(width, width_of(cell)), ' ');
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// The widest cell of a column in the lines around one that have it.
std::vector<std::size_t> column_widths(const std::vector<Row>& lines, std::size_t column) {
  std::vector<std::size_t> widths(lines.size(), 0);
  for (std::size_t begin = 0; begin < lines.size();) {
    std::size_t end = begin, widest = 0;
    for (; end < lines.size() && lines[end].size() > column + 1; ++end) {
      widest = std::max(widest, width_of(lines[end][column]));
    }
    std::fill(widths.begin() + static_cast<std::ptrdiff_t>(begin), widths.begin() + static_cast<std::ptrdiff_t>(end),
              widest + tab_gap);
    begin = std::max(end, begin + 1);
  }
  return widths;
}

}  // namespace

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

void TableWriter::measure(const Row& row) {
  widths_.resize(std::max(widths_.size(), row.size()), narrowest);
  for (std::size_t i = 0; i < row.size(); ++i) widths_[i] = std::max(widths_[i], width_of(first_line(row[i])) + gap);
}

void TableWriter::append(std::string& out, const Row& row) const {
  for (std::size_t i = 0; i < row.size(); ++i) pad(out, first_line(row[i]), i + 1 < row.size() ? widths_[i] : 0);
  out += '\n';
}

std::string TableWriter::print(const std::vector<Row>& rows) {
  if (rows.empty()) return {};
  if (!header_.empty()) measure(header_);
  for (const Row& each : rows) measure(each);
  std::string out;
  if (!header_.empty() && !header_printed_) append(out, header_);
  header_printed_ = true;
  for (const Row& each : rows) append(out, each);
  return out;
}

std::string with_tab_stops(std::string_view text) {
  std::vector<Row> lines;
  std::size_t columns = 0;
  for (const std::string& line : split(text, '\n')) {
    lines.push_back(split(line, '\t'));
    columns = std::max(columns, lines.back().size());
  }
  std::vector<std::vector<std::size_t>> widths;
  for (std::size_t i = 0; i + 1 < columns; ++i) widths.push_back(column_widths(lines, i));
  std::string out;
  for (std::size_t line = 0; line < lines.size(); ++line) {
    const Row& cells = lines[line];
    for (std::size_t i = 0; i < cells.size(); ++i) pad(out, cells[i], i + 1 < cells.size() ? widths[i][line] : 0);
    if (line + 1 < lines.size()) out += '\n';
  }
  return out;
}

std::string on_one_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.empty() ? "(no output)" : text;
}

}  // namespace reeve::cli
