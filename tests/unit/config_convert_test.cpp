// From TOML to manifests and back: nothing changes, and a cluster could read what is in between.
#include "config/reader.hpp"
#include "random_object.hpp"

#include <reeve/config/convert.hpp>

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

namespace reeve::config {
namespace {

// Names that tell containers apart, as validation demands.
void name_containers(PodSpec& pod) {
  int number = 0;
  if (pod.containers.empty()) pod.containers.emplace_back();
  for (auto* list : {&pod.init_containers, &pod.containers}) {
    for (ContainerSpec& each : *list) each.name = "c" + std::to_string(++number);
  }
}

Object made(std::uint64_t seed) {
  Object object = RandomObject(seed).make();
  if (auto* pod = std::get_if<PodObject>(&object)) name_containers(pod->spec);
  if (auto* deployment = std::get_if<DeploymentObject>(&object)) name_containers(deployment->spec.pod_template.spec);
  apply_defaults(object);
  return object;
}

std::string first_of(const std::vector<Fault>& faults) { return faults.empty() ? "" : faults.front().text; }

template <class Read>
std::string fault_of(const Read& read) {
  return read ? "" : read.error().text;
}

Object read_back(const std::string& text, Format format) {
  Drafts drafts;
  if (format == Format::toml) {
    auto root = read_toml(text);
    BOOST_REQUIRE_MESSAGE(root, text << fault_of(root));
    desugar(*std::move(root), drafts);
  } else {
    auto documents = read_yaml(text);  // JSON is YAML
    BOOST_REQUIRE_MESSAGE(documents, text << fault_of(documents));
    for (Node& each : *documents) read_manifest(std::move(each), drafts);
  }
  BOOST_REQUIRE_MESSAGE(drafts.faults.empty(), text << first_of(drafts.faults));
  BOOST_REQUIRE_MESSAGE(drafts.objects.size() == 1u, text);
  std::vector<Fault> faults;
  Object object = object_of(drafts.objects.front(), faults);
  BOOST_REQUIRE_MESSAGE(faults.empty(), text << first_of(faults));
  return object;
}

BOOST_AUTO_TEST_SUITE(config_convert)

BOOST_AUTO_TEST_CASE(there_and_back_changes_nothing) {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    const Object object = made(seed);
    for (const Format format : {Format::yaml, Format::json, Format::toml}) {
      const auto text = written(std::vector{object}, format);
      BOOST_REQUIRE(text);
      BOOST_REQUIRE_MESSAGE(read_back(*text, format) == object, "REEVE_SEED=" << seed << '\n' << *text);
    }
  }
}

constexpr const char* own_words = R"(
[deployment.web]
command = ["/bin/web"]
network = "isolated"
drainSeconds = 0.5
dependsOn = ["db"]
autoRollback = true
minReadySeconds = 1.5
ports = [{ containerPort = 0, name = "http" }, { containerPort = 80 }]
[deployment.web.readinessProbe]
tcpSocket = { port = 80 }
periodSeconds = 0.25
[pod.db]
command = ["/bin/db"]
)";

BOOST_AUTO_TEST_CASE(what_kubernetes_has_no_word_for_is_annotated) {
  const std::vector sources{Source{"f", own_words, Format::toml}};
  const auto loaded = parse(sources, ImagesKnown::elsewhere);
  BOOST_REQUIRE(loaded);
  const auto found = std::ranges::find_if(
      loaded->objects, [](const Placed& each) { return std::holds_alternative<DeploymentObject>(each.object); });
  const std::string text = boost::json::serialize(to_kubernetes(found->object));
  BOOST_TEST(
      text == R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","labels":{"app":"web"},)"
              R"("annotations":{"reeve.dev/autoRollback":"true","reeve.dev/minReadySeconds":"1.5"}},)"
              R"("spec":{"selector":{"matchLabels":{"app":"web"}},"minReadySeconds":2,"strategy":{"rollingUpdate":{}},)"
              R"("template":{"metadata":{"labels":{"app":"web"},"annotations":{)"
              R"("reeve.dev/containers":"[{\"ports\":[{\"name\":\"http\",\"containerPort\":0},{\"containerPort\":80}],)"
              R"(\"readinessProbe\":{\"periodSeconds\":2.5E-1},\"name\":\"web\"}]","reeve.dev/drainSeconds":"0.5",)"
              R"("reeve.dev/network":"isolated","reeve.dev/dependsOn":"[\"db\"]"}},)"
              R"("spec":{"containers":[{"name":"web","command":["/bin/web"],"ports":[{"containerPort":80}],)"
              R"("readinessProbe":{"tcpSocket":{"port":80},"periodSeconds":1}}]}}}})",
      text);
}

