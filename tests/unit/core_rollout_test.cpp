// The arithmetic of rolling updates, by the tables of Kubernetes' own tests (deployment_util_test.go, rolling_test.go,
// sync_test.go) and of its documentation.
#include <reeve/core/rollout.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace reeve;
using namespace reeve::rollout;

namespace {

DeploymentSpec spec_of(std::int32_t replicas, IntOrString surge, IntOrString unavailable) {
  DeploymentSpec spec;
  spec.replicas = replicas;
  spec.strategy.rolling_update = {surge, unavailable};
  return spec;
}

std::string text_of(const std::vector<Count>& sizes) {
  std::string text;
  for (const Count each : sizes) text += (text.empty() ? "" : " ") + std::to_string(each);
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(core_rollout)

BOOST_AUTO_TEST_CASE(percentages_are_read_and_bounded) {
  BOOST_TEST(percentage("25%").value() == 25);
  BOOST_TEST(percentage("0%").value() == 0);
  BOOST_TEST(percentage("99999999999999999999%").value() == unlimited);
  for (const IntOrString& each : {IntOrString(25), IntOrString("25"), IntOrString("%"), IntOrString("-5%"),
                                  IntOrString("2.5%"), IntOrString("")}) {
    BOOST_TEST(!percentage(each).has_value());
  }
}

BOOST_AUTO_TEST_CASE(limits_round_surge_up_and_unavailable_down_and_never_both_to_zero) {
  struct Row {
    std::int32_t replicas;
    IntOrString surge, unavailable;
    Limits limits;
  };
  const Row rows[] = {
      {1, "25%", "25%", {1, 1, 0}},   {3, "25%", "25%", {3, 1, 0}},   {4, "25%", "25%", {4, 1, 1}},
      {10, "25%", "25%", {10, 3, 2}}, {10, "35%", "35%", {10, 4, 3}}, {2, 0, "1%", {2, 0, 1}},
      {10, 0, "100%", {10, 0, 10}},   {10, "250%", 0, {10, 25, 0}},   {3, 1, 5, {3, 1, 3}},
      {0, "25%", "25%", {0, 0, 0}},   {5, 2, 1, {5, 2, 1}},           {1, 0, "99%", {1, 0, 1}},
      {100, "1%", "1%", {100, 1, 1}}, {99, "1%", "1%", {99, 1, 0}},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.replicas << ' ' << printed(row.surge) << ' ' << printed(row.unavailable)) {
      BOOST_CHECK(limits_of(spec_of(row.replicas, row.surge, row.unavailable)) == row.limits);
    }
  }
  DeploymentSpec recreate = spec_of(7, 1, 1);
  recreate.strategy = {StrategyType::recreate, std::nullopt};
  BOOST_CHECK((limits_of(recreate) == Limits{7, 0, 0}));
  BOOST_TEST(limits_of(spec_of(10, "25%", "25%")).total_max() == 13);
  BOOST_TEST(limits_of(spec_of(10, "25%", "25%")).available_min() == 8);
}

// TestNewRSNewReplicas, TestDeploymentController_reconcileNewReplicaSet.
BOOST_AUTO_TEST_CASE(the_newest_grows_into_what_is_free_and_shrinks_to_replicas) {
  struct Row {
    Limits limits;
    Count old, size, wanted;
  };
  const Row rows[] = {
      {{1, 0, 0}, 10, 5, 1},   // too big
      {{10, 0, 0}, 10, 0, 0},  // no room
      {{10, 2, 0}, 10, 0, 2}, {{10, 2, 0}, 5, 0, 7}, {{10, 2, 0}, 10, 2, 2},
      {{10, 3, 2}, 10, 0, 3}, {{10, 3, 2}, 8, 3, 5}, {{10, 3, 2}, 0, 10, 10},
      {{10, 3, 2}, 0, 4, 10}, {{0, 0, 0}, 0, 3, 0},  {{10, 3, 2}, 20, 0, 0},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.limits.replicas << '+' << row.limits.surge << " old " << row.old << " size " << row.size) {
      BOOST_TEST(size_of_newest(row.limits, row.old + row.size, row.size) == row.wanted);
    }
  }
}

// TestDeploymentController_reconcileOldReplicaSets.
BOOST_AUTO_TEST_CASE(old_pods_go_as_far_as_new_ones_are_available) {
  const Limits limits{10, 3, 2};
  BOOST_TEST(removable(limits, 13, {3, 0}) == 2);
  BOOST_TEST(removable(limits, 13, {5, 0}) == 0);
  BOOST_TEST(removable(limits, 13, {5, 5}) == 5);
  BOOST_TEST(removable(limits, 10, {0, 0}) == 2);
  BOOST_TEST(removable(limits, 8, {0, 0}) == 0);
  BOOST_TEST(removable({10, 0, 2}, 8, {0, 0}) == 0);
}

