#pragma once
// Columns: kubectl's tables, whose widths a watch remembers, and the tab stops of describe.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::cli {

// How many characters a UTF-8 text has.
std::size_t width_of(std::string_view text);

using Row = std::vector<std::string>;

// Column width = max(6, longest cell + 3), the last one not padded; widths only grow.
class TableWriter {
 public:
  // The header is printed before the first row; empty: none is.
  explicit TableWriter(Row header = {}) : header_(std::move(header)) {}

  std::string print(const std::vector<Row>& rows);

 private:
  void measure(const Row& row);
  void append(std::string& out, const Row& row) const;

  Row header_;
  bool header_printed_ = false;
  std::vector<std::size_t> widths_;
};

// As Go's text/tabwriter with a padding of two blanks: a cell ends with a tab, and cells above each other in lines that
// follow each other are as wide as the widest.
std::string with_tab_stops(std::string_view text);

// What a program said, for one cell or the middle of a sentence: lines joined by blanks, "(no output)" for nothing.
std::string on_one_line(std::string text);

}  // namespace reeve::cli
