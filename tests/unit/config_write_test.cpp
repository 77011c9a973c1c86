// What is written reads back equal, whatever the object.
#include "random_object.hpp"

#include <reeve/config/object.hpp>
#include <reeve/config/write.hpp>
#include <reeve/core/validate.hpp>

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

namespace reeve::config {
namespace {

BOOST_AUTO_TEST_SUITE(config_write)

BOOST_AUTO_TEST_CASE(what_is_written_reads_back_equal) {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    Object object = RandomObject(seed).make();
    apply_defaults(object);
    for (const Defaults defaults : {Defaults::omitted, Defaults::included}) {
      const std::string text = boost::json::serialize(to_json(object, defaults));
      const auto read = read_object(text);
      BOOST_REQUIRE_MESSAGE(read, "REEVE_SEED=" << seed << ' ' << text << ": " << read.error()[0].text);
      BOOST_REQUIRE_MESSAGE(*read == object, "REEVE_SEED=" << seed << ' ' << text);
    }
  }
}

BOOST_AUTO_TEST_CASE(defaults_are_left_out_or_written) {
  PodObject pod;
  pod.metadata.name = "web";
  ContainerSpec container;
  container.name = "main";
  container.command = {"/bin/true"};
  pod.spec.containers.push_back(container);
  BOOST_TEST(boost::json::serialize(to_json(Object(pod), Defaults::omitted)) ==
             R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},)"
             R"("spec":{"containers":[{"name":"main","command":["/bin/true"]}]}})");
  const std::string all = boost::json::serialize(to_json(pod.spec, Defaults::included));
  BOOST_TEST(all.find(R"("restartPolicy":"Always","terminationGracePeriodSeconds":30)") != std::string::npos, all);
}

BOOST_AUTO_TEST_CASE(mistakes_of_a_request_have_their_places) {
  const auto read = read_object(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"kontainers":[]}})");
  BOOST_REQUIRE(!read);
  BOOST_TEST(read.error()[0].position.column == 65);
  BOOST_TEST(read.error()[0].text.find("did you mean \"containers\"") != std::string::npos);
  BOOST_TEST(!read_object("{"));
  BOOST_TEST(!read_object("[]"));
  BOOST_TEST(!read_object(R"({"apiVersion":"v1","kind":"List","items":[]})"));
}

BOOST_AUTO_TEST_CASE(a_template_has_no_namespace_of_its_own) {
  PodTemplate pod_template;
  pod_template.metadata.labels["app"] = "web";
  BOOST_TEST(boost::json::serialize(to_json(pod_template, Defaults::included).at("metadata")) ==
             R"({"labels":{"app":"web"}})");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace reeve::config