// TestDeploymentController_cleanupUnhealthyReplicas.
BOOST_AUTO_TEST_CASE(what_does_not_work_goes_first_and_the_oldest_of_it) {
  const Set old[] = {{10, 8}, {4, 0}, {3, 3}};
  BOOST_TEST(text_of(without_unhealthy(old, 0)) == "10 4 3");
  BOOST_TEST(text_of(without_unhealthy(old, -5)) == "10 4 3");
  BOOST_TEST(text_of(without_unhealthy(old, 1)) == "9 4 3");
  BOOST_TEST(text_of(without_unhealthy(old, 4)) == "8 2 3");
  BOOST_TEST(text_of(without_unhealthy(old, 100)) == "8 0 3");
  const Set stale[] = {{2, 5}};  // more available than there are to be: nothing of it is unhealthy
  BOOST_TEST(text_of(without_unhealthy(stale, 3)) == "2");
}

// TestDeploymentController_scaleDownOldReplicaSetsForRollingUpdate.
BOOST_AUTO_TEST_CASE(then_the_oldest_go_whether_they_work_or_not) {
  const Set old[] = {{5, 5}, {8, 8}};
  BOOST_TEST(text_of(without(old, 0)) == "5 8");
  BOOST_TEST(text_of(without(old, -1)) == "5 8");
  BOOST_TEST(text_of(without(old, 3)) == "2 8");
  BOOST_TEST(text_of(without(old, 6)) == "0 7");
  BOOST_TEST(text_of(without(old, 99)) == "0 0");
}

// TestScale of sync_test.go: sizes oldest first.
BOOST_AUTO_TEST_CASE(scaling_is_shared_in_proportion_the_rest_goes_to_the_biggest) {
  struct Row {
    const char* name;
    Limits limits;
    std::vector<Scaled> before;
    const char* after;
  };
  const Row rows[] = {
      {"5 to 10", {10, 0, 0}, {{2, 5}, {3, 5}}, "4 6"},
      {"5 to 3", {3, 0, 0}, {{2, 5}, {3, 5}}, "1 2"},
      {"9 to 4", {4, 0, 0}, {{1, 9}, {8, 9}}, "0 4"},
      {"7 to 10", {10, 0, 0}, {{2, 7}, {2, 7}, {3, 7}}, "3 3 4"},
      {"13 to 8", {8, 0, 0}, {{8, 13}, {1, 13}, {4, 13}}, "5 1 2"},
      {"3 to 4, the newest gets it", {4, 0, 0}, {{1, 3}, {1, 3}, {1, 3}}, "1 1 2"},
      {"3 to 2, the oldest gives it", {2, 0, 0}, {{1, 3}, {1, 3}, {1, 3}}, "0 1 1"},
      {"to 0", {0, 0, 0}, {{3, 10}, {3, 10}, {4, 10}}, "0 0 0"},
      {"nothing to share", {10, 0, 0}, {{5, 10}, {5, 10}}, "5 5"},
      {"with surge, 10 to 20", {20, 6, 4}, {{5, 13}, {8, 13}}, "10 16"},
      {"with surge, 50 to 100", {100, 20, 0}, {{50, 60}, {10, 60}}, "100 20"},
      {"the base is not known", {20, 0, 0}, {{5, 0}, {5, 0}}, "10 10"},
      {"one far smaller", {100, 0, 0}, {{4, 5}, {1, 5}}, "80 20"},
  };
  for (const Row& row : rows) {
    Count existing = 0;
    for (const Scaled& each : row.before) existing += each.size;
    BOOST_TEST_CONTEXT(row.name) { BOOST_TEST(text_of(in_proportion(row.limits, row.before, existing)) == row.after); }
  }
  // Pods that cannot be counted give no base: only what is left over moves.
  const Scaled lost[] = {{1, 0}, {1, 0}};
  BOOST_TEST(text_of(in_proportion({4, 0, 0}, lost, 0)) == "1 3");
  BOOST_TEST(in_proportion({4, 0, 0}, {}, 0).empty());
}

BOOST_AUTO_TEST_CASE(complete_is_all_of_the_new_and_nothing_else) {
  BOOST_TEST(is_complete({3, 3, 3, 3, 0, 0}, 3));
  BOOST_TEST(is_complete({0, 0, 0, 0, 0, 0}, 0));
  BOOST_TEST(!is_complete({4, 3, 4, 3, 0, 0}, 3));
  BOOST_TEST(!is_complete({3, 3, 3, 2, 0, 0}, 3));
  BOOST_TEST(!is_complete({3, 2, 3, 3, 0, 0}, 3));
}

// TestDeploymentProgressing.
BOOST_AUTO_TEST_CASE(progress_is_more_of_the_new_less_of_the_old_or_more_that_works) {
  const Counts before{10, 4, 6, 6, 0, 0};
  BOOST_TEST(!has_progressed(before, before));
  BOOST_TEST(has_progressed(before, {11, 5, 6, 6, 0, 0}));
  BOOST_TEST(has_progressed(before, {9, 4, 6, 6, 0, 0}));
  BOOST_TEST(has_progressed(before, {10, 4, 7, 6, 0, 0}));
  BOOST_TEST(has_progressed(before, {10, 4, 6, 7, 0, 0}));
  BOOST_TEST(!has_progressed(before, {11, 4, 6, 6, 0, 0}));
  BOOST_TEST(!has_progressed(before, {10, 4, 5, 5, 0, 0}));
}

BOOST_AUTO_TEST_SUITE_END()
