// Kubernetes manifests in YAML and JSON.
#include "config_helpers.hpp"

#include <boost/test/unit_test.hpp>

namespace reeve::config {
namespace {

const std::string head = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n";
const std::string container = "  containers:\n  - name: main\n    command: [x]\n";

std::vector<MistakeCase> yaml_cases() {
  return {
      {"server's own keys are ignored",
       "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  uid: x\n  creationTimestamp: null\nspec:\n" + container +
           "status: {}\n",
       {}},
      {"null leaves a key out", head + container + "  restartPolicy: null\n  activeDeadlineSeconds:\n", {}},
      {"empty resources, as Kubernetes' programs write them", head + container + "    resources: {}\n", {}},
      {"resources that say something",
       head + container + "    resources: {limits: {}}\n",
       {"f:9:5: \"resources\" is known but not served by reeve yet"}},
      {"unknown key",
       head + "  containers:\n  - name: web\n    command: [x]\n    livenesProbe: {}\n",
       {"f:9:5: unknown key \"livenesProbe\" in container \"web\", did you mean \"livenessProbe\"?"}},
      {"a number for a text",
       head + container + "    env:\n    - name: A\n      value: 1\n",
       {"f:11:14: value: expected a string, found an integer: write \"1\""}},
      {"a boolean for a text",
       head + container + "    env:\n    - name: A\n      value: yes\n",
       {"f:11:14: value: expected a string, found a boolean: write \"true\""}},
      {"quoted numbers are texts", head + container + "    env:\n    - name: A\n      value: \"1\"\n", {}},
      {"a table is no list here",
       head + container + "    env: {A: b}\n",
       {"f:9:10: env: expected a list, found an object"}},
      {"given twice",
       head + container + "  restartPolicy: Always\n  restartPolicy: Never\n",
       {"f:10:3: the key \"restartPolicy\" is given twice"}},
      {"syntax", "a: [1,\n", {"f:2:1: end of sequence flow not found"}},
      {"unknown kind",
       "apiVersion: batch/v1\nkind: Job\n",
       {"f:2:7: kind \"Job\" is not served (served are Pod, Service and List of v1 and Deployment of apps/v1)"}},
      {"kind by another name",
       "apiVersion: v1\nkind: pod\n",
       {"f:2:7: kind \"pod\" is not served, did you mean \"Pod\"? (served are Pod, Service and List of v1 and "
        "Deployment of apps/v1)"}},
      {"wrong version",
       "apiVersion: apps/v2\nkind: Deployment\n",
       {"f:1:13: apiVersion: \"apps/v2\" of Deployment is not served: write \"apps/v1\""}},
      {"no kind",
       "apiVersion: v1\n",
       {"f:1:1: \"kind\" is missing: served are Pod, Service and List of v1 and Deployment of apps/v1"}},
      {"no object", "- 1\n", {"f:1:1: expected a Kubernetes object with apiVersion and kind, found a list"}},
      {"selector is not defaulted in apps/v1",
       "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  template:\n    metadata: {labels: {a: "
       "b}}\n"
       "    spec: {containers: [{name: a, command: [x]}]}\n",
       {"f:4:1: deployment \"a\": spec.selector: Invalid value: {}: empty selector is invalid for deployment"}},
      {"an alias inside what it names", "a: &x [*x]\n", {"f:1:8: this alias stands inside what it names"}},
      {"a tag", "a: !foo x\n", {"f:1:4: the tag \"!foo\" is not served"}},
      {"a huge number",
       head + container + "  activeDeadlineSeconds: 1e999\n",
       {"f:9:26: activeDeadlineSeconds: inf seconds is out of range"}},
  };
}

std::vector<MistakeCase> json_cases() {
  const std::string good =
      "{\"apiVersion\": \"v1\", \"kind\": \"Pod\",\n \"metadata\": {\"name\": \"web\"},\n \"spec\": {\"containers\": "
      "[{\"name\": \"main\", \"command\": [\"x\"]";
  return {
      {"good", good + "}]}}\n", {}},
      {"surrogates, escapes and tabs", good + ",\n\t\"workingDir\": \"\\/\\ud83d\\ude00\"}]}}", {}},
      {"wrong type",
       good + ",\n  \"image\": 3}]}}",
       {"f:4:12: image: expected a string, found an integer: write \"3\""}},
      {"unknown key",
       good + ",\n  \"imag\\u0065e\": 3}]}}",
       {"f:4:3: unknown key \"imagee\" in container \"main\", did you mean \"image\"?"}},
      {"given twice", good + ",\n  \"name\": \"x\"}]}}", {"f:4:3: the key \"name\" is given twice"}},
      {"syntax", "{\n \"a\": x}", {"f:2:7: syntax error"}},
      {"unfinished", "{\n \"a\": 1", {"f:2:8: incomplete JSON"}},
      {"text after the end", "{}\n x", {"f:2:2: extra data"}},
      {"number at the end of a line",
       good + "}], \"terminationGracePeriodSeconds\": -12.5e400\n}}",
       {"f:3:96: terminationGracePeriodSeconds: -inf seconds is out of range"}},
      {"null", "null", {"f: no objects: nothing to run; write a [pod.NAME] or [deployment.NAME] with a command"}},
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config_manifest)

BOOST_AUTO_TEST_CASE(mistakes_in_yaml){
    REEVE_CHECK_MISTAKES(yaml_cases(), Format::yaml)} BOOST_AUTO_TEST_CASE(mistakes_in_json){
    REEVE_CHECK_MISTAKES(json_cases(), Format::json)}

BOOST_AUTO_TEST_CASE(documents_lists_anchors_and_merges) {
  const Loaded loaded = parse_one(
      "---\n" + head + container +
          "---\n---\napiVersion: v1\nkind: List\nitems:\n"
          "- &a {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: &s {containers: [{name: c, command: [x]}]}}\n"
          "- {<<: *a, metadata: {name: b}}\n",
      Format::yaml);
  BOOST_REQUIRE_MESSAGE(loaded.has_value(), first_message(loaded));
  BOOST_REQUIRE_EQUAL(loaded->objects.size(), 3);
  BOOST_CHECK_EQUAL(loaded->objects[0].line, 2);
  const auto& first = std::get<PodObject>(loaded->objects[1].object);
  const auto& second = std::get<PodObject>(loaded->objects[2].object);
  BOOST_CHECK_EQUAL(second.metadata.name, "b");
  BOOST_CHECK(first.spec == second.spec);
}

BOOST_AUTO_TEST_CASE(scalars_mean_what_kubernetes_reads) {
  const Loaded loaded =
      parse_one(head +
                    "  activeDeadlineSeconds: 0x10\n  terminationGracePeriodSeconds: 010\n"
                    "  containers:\n  - name: main\n    command: ['1', \"yes\", 2020-01-01, 1.2.3, ./x, '']\n",
                Format::yaml);
  BOOST_REQUIRE_MESSAGE(loaded.has_value(), first_message(loaded));
  const PodSpec& spec = std::get<PodObject>(loaded->objects[0].object).spec;
  BOOST_CHECK(spec.active_deadline == seconds(16));
  BOOST_CHECK(spec.termination_grace_period == seconds(8));
  const std::vector<std::string> command{"1", "yes", "2020-01-01", "1.2.3", "./x", ""};
  BOOST_CHECK(spec.containers[0].command == command);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::config
