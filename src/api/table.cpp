#include "api/table.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace reeve::api {
namespace json = boost::json;
namespace {

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

Form form_of(std::string_view accept, std::string_view include_object, std::string_view api_version) {
  Form form;
  form.api_version = api_version;
  while (!accept.empty()) {
    const std::size_t end = std::min(accept.find(','), accept.size());
    const std::string_view each = accept.substr(0, end);
    accept.remove_prefix(std::min(end + 1, accept.size()));
    if (!has(each, "application/json")) continue;
    form.is_exact = has(each, "profile=reeve.dev");
    if (!has(each, "g=meta.k8s.io")) break;
    if (has(each, "as=Table")) form.shape = Form::Shape::table;
    if (has(each, "as=PartialObjectMetadata")) form.shape = Form::Shape::metadata;  // of a list too
    if (has(each, "v=v1beta1")) form.meta_version = "v1beta1";
    break;  // the first that we know
  }
  if (include_object == "None") form.row_object = RowObject::none;
  if (include_object == "Object") form.row_object = RowObject::whole;
  return form;
}

std::string ListMeta::json() const {
  json::object meta{{"resourceVersion", std::to_string(version)}};
  if (!next.empty()) {
    meta["continue"] = next;
    meta["remainingItemCount"] = remaining;
  }
  return json::serialize(meta);
}

std::string list_head(const KindInfo& kind, const Form& form, const ListMeta& meta) {
  if (form.is_table()) return table_head(kind, form, meta);
  std::string text = "{\"kind\":\"";
  if (form.shape == Form::Shape::metadata) {
    text += "PartialObjectMetadataList\",\"apiVersion\":\"meta.k8s.io/";
    text += form.meta_version;
  } else {
    text += kind.name;
    text += "List\",\"apiVersion\":\"";
    text += form.api_version.empty() ? version_of(kind) : form.api_version;
  }
  return text + "\",\"metadata\":" + meta.json() + ",\"items\":[";
}

std::string list_item(const Snapshot& snapshot, const Form& form, WallTime now) {
  if (form.is_table()) return table_row(snapshot, form, now);
  return form.shape == Form::Shape::metadata ? snapshot.partial() : '{' + snapshot.text_for(form.is_exact);
}

std::string table_head(const KindInfo& kind, const Form& form, const ListMeta& meta) {
  json::array columns;
  for (const Column& each : kind.columns) {
    columns.push_back(json::object{{"name", each.name},
                                   {"type", each.type},
                                   {"format", each.format},
                                   {"description", ""},
                                   {"priority", each.priority}});
  }
  std::string text = "{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/";
  text += form.meta_version;
  text += "\",\"metadata\":" + meta.json() + ",\"columnDefinitions\":";
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
  if (form.row_object == RowObject::whole) text += ",\"object\":" + snapshot.object(form.api_version, form.is_exact);
  return text + '}';
}

std::string formed(const Snapshot& snapshot, const Form& form, WallTime now) {
  if (form.shape == Form::Shape::whole) return snapshot.object(form.api_version, form.is_exact);
  if (form.shape == Form::Shape::metadata) return snapshot.partial();
  return table_head(info(snapshot.kind), form, {.version = snapshot.version}) + table_row(snapshot, form, now) + "]}";
}

}  // namespace reeve::api
