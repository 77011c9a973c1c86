// What commands read: options, durations, JSONPath, conditions; and how a watch goes on.
#include <cli/difference.hpp>
#include <cli/jsonpath.hpp>
#include <cli/usage.hpp>
#include <cli/wait_for.hpp>
#include <reeve/api/client_watch.hpp>
#include <reeve/config/load.hpp>
#include <reeve/config/write.hpp>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::cli;
namespace json = boost::json;

namespace {

const json::value& pod() {
  static const json::value object = json::parse(R"json({"metadata": {"name": "web", "generation": 2},
    "spec": {"containers": [{"name": "a", "image": "x"}, {"name": "b"}]},
    "status": {"phase": "Running", "conditions": [
      {"type": "Ready", "status": "True"}, {"type": "Old", "status": "True", "observedGeneration": 1}]}})json");
  return object;
}

bool met(std::string_view text) { return is_met(read_wanted(text).value(), pod()); }

std::string followed(std::string_view path) {
  const auto values = follow(pod(), path);
  if (!values) return values.error().message();
  std::string text;
  for (const json::value* each : *values) text += (text.empty() ? "" : " ") + std::string(each->as_string());
  return text;
}

std::vector<std::string> changes(std::string running_text, std::string written_text) {
  const auto object = [](std::string text) {
    const config::Source source{"f", std::move(text), config::Format::toml};
    return config::parse({&source, 1}, config::ImagesKnown::elsewhere).value().objects.front().object;
  };
  json::object running = config::to_json(object(std::move(running_text)), config::Defaults::included);
  running["status"] = json::object{{"phase", "Running"}};
  running["spec"].as_object()["nodeName"] = "host";
  std::vector<std::string> lines;
  const auto found = differences(running, object(std::move(written_text)));
  BOOST_REQUIRE(found.has_value());
  for (const Difference& each : *found) lines.push_back(describe(each));
  return lines;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_words)

BOOST_AUTO_TEST_CASE(durations_are_go_s_and_a_number_alone_counts_seconds) {
  BOOST_TEST((parse_duration("1h30m").value() == seconds(5400)));
  BOOST_TEST((parse_duration("1.5s").value() == milliseconds(1500)));
  BOOST_TEST((parse_duration("250ms").value() == milliseconds(250)));
  BOOST_TEST((parse_duration("90").value() == seconds(90)));
  BOOST_TEST((parse_duration("0").value() == Duration{0}));
  BOOST_TEST((parse_duration("-1s").value() == -seconds(1)));
  for (const char* each : {"", "s", "1x", "1m2", "-", "1e30s", "99999999h"}) {
    BOOST_CHECK_MESSAGE(!parse_duration(each), each);
  }
}

BOOST_AUTO_TEST_CASE(a_flag_may_be_given_a_truth) {
  bool waits = true;
  const std::vector<Option> options{flag("", "--wait", "", waits)};
  const std::vector<std::string> no{"--wait=false", "x"};
  BOOST_TEST(read_options(no, options).value().size() == 1u);
  BOOST_TEST(!waits);
  const std::vector<std::string> maybe{"--wait=maybe"};
  BOOST_TEST(read_options(maybe, options).error().message() == "option --wait takes no value but true or false");
}

BOOST_AUTO_TEST_CASE(short_options_may_stand_together_and_hold_a_value) {
  bool group = false, warns = false;
  std::vector<std::string> codes;
  const std::vector<Option> options{flag("-g", "--group", "", group), flag("-w", "--warn", "", warns),
                                    texts("-e", "--code", "CODE", "", codes)};
  const std::vector<std::string> together{"-gwe", "1", "-e143", "-we=2", "-e", "-5"};
  BOOST_TEST(read_options(together, options).value().empty());
  BOOST_TEST(group);
  BOOST_TEST(warns);
  BOOST_TEST(codes == (std::vector<std::string>{"1", "143", "=2", "-5"}), boost::test_tools::per_element());
  const std::vector<std::string> unknown{"-gx"}, wanting{"-ge"};
  BOOST_TEST(read_options(unknown, options).error().message() == "unknown option -gx");
  BOOST_TEST(read_options(wanting, options).error().message() == "option -e needs a value: -e CODE");
}

