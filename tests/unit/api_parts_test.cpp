// Selectors, patches, cells, Status, times.
#include <api/patch.hpp>
#include <api/selector.hpp>
#include <api/snapshot.hpp>
#include <api/status.hpp>
#include <api/table.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

namespace reeve::api {
namespace {

namespace json = boost::json;

bool selects(const std::string& selector, const Labels& labels) {
  const auto query = LabelQuery::parse(selector);
  BOOST_REQUIRE_MESSAGE(query, selector);
  return query->matches(labels);
}

std::string merged(const std::string& target, const std::string& patch) {
  json::value value = json::parse(target);
  merge_patch(value, json::parse(patch));
  return json::serialize(value);
}

std::string merged_by_name(const std::string& target, const std::string& patch) {
  json::value value = json::parse(target);
  const auto done = strategic_merge_patch(value, json::parse(patch));
  return done ? json::serialize(value) : done.error().what;
}

std::string operated(const std::string& target, const std::string& patch) {
  json::value value = json::parse(target);
  const auto done = json_patch(value, json::parse(patch));
  return done ? json::serialize(value) : done.error().what;
}

BOOST_AUTO_TEST_SUITE(api_parts)

BOOST_AUTO_TEST_CASE(label_selectors) {
  const Labels labels{{"app", "web"}, {"tier", "front"}};
  for (const char* each : {"", "app", "app=web", "app==web", "app!=db", "app in (web,db)", "app in (web)", "!x", "x!=y",
                           "app=web,tier=front", "app in (web, db),tier notin (back)", " app = web "}) {
    BOOST_TEST(selects(each, labels), each);
  }
  for (const char* each : {"x", "app=db", "!app", "app!=web", "app notin (web,db)", "app=web,x", "app="}) {
    BOOST_TEST(!selects(each, labels), each);
  }
  for (const char* each :
       {"=", ",", "app=web,", "app in", "app in (", "app in x", "a b", "!", "!a=b", "a=(b)", "a>1"}) {
    BOOST_TEST(!LabelQuery::parse(each), each);
  }
}

BOOST_AUTO_TEST_CASE(field_selectors) {
  const Fields fields{{"metadata.name", "web"}, {"status.phase", "Running"}};
  const auto matches = [&](const char* text) { return FieldQuery::parse(text).value().matches(fields); };
  BOOST_TEST(matches(""));
  BOOST_TEST(matches("metadata.name=web"));
  BOOST_TEST(matches("metadata.name==web,status.phase!=Failed"));
  BOOST_TEST(!matches("metadata.name=db"));
  BOOST_TEST(!FieldQuery::parse("nonsense"));
  BOOST_TEST(!FieldQuery::parse("=x"));
  BOOST_TEST(FieldQuery::parse("a.b=c").value().unknown_among({"metadata.name"}) == "a.b");
}

BOOST_AUTO_TEST_CASE(merge_patches_replace_lists_and_null_removes) {
  BOOST_TEST(merged(R"({"a":1,"b":{"c":[1,2],"d":3}})", R"({"b":{"c":[4],"d":null},"e":5})") ==
             R"({"a":1,"b":{"c":[4]},"e":5})");
  BOOST_TEST(merged(R"([1])", R"({"a":{"b":null,"c":1}})") == R"({"a":{"c":1}})");
}

BOOST_AUTO_TEST_CASE(strategic_patches_merge_lists_by_their_key) {
  const std::string pod = R"({"containers":[{"name":"a","image":"x","env":[{"name":"K","value":"1"}]},{"name":"b"}]})";
  BOOST_TEST(merged_by_name(pod, R"({"containers":[{"name":"a","image":"y","env":[{"name":"L","value":"2"}]}]})") ==
             R"({"containers":[{"name":"a","image":"y","env":[{"name":"K","value":"1"},{"name":"L","value":"2"}]},)"
             R"({"name":"b"}]})");
  BOOST_TEST(merged_by_name(pod, R"({"containers":[{"name":"a","$patch":"delete"}]})") ==
             R"({"containers":[{"name":"b"}]})");
  BOOST_TEST(merged_by_name(pod, R"({"containers":[{"$patch":"replace"},{"name":"z"}]})") ==
             R"({"containers":[{"name":"z"}]})");
  BOOST_TEST(merged_by_name(pod, R"({"$setElementOrder/containers":[{"name":"b"}],"containers":null})") == "{}");
  BOOST_TEST(merged_by_name(pod, R"({"containers":[{"image":"y"}]})").find("merge key") != std::string::npos);
  BOOST_TEST(merged_by_name(R"({"ports":[{"port":80,"name":"a"}]})", R"({"ports":[{"port":80,"name":"b"}]})") ==
             R"({"ports":[{"port":80,"name":"b"}]})");
  BOOST_TEST(merged_by_name(R"({"command":["a","b"]})", R"({"command":["c"]})") == R"({"command":["c"]})");
}

BOOST_AUTO_TEST_CASE(json_patches_do_their_operations_in_order) {
  BOOST_TEST(operated(R"({"a":{"b":1}})",
                      R"([{"op":"replace","path":"/a/b","value":2},)"
                      R"({"op":"add","path":"/a/x~1y","value":[1]},{"op":"test","path":"/a/b","value":2}])") ==
             R"({"a":{"b":2,"x/y":[1]}})");
  BOOST_TEST(operated(R"([1,2])", R"([{"op":"add","path":"/1","value":9},{"op":"add","path":"/-","value":3},)"
                                  R"({"op":"remove","path":"/0"}])") == "[9,2,3]");
  BOOST_TEST(operated("{}", R"([{"op":"replace","path":"/a","value":1}])") == "replace \"/a\": there is no such value");
  BOOST_TEST(operated(R"({"a":1})", R"([{"op":"test","path":"/a","value":2}])") == "test \"/a\": it has another value");
  BOOST_TEST(operated("{}", R"([{"op":"add","path":"/a/b","value":1}])") == "path \"/a/b\" leads nowhere");
  BOOST_TEST(operated("[]", R"([{"op":"add","path":"/7","value":1}])") == "the list has no place 7");
  BOOST_TEST(operated("{}", R"([{"op":"shift","path":"/a"}])") ==
             "op \"shift\" is none: add, remove, replace, move, copy and test are");
  BOOST_TEST(operated(R"({"a":[1,2],"b":3})",
                      R"([{"op":"move","from":"/b","path":"/a/0"},)"
                      R"({"op":"copy","from":"/a/2","path":"/c"}])") == R"({"a":[3,1,2],"c":2})");
  BOOST_TEST(operated("{}", R"([{"op":"copy","path":"/a","from":"/b"}])") ==
             "copy from \"/b\": there is no such value");
  BOOST_TEST(operated(R"({"a":{"b":1}})", R"([{"op":"move","path":"/a/b/c","from":"/a"}])") ==
             "path \"/a/b/c\" leads nowhere");
  std::string doubling = R"([{"op":"add","path":"/a","value":["xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"]})";
  for (int i = 0; i < 40; ++i) doubling += R"(,{"op":"copy","from":"/a","path":"/a/-"})";
  BOOST_TEST(operated("{}", doubling + ']') == "the patch copies more than 1048576 bytes");
  BOOST_TEST(operated("{}", R"([{"op":"add","path":"","value":1}])") == "path \"\": begins with no /");
  BOOST_TEST(operated("{}", "{}") == "the patch is not a list of operations");
}

BOOST_AUTO_TEST_CASE(times_are_read_back) {
  const WallTime time{std::chrono::nanoseconds(1'767'323'045'123'456'789)};
  BOOST_TEST(rfc3339_nano(time) == "2026-01-02T03:04:05.123456789Z");
  BOOST_TEST(rfc3339(time) == "2026-01-02T03:04:05Z");
  BOOST_TEST((parse_rfc3339("2026-01-02T03:04:05.123456789Z") == time));
  BOOST_TEST((parse_rfc3339("2026-01-02T05:04:05.123456789+02:00") == time));
  for (const char* each : {"", "now", "2026", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02T03:04:05+2"}) {
    BOOST_TEST(!parse_rfc3339(each), each);
  }
}

BOOST_AUTO_TEST_CASE(ages_are_told_as_of_now) {
  const WallTime now{std::chrono::seconds(1000)};
  BOOST_TEST(cell_text(AgeCell{now - seconds(190), {}, {}}, now) == "3m10s");
  BOOST_TEST(cell_text(AgeCell{now - seconds(10), "3 (", " ago)"}, now) == "3 (10s ago)");
  BOOST_TEST(cell_text(AgeCell{now + seconds(10), {}, {}}, now) == "0s");
  BOOST_TEST(cell_text(Cell(std::int64_t{7}), now) == "7");
}

BOOST_AUTO_TEST_CASE(the_accept_header_asks_for_tables) {
  BOOST_TEST(form_of("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", "", "").is_table());
  BOOST_TEST(form_of("application/json;as=Table;v=v1beta1;g=meta.k8s.io", "", "").meta_version == "v1beta1");
  BOOST_TEST(!form_of("application/json", "", "").is_table());
  BOOST_TEST(!form_of("*/*", "", "").is_table());
}

BOOST_AUTO_TEST_CASE(an_invalid_object_is_told_with_its_causes) {
  const Status status =
      invalid(info(ApiKind::pods), "web",
              {{"spec.containers", "Required value", "", ""}, {"spec.x", "Invalid value", "2", "must be 1"}});
  BOOST_TEST(status.message ==
             "Pod \"web\" is invalid: [spec.containers: Required value, spec.x: Invalid value: 2: must be 1]");
  BOOST_TEST(status.causes[0].reason == "FieldValueRequired");
  BOOST_TEST(status.causes[1].message == "Invalid value: 2: must be 1");
  BOOST_TEST(not_found(info(ApiKind::deployments), "x").message == "deployments.apps \"x\" not found");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace reeve::api
