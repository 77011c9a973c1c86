#include "api/table.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace reeve::api {
namespace json = boost::json;
namespace {

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

Form form_of(std::string_view accept, std::string_view include_object) {
  Form form;
  while (!accept.empty()) {
    const std::size_t end = std::min(accept.find(','), accept.size());
    const std::string_view each = accept.substr(0, end);
    accept.remove_prefix(std::min(end + 1, accept.size()));
    if (!has(each, "application/json")) continue;
    if (has(each, "as=Table") && has(each, "g=meta.k8s.io")) {
      form.is_table = true;
      form.table_version = has(each, "v=v1beta1") ? "v1beta1" : "v1";
    }
    break;  // the first that we know
  }
  if (include_object == "None") form.row_object = RowObject::none;
  if (include_object == "Object") form.row_object = RowObject::whole;
  return form;
}

std::string table_head(const KindInfo& kind, const Form& form, std::uint64_t version) {
  json::array columns;
  for (const Column& each : kind.columns) {
    columns.push_back(json::object{{"name", each.name},
                                   {"type", each.type},
                                   {"format", each.format},
                                   {"description", ""},
                                   {"priority", each.priority}});
  }
  std::string text = "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/";
  text += form.table_version;
  text += "\",\"metadata\":{\"resourceVersion\":\"" + std::to_string(version) + "\"},\"columnDefinitions\":";
  return text + json::serialize(columns) + ",\"rows\":[";
}

std::string table_row(const Snapshot& snapshot, const Form& form, WallTime now) {
  json::array cells;
  for (const Cell& each : snapshot.cells) {
    if (const auto* number = std::get_if<std::int64_t>(&each)) {
      cells.push_back(*number);
    } else {
      cells.push_back(json::string(cell_text(each, now)));
    }
  }
  std::string text = "{\"cells\":" + json::serialize(cells);
  if (form.row_object == RowObject::metadata) text += ",\"object\":" + snapshot.partial();
  if (form.row_object == RowObject::whole) text += ",\"object\":" + snapshot.object();
  return text + '}';
}

std::string formed(const Snapshot& snapshot, const Form& form, WallTime now) {
  if (!form.is_table) return snapshot.object();
  return table_head(info(snapshot.kind), form, snapshot.version) + table_row(snapshot, form, now) + "]}";
}

}  // namespace reeve::api
