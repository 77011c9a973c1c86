// Revisions and progress from fixtures, to the letter.
#include <cli/revisions.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

using namespace reeve::cli;
namespace json = boost::json;

namespace {

json::value replica_set(const std::string& revision, const std::string& image, const std::string& cause = {}) {
  json::value set = json::parse(R"json({"kind": "ReplicaSet", "metadata": {"name": "web-1", "ownerReferences":
      [{"kind": "Deployment", "name": "web", "uid": "u"}], "annotations": {
        "deployment.kubernetes.io/desired-replicas": "3"}},
    "spec": {"template": {"metadata": {"labels": {"app": "web", "pod-template-hash": "x"}},
      "spec": {"containers": [{"name": "web"}]}}}})json");
  json::object& notes = set.at("metadata").at("annotations").as_object();
  notes["deployment.kubernetes.io/revision"] = revision;
  if (!cause.empty()) notes["kubernetes.io/change-cause"] = cause;
  set.at("spec").at("template").at("spec").at("containers").at(0).as_object()["image"] = image;
  return set;
}

json::value deployment(const std::string& image = "v3") {
  json::value object =
      json::parse(R"json({"kind": "Deployment", "metadata": {"name": "web", "uid": "u", "generation": 3,
      "annotations": {"deployment.kubernetes.io/revision": "3", "note": "mine"}},
    "spec": {"replicas": 10, "template": {"metadata": {"labels": {"app": "web"}},
      "spec": {"containers": [{"name": "web"}]}}},
    "status": {"observedGeneration": 3, "replicas": 13, "updatedReplicas": 5, "readyReplicas": 8,
      "availableReplicas": 8}})json");
  object.at("spec").at("template").at("spec").at("containers").at(0).as_object()["image"] = image;
  return object;
}

// 10 comes after 9, whatever the texts say.
json::array sets() {
  json::array all{replica_set("10", "v10", "last"), replica_set("9", "v9"), replica_set("3", "v3", "third")};
  all.push_back(replica_set("11", "x"));
  all.back().at("metadata").at("ownerReferences").at(0).as_object()["uid"] = "another";
  return all;
}

std::string line_of(std::int64_t updated, std::int64_t existing, std::int64_t available, std::int64_t observed = 3) {
  json::value object = deployment();
  json::object& status = object.at("status").as_object();
  status["updatedReplicas"] = updated;
  status["replicas"] = existing;
  status["availableReplicas"] = available;
  status["observedGeneration"] = observed;
  const Progress progress = progress_of(object);
  return (progress.state == Progress::State::done ? "done: " : "") + progress.line;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_revisions)

BOOST_AUTO_TEST_CASE(history_is_a_table_by_number) {
  const json::array all = sets();
  BOOST_TEST(history_text(revisions_of(deployment(), all)) ==
             "REVISION  CHANGE-CAUSE\n3         third\n9         <none>\n10        last\n\n");
  BOOST_TEST(history_text({}) == "No rollout history found.\n");
}

BOOST_AUTO_TEST_CASE(one_revision_is_its_template_with_tabs) {
  const json::array all = sets();
  const Revisions revisions = revisions_of(deployment(), all);
  BOOST_TEST(revision_text(revisions, 10).value() ==
             "Pod Template:\n  Labels:\tapp=web\n\tpod-template-hash=x\n"
             "  Annotations:\tkubernetes.io/change-cause: last\n  Containers:\n   web:\n    Image:\tv10\n"
             "    Port:\t<none>\n    Host Port:\t<none>\n    Environment:\t<none>\n    Mounts:\t<none>\n"
             "  Volumes:\t<none>\n  Node-Selectors:\t<none>\n  Tolerations:\t<none>\n\n");
  BOOST_TEST(revision_text(revisions, 4).error().message() == "unable to find the specified revision");
}

BOOST_AUTO_TEST_CASE(an_undo_goes_to_the_second_highest_or_where_it_is_told) {
  const json::array all = sets();
  const json::value now = deployment();
  const Revisions revisions = revisions_of(now, all);
  BOOST_TEST(revision_of(*revision_to_undo(now, revisions, 0).value()) == 9);
  BOOST_TEST(revision_of(*revision_to_undo(now, revisions, 3).value()) == 3);
  for (const std::int64_t unknown : {4, -1}) {
    BOOST_TEST(revision_to_undo(now, revisions, unknown).error().message() ==
               "unable to find specified revision " + std::to_string(unknown) + " in history");
  }
  BOOST_TEST(revision_to_undo(now, {revisions[0]}, 0).error().message() ==
             "no rollout history found for deployment \"web\"");
}

BOOST_AUTO_TEST_CASE(going_back_takes_template_and_cause_and_leaves_what_is_nobody_else_s) {
  json::value now = deployment();
  go_back(now.as_object(), sets()[0]);
  BOOST_TEST((now.at("spec").at("template") == deployment("v10").at("spec").at("template")));
  BOOST_TEST(json::serialize(now.at("metadata").at("annotations")) ==
             R"({"deployment.kubernetes.io/revision":"3","kubernetes.io/change-cause":"last"})");
}

BOOST_AUTO_TEST_CASE(the_newest_is_that_of_the_template_as_it_is) {
  const json::array all = sets();
  BOOST_TEST(revision_of(*newest_of(deployment("v9"), revisions_of(deployment(), all))) == 9);
  BOOST_TEST((newest_of(deployment("other"), revisions_of(deployment(), all)) == nullptr));
}

BOOST_AUTO_TEST_CASE(progress_is_told_as_kubectl_tells_it) {
  const std::string head = "Waiting for deployment \"web\" rollout to finish: ";
  BOOST_TEST(line_of(5, 13, 8, 2) == "Waiting for deployment spec update to be observed...");
  BOOST_TEST(line_of(5, 13, 8) == head + "5 out of 10 new replicas have been updated...");
  BOOST_TEST(line_of(10, 13, 8) == head + "3 old replicas are pending termination...");
  BOOST_TEST(line_of(10, 10, 8) == head + "8 of 10 updated replicas are available...");
  BOOST_TEST(line_of(10, 10, 10) == "done: deployment \"web\" successfully rolled out");
  json::value late = deployment();
  late.at("status").as_object()["conditions"] =
      json::parse(R"([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}])");
  BOOST_TEST((progress_of(late).state == Progress::State::failed));
  BOOST_TEST(progress_of(late).line == "deployment \"web\" exceeded its progress deadline");
}

BOOST_AUTO_TEST_CASE(on_a_terminal_it_is_one_line) {
  json::value now = deployment();
  BOOST_TEST(progress_bar(now) == "web  [##########..........] 5/10 updated, 8/10 available, 8 old left");
  now.at("spec").as_object()["paused"] = true;
  BOOST_TEST(progress_bar(now).ends_with(", 8 old left, paused"));
  now.at("spec").as_object()["replicas"] = 0;
  BOOST_TEST(progress_bar(now).starts_with("web  [####################] 5/0 updated"));
}

BOOST_AUTO_TEST_SUITE_END()
