// What becomes of fields that Kubernetes knows and reeve does not serve.
#include <api/patch.hpp>
#include <reeve/api/unserved.hpp>

#include <reeve/core/fields.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <set>
#include <sstream>

namespace reeve::api {
namespace {

namespace json = boost::json;

template <class... T>
std::set<std::string_view> later_of() {
  std::set<std::string_view> names;
  (names.insert(FieldsOf<T>::later.begin(), FieldsOf<T>::later.end()), ...);
  return names;
}

std::set<std::string_view> later_names() {
  return later_of<ObjectMeta, PodSpec, ContainerSpec, ContainerPort, EnvVarSource, ProbeSpec, LifecycleHandler,
                  LabelSelector, DeploymentSpec, ServiceSpec, ServicePort>();
}

std::string_view text_of(Treatment treatment) {
  switch (treatment) {
    case Treatment::kept:
      return "kept";
    case Treatment::warned:
      return "warned";
    case Treatment::refused:
      return "refused";
  }
  return {};
}

json::object parsed(const char* text) { return json::parse(text).as_object(); }

BOOST_AUTO_TEST_SUITE(api_unserved)

BOOST_AUTO_TEST_CASE(every_field_that_is_not_served_has_a_treatment) {
  const auto names = later_names();
  for (const std::string_view each : names) BOOST_TEST(find_unserved(each) != nullptr, each);
  std::set<std::string_view> seen;
  for (const UnservedField& each : unserved_fields()) {
    BOOST_TEST(names.contains(each.name), each.name << " is served, or nobody knows it");
    BOOST_TEST(seen.insert(each.name).second, each.name << " stands there twice");
    BOOST_TEST((each.treatment == Treatment::kept) == each.why.empty(), each.name);
  }
}

BOOST_AUTO_TEST_CASE(the_documentation_has_the_same_list) {
  std::ifstream file(REEVE_TEST_DATA "/../../docs/kubernetes.md");
  std::stringstream text;
  text << file.rdbuf();
  for (const UnservedField& each : unserved_fields()) {
    const std::string row = "| `" + std::string(each.name) + "` | " + std::string(text_of(each.treatment)) + " | " +
                            std::string(each.why) + " |\n";
    BOOST_TEST(text.str().find(row) != std::string::npos, row);
  }
}

constexpr const char* full_deployment = R"({"metadata":{"name":"web","annotations":{"a":"b"}},"spec":{"replicas":2,
  "template":{"metadata":{"labels":{"app":"web"}},"spec":{"nodeSelector":{"disk":"ssd"},"dnsPolicy":"ClusterFirst",
    "volumes":[],"hostPID":false,"securityContext":{},"containers":[
      {"name":"a","image":"x"},
      {"name":"b","image":"y","resources":{"limits":{"cpu":"1"}},"terminationMessagePath":"/dev/log"}]}}}})";

BOOST_AUTO_TEST_CASE(what_is_kept_comes_back_and_what_says_nothing_goes) {
  json::object manifest = parsed(full_deployment);
  const Unserved found = take_unserved(manifest, Kind::deployment);
  BOOST_TEST(found.refused.empty());
  const std::vector<std::string> warnings{
      "spec.template.spec.nodeSelector: kept without effect: there is one machine",
      "spec.template.spec.containers[1].resources: kept without effect: nothing is limited or reserved"};
  BOOST_TEST(found.warnings == warnings, boost::test_tools::per_element());
  const std::string text = json::serialize(manifest);
  BOOST_TEST(text.find("nodeSelector\":{") == std::string::npos);
  put_unserved_back(manifest);
  json::object expected = parsed(full_deployment);
  json::object& pod = expected["spec"].as_object()["template"].as_object()["spec"].as_object();
  for (const char* each : {"volumes", "hostPID", "securityContext"}) pod.erase(each);
  json::object& metadata = manifest["spec"].as_object()["template"].as_object()["metadata"].as_object();
  BOOST_TEST(!metadata.contains("annotations"));
  BOOST_TEST(json::value(manifest) == json::value(expected), json::serialize(manifest));
}

