#pragma once
// The server's Table, as rows for a terminal.

#include "cli/resources.hpp"
#include "cli/table.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <vector>

namespace reeve::cli {

struct TableView {
  bool is_wide = false;
  bool with_namespace = false;
  bool with_labels = false;
  const Resource* prefix = nullptr;  // several kinds in one command: names become "pod/x"
};

Row header_of(const boost::json::value& table, const TableView& view);
std::vector<Row> rows_of(const boost::json::value& table, const TableView& view);

}  // namespace reeve::cli