BOOST_AUTO_TEST_CASE(words_after_the_options_are_left_alone) {
  bool group = false;
  const std::vector<Option> options{flag("-g", "--group", "", group)};
  const std::vector<std::string> command{"-g", "ls", "-g", "--", "-l"}, apart{"--", "-g"};
  BOOST_TEST(read_options(command, options, OptionsEnd::at_first_word).value() ==
                 (std::vector<std::string>{"ls", "-g", "--", "-l"}),
             boost::test_tools::per_element());
  BOOST_TEST(read_options(apart, options, OptionsEnd::at_first_word).value() == std::vector<std::string>{"-g"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_json_path_leads_to_values) {
  BOOST_TEST(followed("{.status.phase}") == "Running");
  BOOST_TEST(followed(".spec.containers[1].name") == "b");
  BOOST_TEST(followed("{.spec.containers[*].name}") == "a b");
  BOOST_TEST(followed("{.spec.containers[-1].name}") == "b");
  BOOST_TEST(followed("{.status.conditions[?(@.type==\"Ready\")].status}") == "True");
  BOOST_TEST(followed("{.nothing.here}") == "");
  BOOST_TEST(followed("{.spec.containers[0}") == "cannot read the JSONPath \"{.spec.containers[0}\": a ] is missing");
  BOOST_TEST(followed("status") == "cannot read the JSONPath \"status\": write {.status.phase}");
}

BOOST_AUTO_TEST_CASE(wait_knows_conditions_paths_and_ends) {
  BOOST_TEST(met("condition=Ready"));
  BOOST_TEST(met("condition=ready=TRUE"));
  BOOST_TEST(!met("condition=Ready=false"));
  BOOST_TEST(!met("condition=Old"));  // older than the object
  BOOST_TEST(met("jsonpath={.status.phase}=Running"));
  BOOST_TEST(met("jsonpath={.status.phase}"));
  BOOST_TEST(!met("jsonpath={.status.phase}=Failed"));
  BOOST_TEST(!met("delete"));
  BOOST_TEST(met("create"));
  BOOST_TEST(read_wanted("Ready").error().message() == "unrecognized condition: \"Ready\"");
}

BOOST_AUTO_TEST_CASE(a_watch_tells_each_change_once_also_when_it_begins_anew) {
  api::Watch watch({.path = "/api/v1/pods"});
  std::string told;
  const auto take = [&](std::string_view line) {
    return watch.take(line, [&](std::string_view type, const json::value& object) {
      told += std::string(type) + " " + std::string(object.at("metadata").at("resourceVersion").as_string()) + ";";
      return true;
    });
  };
  const char* const first = R"json({"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"3"}}})json";
  BOOST_TEST(take(first).value());
  BOOST_TEST(take(R"json({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"4"}}})json").value());
  BOOST_TEST(take(first).value());
  BOOST_TEST(take(R"json({"type":"MODIFIED","object":{"metadata":{"name":"a","resourceVersion":"5"}}})json").value());
  BOOST_TEST(take(R"json({"type":"DELETED","object":{"metadata":{"name":"a","resourceVersion":"6"}}})json").value());
  BOOST_TEST(take(R"json({"type":"ERROR","object":{"reason":"Expired","message":"too old"}})json").value());
  BOOST_TEST(told == "ADDED 3;MODIFIED 5;DELETED 6;");
  BOOST_TEST(take(R"json({"type":"ERROR","object":{"reason":"Forbidden","message":"no"}})json").error().message() ==
             "Error from server (Forbidden): no");
}