BOOST_AUTO_TEST_CASE(what_would_run_otherwise_is_refused_with_its_place) {
  json::object manifest =
      parsed(R"({"metadata":{"name":"web"},"spec":{"volumes":[{"name":"v","emptyDir":{}}],"containers":[
    {"name":"a","volumeMounts":[{"name":"v","mountPath":"/v"}],"readinessProbe":{"grpc":{"port":1}}}]}})");
  const Unserved found = take_unserved(manifest, Kind::pod);
  std::set<std::string> places;
  for (const FieldError& each : found.refused) places.insert(each.field);
  const std::set<std::string> expected{"spec.volumes", "spec.containers[0].volumeMounts",
                                       "spec.containers[0].readinessProbe.grpc"};
  BOOST_TEST(places == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_client_s_own_annotation_of_that_name_says_nothing) {
  json::object manifest = parsed(R"({"metadata":{"name":"web","annotations":{"reeve.dev/unserved-fields":"{\"x\":1}"}},
    "spec":{"containers":[{"name":"a"}]}})");
  static_cast<void>(take_unserved(manifest, Kind::pod));
  BOOST_TEST(!manifest["metadata"].as_object()["annotations"].as_object().contains("reeve.dev/unserved-fields"));
}

BOOST_AUTO_TEST_CASE(any_value_is_kept_as_it_is) {
  std::string deep = "1";
  for (int i = 0; i < 45; ++i) deep = "{\"a\":[" + deep + "]}";
  const std::string values =
      R"({"imagePullSecrets":[{},{"name":"a"},{"name":"a"}],"nodeSelector":{"$patch":"replace"},)"
      R"("tolerations":[{"key":"x","$patch":"delete"}],"affinity":)" +
      deep + "}";
  json::parse_options options;
  options.max_depth = 200;
  json::object manifest{{"metadata", json::object{{"name", "web"}}}};
  manifest["spec"] = json::parse(values, {}, options);
  const json::value before = manifest;
  static_cast<void>(take_unserved(manifest, Kind::pod));
  BOOST_TEST(manifest["spec"].as_object().empty());
  put_unserved_back(manifest);
  BOOST_TEST(json::value(manifest) == before, json::serialize(manifest));
}

BOOST_AUTO_TEST_CASE(names_that_nobody_knows_stay_for_the_reader_to_refuse) {
  json::object manifest = parsed(R"({"metadata":{"name":"web"},"spec":{"replicsa":1}})");
  static_cast<void>(take_unserved(manifest, Kind::deployment));
  BOOST_TEST(manifest["spec"].as_object().contains("replicsa"));
}

std::string merged(const char* target, const char* patch) {
  json::value value = json::parse(target);
  const auto done = strategic_merge_patch(value, json::parse(patch));
  return done ? json::serialize(value) : done.error().what;
}

BOOST_AUTO_TEST_CASE(a_patch_says_the_order_of_elements_and_what_stays) {
  BOOST_TEST(merged(R"({"env":[{"name":"B"},{"name":"C"}]})",
                    R"({"$setElementOrder/env":[{"name":"A"},{"name":"B"},{"name":"C"}],"env":[{"name":"A"}]})") ==
             R"({"env":[{"name":"A"},{"name":"B"},{"name":"C"}]})");
  BOOST_TEST(merged(R"({"env":[{"name":"X"},{"name":"A"},{"name":"B"}]})",
                    R"({"$setElementOrder/env":[{"name":"B"},{"name":"A"},{"name":"A"}]})") ==
             R"({"env":[{"name":"X"},{"name":"B"},{"name":"A"}]})");
  BOOST_TEST(merged(R"({"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}})",
                    R"({"strategy":{"$retainKeys":["type"],"type":"Recreate"}})") ==
             R"({"strategy":{"type":"Recreate"}})");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace reeve::api
