// reeve get: the server's tables, or the objects themselves.
#include "cli/json.hpp"
#include "cli/server_table.hpp"
#include "cli/session.hpp"

#include <reeve/api/client_watch.hpp>
#include <reeve/cli/cli.hpp>

#include <cstdio>

namespace reeve::cli {
namespace json = boost::json;
namespace {

constexpr const char* as_table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

class Get {
 public:
  int run(const Command& command, std::span<const std::string> arguments) {
    const Arguments read = read_arguments(command, arguments, session_.options(own_options()));
    if (read.exit_code) return *read.exit_code;
    if (read.words.empty()) return misused(command, "say what: pods, services, deployments, events, all, ...");
    const auto targets = read_targets(read.words);
    if (!targets) return refused(targets.error());
    const bool knows_output = output_.empty() || output_ == "wide" || is_objects() || output_ == "name";
    if (!knows_output) return misused(command, "-o takes wide, json, yaml or name");
    if (watches_) return watch(command, *targets);
    return is_objects() || output_ == "name" ? objects(*targets) : tables(*targets);
  }

 private:
  std::vector<Option> own_options() {
    return {text("-o", "--output", "wide|json|yaml|name", "how to show it", output_),
            flag("-w", "--watch", "go on with every change", watches_),
            text("-l", "--selector", "LABELS", "only objects with such labels: a=b,c!=d,e in (x,y)", selector_),
            text("", "--field-selector", "FIELDS", "only objects with such fields: status.phase=Running", fields_),
            flag("-A", "--all-namespaces", "of all namespaces", everywhere_),
            flag("", "--show-labels", "a column with the labels", shows_labels_),
            flag("", "--no-headers", "rows only", no_headers_)};
  }

  bool is_objects() const { return output_ == "json" || output_ == "yaml"; }
  std::string where() const { return everywhere_ ? "" : session_.name_space(); }
  std::string query() const { return query_of({{"labelSelector", selector_}, {"fieldSelector", fields_}}); }

  TableView view(const Resource* prefix) const { return {output_ == "wide", everywhere_, shows_labels_, prefix}; }

  // One answer for a list, one for each name.
  std::vector<std::string> paths(const Target& target) const {
    if (target.names.empty()) return {target.resource->list_path(where()) + query()};
    std::vector<std::string> all;
    for (const std::string& each : target.names) {
      all.push_back(target.resource->path(session_.name_space(), each));
    }
    return all;
  }

  Result<json::value> ask(const std::string& path, const char* accept) const {
    return api::expect_success(session_.client().ask({.path = path, .accept = accept}));
  }

  int nothing_found() const {
    if (everywhere_) {
      std::fputs("No resources found\n", stderr);
    } else {
      std::fprintf(stderr, "No resources found in %s namespace.\n", session_.name_space().c_str());
    }
    return exit_done;
  }

  int tables(const std::vector<Target>& targets) {
    int code = exit_done;
    bool any = false;
    for (const Target& each : targets) {
      std::vector<Row> rows;
      Row header;
      for (const std::string& path : paths(each)) {
        const auto table = ask(path, as_table);
        if (!table) {
          code = refused(table.error());
          continue;
        }
        const TableView shown = view(targets.size() > 1 ? each.resource : nullptr);
        header = no_headers_ ? Row{} : header_of(*table, shown);
        for (Row& row : rows_of(*table, shown)) rows.push_back(std::move(row));
      }
      if (rows.empty()) continue;
      if (any) std::putchar('\n');
      any = true;
      std::fputs(TableWriter(header).print(rows).c_str(), stdout);
    }
    return any || code != exit_done ? code : nothing_found();
  }

  int objects(const std::vector<Target>& targets) {
    int code = exit_done;
    json::array found;
    bool is_single = targets.size() == 1 && targets.front().names.size() == 1;
    for (const Target& each : targets) {
      for (const std::string& path : paths(each)) {
        auto answer = ask(path, api::exact_json);
        if (!answer) {
          code = refused(answer.error());
        } else if (each.names.empty()) {
          collect(*each.resource, *answer, found);
        } else {
          found.push_back(*std::move(answer));
        }
      }
    }
    if (code != exit_done && found.empty()) return code;
    print_objects(found, is_single);
    return code;
  }

  // Items of a list say neither what they are nor of which version.
  static void collect(const Resource& resource, const json::value& list, json::array& found) {
    for (const json::value& each : list_at(list, "items")) {
      json::object object;
      object["apiVersion"] = resource.root == "/api/v1" ? "v1" : resource.root.substr(6);
      object["kind"] = resource.kind;
      for (const auto& member : map_at(each, "")) object[member.key()] = member.value();
      found.push_back(std::move(object));
    }
  }

  void print_objects(const json::array& found, bool is_single) const {
    if (output_ == "name") {
      for (const json::value& each : found) {
        const Resource* const resource = resource_of_kind(text_at(each, "kind"));
        if (resource != nullptr) std::puts(resource->title(text_at(each, "metadata.name")).c_str());
      }
      return;
    }
    json::value shown;
    if (is_single) {
      shown = found.front();
    } else {
      shown = json::object{{"apiVersion", "v1"},
                           {"items", found},
                           {"kind", "List"},
                           {"metadata", json::object{{"resourceVersion", ""}}}};
    }
    std::fputs((output_ == "yaml" ? yaml(shown) : pretty_json(shown)).c_str(), stdout);
  }

  void print_change(const Resource& resource, const json::value& object, TableWriter& writer) const {
    if (output_ == "name") {
      std::puts(resource.title(text_at(object, "metadata.name")).c_str());
    } else if (output_ == "yaml") {
      std::fputs(("---\n" + yaml(object)).c_str(), stdout);
    } else if (output_ == "json") {
      std::fputs(pretty_json(object).c_str(), stdout);
    } else {
      std::fputs(writer.print(rows_of(object, view(nullptr))).c_str(), stdout);
    }
    std::fflush(stdout);
  }

  int watch(const Command& command, const std::vector<Target>& targets) {
    if (targets.size() != 1 || targets.front().names.size() > 1) {
      return misused(command, "-w watches one kind, or one object");
    }
    const Target& target = targets.front();
    if (!target.names.empty()) fields_ = "metadata.name=" + target.names.front();
    const std::string list_path = target.resource->list_path(where());
    const char* const accept = is_objects() || output_ == "name" ? api::exact_json : as_table;
    const auto list = ask(list_path + query(), accept);
    if (!list) return refused(list.error());
    TableWriter writer(no_headers_ ? Row{} : header_of(*list, view(nullptr)));
    if (accept == as_table) {
      std::fputs(writer.print(rows_of(*list, view(nullptr))).c_str(), stdout);
    } else {
      for (const json::value& each : list_at(*list, "items")) print_change(*target.resource, each, writer);
    }
    std::fflush(stdout);
    const std::string query_text = query();
    api::Watch watched({.path = list_path,
                        .query = query_text.empty() ? "" : query_text.substr(1),
                        .accept = accept,
                        .resource_version = text_at(*list, "metadata.resourceVersion")});
    const auto end = watched.run(session_.client(), [&](std::string_view, const json::value& object) {
      print_change(*target.resource, object, writer);
      return true;
    });
    return end ? exit_done : refused(end.error());
  }

  Session session_;
  std::string output_;
  std::string selector_;
  std::string fields_;
  bool watches_ = false;
  bool everywhere_ = false;
  bool shows_labels_ = false;
  bool no_headers_ = false;
};

}  // namespace

int get_command(const Command& command, std::span<const std::string> arguments) {
  return Get().run(command, arguments);
}

}  // namespace reeve::cli