BOOST_AUTO_TEST_CASE(pieces_become_lines) {
  api::Lines lines;
  std::string told;
  const auto take = [&](std::string_view line) {
    told += "<" + std::string(line) + ">";
    return line != "stop";
  };
  BOOST_TEST(lines.feed("a", take));
  BOOST_TEST(lines.feed("b\nc\n\nd", take));
  BOOST_TEST(told == "<ab><c><>");
  BOOST_TEST(lines.rest() == "d");
  BOOST_TEST(!lines.feed("\nstop\nx\n", take));
}

BOOST_AUTO_TEST_CASE(refusals_are_kubectl_s_lines) {
  BOOST_TEST(api::status_line(json::parse(R"json({"reason":"NotFound","message":"pods \"x\" not found"})json")) ==
             "Error from server (NotFound): pods \"x\" not found");
  BOOST_TEST(api::status_line(json::parse(R"json({"message":"no"})json")) == "Error from server: no");
  BOOST_TEST(api::status_line(json::parse(
                 R"json({"reason":"Invalid","details":{"kind":"Pod","name":"x","causes":[
                     {"field":"spec.containers","message":"Required value"}]}})json")) ==
             "The Pod \"x\" is invalid: spec.containers: Required value");
  BOOST_TEST(api::status_line(json::parse(
                 R"json({"reason":"Invalid","details":{"kind":"Pod","name":"x","causes":[
                     {"field":"a","message":"1"},{"field":"b","message":"2"}]}})json")) ==
             "The Pod \"x\" is invalid: \n* a: 1\n* b: 2");
}

BOOST_AUTO_TEST_CASE(differences_name_the_field_and_forget_what_the_server_chose) {
  const std::string web = "[deployment.web]\ncommand = [\"/web\"]\nreplicas = 2\n[deployment.web.env]\nTZ = \"UTC\"\n";
  BOOST_TEST(changes(web, web).empty());
  const auto lines = changes(web,
                             "[deployment.web]\ncommand = [\"/web\"]\nreplicas = 3\nlabels.app = \"web\"\n"
                             "[deployment.web.env]\nTZ = \"CET\"\nA = \"1\"\n");
  const std::vector<std::string> wanted{
      "spec.replicas: 2 -> 3", "spec.template.spec.containers[web].env[TZ].value: \"UTC\" -> \"CET\"",
      "spec.template.spec.containers[web].env[A]: {\"name\":\"A\",\"value\":\"1\"} (added)"};
  BOOST_TEST(lines == wanted, boost::test_tools::per_element());
  BOOST_TEST(changes("[service.a]\nport = 80\nclusterIP = \"127.77.0.9\"\nselector = { a = \"b\" }\n",
                     "[service.a]\nport = 80\nselector = { a = \"b\" }\n")
                 .empty());
}

BOOST_AUTO_TEST_CASE(an_apply_leaves_what_commands_wrote) {
  const auto object = [](const std::string& command) {
    std::string text = "[deployment.web]\ncommand = [\"" + command + "\"]\n";
    const config::Source source{"f", std::move(text), config::Format::toml};
    return config::parse({&source, 1}, config::ImagesKnown::elsewhere).value().objects.front().object;
  };
  Object running = object("/web");
  auto& deployment = std::get<DeploymentObject>(running);
  deployment.spec.paused = true;
  deployment.spec.pod_template.metadata.annotations["kubectl.kubernetes.io/restartedAt"] = "2026-01-02T03:04:05Z";
  deployment.metadata.annotations["kubernetes.io/change-cause"] = "why";
  deployment.metadata.annotations["note"] = "mine";
  const json::value told = config::to_json(running, config::Defaults::included);
  const auto same = std::get<DeploymentObject>(with_what_commands_wrote(told, object("/web")));
  BOOST_TEST((same.spec == deployment.spec));
  BOOST_TEST(same.metadata.annotations.size() == 1u);
  BOOST_TEST(same.metadata.annotations.at("kubernetes.io/change-cause") == "why");
  const auto other = std::get<DeploymentObject>(with_what_commands_wrote(told, object("/new")));
  BOOST_TEST(other.spec.paused);
  BOOST_TEST(other.metadata.annotations.empty());
}

BOOST_AUTO_TEST_SUITE_END()
