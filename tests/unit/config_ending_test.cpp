// An end that is asked for must be able to come.
#include "config_helpers.hpp"

#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::config;

BOOST_AUTO_TEST_SUITE(config_ending)

BOOST_AUTO_TEST_CASE(what_is_asked_for_is_read) {
  const auto loaded = parse_one(R"([supervisor]
logFormat = "json"
onPodsFinished = "exit"
exitCodeFrom = "app"
[pod.app]
command = ["/app"]
restartPolicy = "Never"
[deployment.web]
command = ["/web"]
)",
                                Format::toml);
  BOOST_TEST(first_message(loaded) == "");
  BOOST_REQUIRE(loaded.has_value());
  BOOST_TEST((loaded->supervisor.log_format == LogFormat::json));
  BOOST_TEST((loaded->supervisor.on_pods_finished == OnPodsFinished::exit));
  BOOST_TEST(loaded->supervisor.exit_code_from == "app");
}

BOOST_AUTO_TEST_CASE(what_would_never_come_is_told) {
  const std::string exit = "[supervisor]\nonPodsFinished = \"exit\"\n", from = "exitCodeFrom = \"app\"\n";
  const std::string app = "[pod.app]\ncommand = [\"/a\"]\n", web = "[deployment.web]\ncommand = [\"/a\"]\n";
  const std::string never = "restartPolicy = \"Never\"\n";
  const std::vector<MistakeCase> cases{
      {"a pod that is restarted",
       exit + app,
       {"f:2:18: supervisor: onPodsFinished = \"exit\" would never come true: pod \"app\" at f:3 never ends: it is "
        "started again whenever it ends: write restartPolicy = \"Never\" or \"OnFailure\" for it, or name the pod "
        "whose end is the end by exitCodeFrom"}},
      {"a deployment",
       exit + app + never + web,
       {"f:2:18: supervisor: onPodsFinished = \"exit\" would never come true: deployment \"web\" at f:6 never ends: "
        "a deployment's pods are replaced: name the pod whose end is the end by exitCodeFrom"}},
      {"the one that counts is restarted",
       exit + from + app,
       {"f:3:16: supervisor: exitCodeFrom: pod \"app\" never ends: it is started again whenever it ends: write "
        "restartPolicy = \"Never\" or \"OnFailure\" for it"}},
      {"the one that counts is not there",
       exit + "exitCodeFrom = \"ap\"\n" + app + never,
       {"f:3:16: supervisor: exitCodeFrom: there is no pod \"ap\" in these files, did you mean \"app\"?"}},
      {"it would run on",
       "[supervisor]\n" + from + app + never,
       {"f:2:16: supervisor: exitCodeFrom means nothing while reeve runs on: write onPodsFinished = \"exit\" too"}},
      {"a deadline ends it", exit + app + "activeDeadlineSeconds = 5\n", {}},
  };
  REEVE_CHECK_MISTAKES(cases, Format::toml)
}

BOOST_AUTO_TEST_SUITE_END()
