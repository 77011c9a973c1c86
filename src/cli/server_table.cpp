#include "cli/server_table.hpp"

#include "cli/json.hpp"

#include <algorithm>

namespace reeve::cli {
namespace json = boost::json;
namespace {

bool is_shown(const json::value& column, const TableView& view) {
  return view.is_wide || number_at(column, "priority") == 0;
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
  return text;
}

std::string cell_text(const json::value& cell) { return cell.is_null() ? "<none>" : scalar_text(cell); }

Row row_of(const json::value& row, const json::array& columns, const TableView& view) {
  Row texts;
  if (view.with_namespace) texts.push_back(text_at(row, "object.metadata.namespace"));
  const json::array& cells = list_at(row, "cells");
  for (std::size_t i = 0; i < columns.size() && i < cells.size(); ++i) {
    if (!is_shown(columns[i], view)) continue;
    const bool is_name = view.prefix != nullptr && text_at(columns[i], "name") == "Name";
    texts.push_back(is_name ? view.prefix->title(cell_text(cells[i])) : cell_text(cells[i]));
  }
  if (view.with_labels) texts.push_back(labels_text(map_at(row, "object.metadata.labels")));
  return texts;
}

}  // namespace

Row header_of(const json::value& table, const TableView& view) {
  Row header;
  if (view.with_namespace) header.emplace_back("NAMESPACE");
  for (const json::value& each : list_at(table, "columnDefinitions")) {
    if (is_shown(each, view)) header.push_back(upper(text_at(each, "name")));
  }
  if (view.with_labels) header.emplace_back("LABELS");
  return header;
}

std::vector<Row> rows_of(const json::value& table, const TableView& view) {
  std::vector<Row> rows;
  const json::array& columns = list_at(table, "columnDefinitions");
  for (const json::value& each : list_at(table, "rows")) rows.push_back(row_of(each, columns, view));
  return rows;
}

}  // namespace reeve::cli
