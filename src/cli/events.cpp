// reeve events: what happened, oldest first; with -w what happens.
#include "cli/describe.hpp"
#include "cli/json.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"

#include <reeve/api/client_watch.hpp>
#include <reeve/cli/cli.hpp>

#include <algorithm>
#include <cstdio>

namespace reeve::cli {
namespace json = boost::json;
namespace {

std::string last_seen(const json::value& event) {
  const std::string last = text_at(event, "lastTimestamp");
  return last.empty() ? text_at(event, "eventTime") : last;
}

class Events {
 public:
  int run(const Command& command, std::span<const std::string> arguments) {
    const Arguments read =
        read_arguments(command, arguments,
                       session_.options({flag("-w", "--watch", "go on with every event", watches_),
                                         text("", "--for", "TYPE/NAME", "only about this object", about_),
                                         text("", "--types", "Warning,Normal", "only of these types", types_),
                                         flag("-A", "--all-namespaces", "of all namespaces", everywhere_),
                                         flag("", "--no-headers", "rows only", no_headers_)}));
    if (read.exit_code) return *read.exit_code;
    if (!read.words.empty()) return misused(command, "unexpected argument \"" + read.words.front() + "\"");
    if (!about_.empty()) {
      const auto targets = read_targets({about_});
      if (!targets) return refused(targets.error());
      fields_ = "involvedObject.kind=" + std::string(targets->front().resource->kind) +
                ",involvedObject.name=" + targets->front().names.front();
    }
    return list();
  }

 private:
  std::string query() const { return query_of({{"fieldSelector", fields_}}); }

  Row row_of(const json::value& event) const {
    Row row;
    if (everywhere_) row.push_back(text_at(event, "metadata.namespace"));
    row.insert(row.end(), {event_age(event, now()), text_at(event, "type"), text_at(event, "reason"),
                           text_at(event, "involvedObject.kind") + "/" + text_at(event, "involvedObject.name"),
                           text_at(event, "message")});
    return row;
  }

  bool is_wanted(const json::value& event) const {
    return types_.empty() || ("," + types_ + ",").find("," + text_at(event, "type") + ",") != std::string::npos;
  }

  int list() {
    const std::string path = (*find_resource("events"))->list_path(everywhere_ ? "" : session_.name_space());
    const auto found = session_.get(path + query());
    if (!found) return refused(found.error());
    std::vector<const json::value*> events;
    for (const json::value& each : list_at(*found, "items")) {
      if (is_wanted(each)) events.push_back(&each);
    }
    std::ranges::stable_sort(events, {}, [](const json::value* each) { return last_seen(*each); });
    Row header{"LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"};
    if (everywhere_) header.insert(header.begin(), "NAMESPACE");
    TableWriter writer(no_headers_ ? Row{} : header);
    std::vector<Row> rows;
    for (const json::value* each : events) rows.push_back(row_of(*each));
    std::fputs(writer.print(rows).c_str(), stdout);
    std::fflush(stdout);
    if (watches_) return watch(path, text_at(*found, "metadata.resourceVersion"), writer);
    if (rows.empty() && everywhere_) std::fputs("No events found.\n", stderr);
    if (rows.empty() && !everywhere_) {
      std::fprintf(stderr, "No events found in %s namespace.\n", session_.name_space().c_str());
    }
    return exit_done;
  }

  int watch(const std::string& path, const std::string& version, TableWriter& writer) {
    const std::string query_text = query();
    api::Watch watched(
        {.path = path, .query = query_text.empty() ? "" : query_text.substr(1), .resource_version = version});
    const auto end = watched.run(session_.client(), [&](std::string_view type, const json::value& event) {
      if (type == "DELETED" || !is_wanted(event)) return true;
      std::fputs(writer.print({row_of(event)}).c_str(), stdout);
      std::fflush(stdout);
      return true;
    });
    return end ? exit_done : refused(end.error());
  }

  Session session_;
  bool watches_ = false, everywhere_ = false, no_headers_ = false;
  std::string about_, types_, fields_;
};

}  // namespace

int events_command(const Command& command, std::span<const std::string> arguments) {
  return Events().run(command, arguments);
}

}  // namespace reeve::cli