BOOST_AUTO_TEST_CASE(a_value_that_was_changed_is_meant) {
  constexpr const char* manifest = R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","annotations":
    {"reeve.dev/terminationGracePeriodSeconds":"0.5"}},"spec":{"terminationGracePeriodSeconds":%,"containers":[{"name":"a"}]}})";
  const auto grace = [&](const std::string& written) {
    std::string text = manifest;
    text.replace(text.find('%'), 1, written);
    return std::get<PodObject>(read_back(text, Format::json)).spec.termination_grace_period;
  };
  BOOST_TEST((grace("1") == milliseconds(500)));
  BOOST_TEST((grace("4") == seconds(4)));
}

BOOST_AUTO_TEST_CASE(seconds_alone_are_rounded_for_others_types) {
  boost::json::object whole{{"spec", boost::json::object{{"drainSeconds", 0.5}, {"activeDeadlineSeconds", 3}}}};
  BOOST_TEST(!round_seconds(whole));
  boost::json::object part{{"spec", boost::json::object{{"drainSeconds", 0.5}, {"activeDeadlineSeconds", 2.5}}}};
  BOOST_TEST(round_seconds(part));
  BOOST_TEST(boost::json::serialize(part) ==
             R"({"spec":{"drainSeconds":5E-1,"activeDeadlineSeconds":3},)"
             R"("metadata":{"annotations":{"reeve.dev/activeDeadlineSeconds":"2.5"}}})");
}

BOOST_AUTO_TEST_CASE(annotations_of_others_stay) {
  constexpr const char* manifest = R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","annotations":
    {"reeve.dev/network":"isolated","reeve.dev/unknown":"x","note":"y"}},"spec":{"containers":[{"name":"a"}]}})";
  const Object object = read_back(manifest, Format::json);
  BOOST_TEST((std::get<PodObject>(object).spec.network == Network::isolated));
  const Labels expected{{"note", "y"}, {"reeve.dev/unknown", "x"}};
  BOOST_TEST((metadata_of(object).annotations == expected));
}

BOOST_AUTO_TEST_CASE(a_wrong_annotation_is_a_mistake_like_any_other) {
  const std::vector sources{Source{"f",
                                   "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations:\n"
                                   "    reeve.dev/network: none\nspec:\n  containers: [{name: a, image: x}]\n",
                                   Format::yaml}};
  const auto loaded = parse(sources, ImagesKnown::elsewhere);
  BOOST_REQUIRE(!loaded);
  BOOST_TEST(loaded.error().front().line == 6);
  BOOST_TEST(loaded.error().front().text.find("network") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(pods_of_a_deployment_may_have_labels_of_their_own_in_toml) {
  constexpr const char* text = R"(
[deployment.web]
command = ["/bin/web"]
labels = { team = "a" }
selector = { matchLabels = { app = "web" } }
template = { labels = { app = "web" } }
)";
  const Object object = read_back(text, Format::toml);
  const auto& deployment = std::get<DeploymentObject>(object);
  BOOST_TEST((deployment.metadata.labels == Labels{{"team", "a"}}));
  BOOST_TEST((deployment.spec.pod_template.metadata.labels == Labels{{"app", "web"}}));
  Drafts drafts;
  desugar(*read_toml("[deployment.web]\ntemplate = { spec = {} }\n"), drafts);
  BOOST_REQUIRE(drafts.faults.size() == 1u);
  BOOST_TEST(drafts.faults.front().text.find("template holds the pods' labels and annotations alone") == 0u);
}

BOOST_AUTO_TEST_CASE(one_name_in_two_namespaces_is_no_toml) {
  PodObject pod;
  pod.metadata.name = "a";
  pod.spec.containers.emplace_back().name = "a";
  PodObject other = pod;
  other.metadata.name_space = "other";
  BOOST_TEST(!written(std::vector<Object>{pod, other}, Format::toml));
  BOOST_TEST(written(std::vector<Object>{pod, other}, Format::yaml).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace reeve::config
