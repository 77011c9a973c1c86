// Layout, character for character.
#include <cli/json.hpp>
#include <cli/server_table.hpp>
#include <cli/table.hpp>
#include <cli/when.hpp>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

using namespace reeve::cli;
namespace json = boost::json;

namespace {

const json::value& pods() {
  static const json::value table = json::parse(R"json({"kind": "Table",
    "columnDefinitions": [{"name": "Name", "priority": 0}, {"name": "Ready", "priority": 0},
      {"name": "Status", "priority": 0}, {"name": "Restarts", "priority": 0}, {"name": "Age", "priority": 0},
      {"name": "IP", "priority": 1}],
    "rows": [
      {"cells": ["web", "1/1", "Running", "0", "3m10s", "127.0.0.1"],
       "object": {"metadata": {"name": "web", "namespace": "default", "labels": {"b": "2", "a": "1"}}}},
      {"cells": ["healthcheck", "0/1", "CrashLoopBackOff", "3 (10s ago)", "70m", null],
       "object": {
  "metadata" : { "name" : "healthcheck", "namespace" : "default" }}}]
})json");
  return table;
}

std::string shown(const TableView& view) { return TableWriter(header_of(pods(), view)).print(rows_of(pods(), view)); }

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_table)

BOOST_AUTO_TEST_CASE(columns_are_as_wide_as_kubectl_makes_them) {
  BOOST_TEST(shown({}) ==
             "NAME          READY   STATUS             RESTARTS      AGE\n"
             "web           1/1     Running            0             3m10s\n"
             "healthcheck   0/1     CrashLoopBackOff   3 (10s ago)   70m\n");
}

BOOST_AUTO_TEST_CASE(wide_namespace_labels_and_prefix_add_their_columns) {
  const Resource* const resource = *find_resource("po");
  BOOST_TEST(shown({true, true, true, resource}) ==
             "NAMESPACE   NAME              READY   STATUS             RESTARTS      AGE     IP          LABELS\n"
             "default     pod/web           1/1     Running            0             3m10s   127.0.0.1   a=1,b=2\n"
             "default     pod/healthcheck   0/1     CrashLoopBackOff   3 (10s ago)   70m     <none>      <none>\n");
}

BOOST_AUTO_TEST_CASE(a_watch_remembers_widths_and_they_only_grow) {
  TableWriter writer(Row{"NAME", "AGE"});
  BOOST_TEST(writer.print({}) == "");
  BOOST_TEST(writer.print({{"a", "1s"}}) == "NAME   AGE\na      1s\n");
  BOOST_TEST(writer.print({{"longer-name", "1s"}}) == "longer-name   1s\n");
  BOOST_TEST(writer.print({{"a", "2s"}}) == "a             2s\n");
}

BOOST_AUTO_TEST_CASE(widths_count_characters_and_a_cell_ends_at_its_first_line) {
  BOOST_TEST(width_of("●é") == 2u);
  BOOST_TEST(TableWriter().print({{"äöü", "x\ny", "z"}}) == "äöü   x...   z\n");
}

BOOST_AUTO_TEST_CASE(tab_stops_are_those_of_lines_that_follow_each_other) {
  BOOST_TEST(with_tab_stops("Name:\tweb\nNamespace:\tdefault\nContainers:\n  a:\tb\n  Long Name:\tc\n") ==
             "Name:       web\nNamespace:  default\nContainers:\n  a:          b\n  Long Name:  c\n");
}

BOOST_AUTO_TEST_CASE(resources_have_kubectl_s_names) {
  for (const char* each : {"deployments", "deployment", "deploy", "deployments.apps", "Deployment"}) {
    BOOST_TEST((*find_resource(each))->kind == "Deployment");
  }
  BOOST_TEST(find_resource("x").error().message() == "the server doesn't have a resource type \"x\"");
  BOOST_TEST((*find_resource("deploy"))->title("web") == "deployment.apps/web");
  BOOST_TEST((*find_resource("deploy"))->path("default", "web") == "/apis/apps/v1/namespaces/default/deployments/web");
  BOOST_TEST((*find_resource("no"))->list_path("default") == "/api/v1/nodes");
  BOOST_TEST((*find_resource("po"))->path("default", "a b/c?") == "/api/v1/namespaces/default/pods/a%20b%2Fc%3F");
}

BOOST_AUTO_TEST_CASE(targets_are_types_with_names_or_both_with_a_slash) {
  const auto both = read_targets({"pods,svc", "a", "b"});
  BOOST_REQUIRE(both.has_value());
  BOOST_REQUIRE(both->size() == 2u);
  BOOST_TEST((*both)[1].resource->kind == "Service");
  BOOST_TEST((*both)[1].names.size() == 2u);
  const auto slashed = read_targets({"pod/a", "svc/b"});
  BOOST_REQUIRE(slashed.has_value());
  BOOST_TEST((*slashed)[1].names[0] == "b");
  BOOST_TEST(read_targets({"all"})->size() == 4u);
  BOOST_CHECK(!read_targets({"pod", "svc/b"}));
}

BOOST_AUTO_TEST_CASE(times_are_read_and_shown) {
  BOOST_TEST(full_time("2006-01-02T15:04:05Z") == "Mon, 02 Jan 2006 15:04:05 +0000");
  BOOST_TEST(full_time("2026-02-30T15:04:05Z") == "");
  const Time at = *parse_time("2026-01-02T03:04:05.500000000Z");
  BOOST_TEST(age("2026-01-02T03:00:55.5Z", at) == "3m10s");
  BOOST_TEST(age("", at) == "<unknown>");
}

BOOST_AUTO_TEST_CASE(yaml_quotes_what_it_would_read_otherwise) {
  const json::value value = json::parse(
      R"json({"a": {"b": [1, "2", "x: y", {"c": true, "d": []}]}, "e": "", "f": "plain text", "g": 0.5, "h": {}})json");
  BOOST_TEST(
      yaml(value) ==
      "a:\n  b:\n  - 1\n  - \"2\"\n  - \"x: y\"\n  - c: true\n    d: []\ne: \"\"\nf: plain text\ng: 0.5\nh: {}\n");
  BOOST_TEST(pretty_json(json::parse(R"json({"a": [1, {}], "b": 2.0})json")) ==
             "{\n    \"a\": [\n        1,\n        {}\n    ],\n    \"b\": 2\n}\n");
}

BOOST_AUTO_TEST_SUITE_END()
