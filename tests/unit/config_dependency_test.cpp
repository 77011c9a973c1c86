// How dependencies are written, and what is wrong with some.
#include "config_helpers.hpp"

#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::config;

BOOST_AUTO_TEST_SUITE(config_dependency)

BOOST_AUTO_TEST_CASE(pods_and_deployments_are_depended_on_by_name) {
  const auto loaded = parse_one(R"([pod.db]
command = ["/db"]
[deployment.api]
command = ["/api"]
dependsOn = ["db"]
[deployment.web]
command = ["/web"]
dependsOn = ["deployment/api", "pod/db"]
)",
                                Format::toml);
  BOOST_TEST(first_message(loaded) == "");
  BOOST_REQUIRE(loaded.has_value());
}

BOOST_AUTO_TEST_CASE(what_is_applied_may_depend_on_what_runs_already) {
  const Source source{"f", "[pod.web]\ncommand = [\"/a\"]\ndependsOn = [\"db\"]\n", Format::toml};
  BOOST_TEST(!first_message(parse({&source, 1})).empty());
  BOOST_TEST(first_message(parse({&source, 1}, ImagesKnown::elsewhere)) == "");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_dependencies_is_told) {
  const std::string pod = "[pod.db]\ncommand = [\"/a\"]\n", web = "[pod.web]\ncommand = [\"/a\"]\n";
  const std::vector<MistakeCase> cases{
      {"a name that is not there",
       pod + web + "dependsOn = [\"bd\"]\n",
       {"f:5:14: pod \"web\": there is no pod or deployment \"bd\" to depend on, did you mean \"db\"?"}},
      {"another kind",
       pod + web + "dependsOn = [\"service/db\"]\n",
       {"f:5:14: pod \"web\": spec.dependsOn[0]: Invalid value: \"service/db\": must be a name, or \"pod/NAME\" or "
        "\"deployment/NAME\""}},
      {"a name of two",
       pod + "[deployment.db]\ncommand = [\"/a\"]\n" + web + "dependsOn = [\"db\"]\n",
       {"f:7:14: pod \"web\": \"db\" is the name of a pod and of a deployment: write \"pod/db\" or "
        "\"deployment/db\""}},
      {"a circle",
       pod + "dependsOn = [\"web\"]\n[deployment.api]\ncommand = [\"/a\"]\ndependsOn = [\"db\"]\n" + web +
           "dependsOn = [\"api\"]\n",
       {"f:3:1: pod \"db\": nothing of db → web → api → db would ever start: each waits for the next"}},
      {"itself",
       web + "dependsOn = [\"web\"]\n",
       {"f:3:1: pod \"web\": nothing of web → web would ever start: each waits for the next"}},
  };
  REEVE_CHECK_MISTAKES(cases, Format::toml)
}

BOOST_AUTO_TEST_SUITE_END()
