// Rollouts on the virtual clock: the worked timelines, undo and its numbers, scaling on the way, pause, recreate.
#include <reeve/core/hash.hpp>
#include <support/rollout.hpp>
#include <support/script.hpp>

#include "config_helpers.hpp"

#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::test;

namespace {

// With a deployment that is complete.
class Running : public Rollout {
 public:
  explicit Running(const DeploymentObject& object, SupervisorOptions options = {}) : Rollout(options) {
    apply(object);
    all_ready(object.spec.pod_template.spec.containers[0].command[1]);
    scaled();
  }
};

DeploymentObject with_limits(DeploymentObject object, IntOrString surge, IntOrString unavailable) {
  object.spec.strategy.rolling_update = {surge, unavailable};
  return object;
}

DeploymentObject recreating(DeploymentObject object) {
  object.spec.strategy = {StrategyType::recreate, std::nullopt};
  return object;
}

DeploymentObject paused(DeploymentObject object, bool is_paused = true) {
  object.spec.paused = is_paused;
  return object;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(core_deployment)

BOOST_AUTO_TEST_CASE(rolling_updates_scale_as_the_worked_timelines_say) {
  struct Row {
    std::int32_t replicas;
    IntOrString surge, unavailable;
    const char* operations;
  };
  const Row rows[] = {
      {1, "25%", "25%", "v2 0->1 [] v1 1->0"},
      {3, "25%", "25%", "v2 0->1 [] v1 3->2, v2 1->2 [] v1 2->1, v2 2->3 [] v1 1->0"},
      {4, "25%", "25%", "v2 0->1, v1 4->3, v2 1->2 [] v1 3->2, v2 2->3 [] v1 2->1, v2 3->4 [] v1 1->0 []"},
      {10, "25%", "25%",
       "v2 0->3, v1 10->8, v2 3->5 [] v1 8->7, v2 5->6 [] v1 7->6, v2 6->7 [] v1 6->5, v2 7->8 [] v1 5->4, v2 8->9 [] "
       "v1 4->3, v2 9->10 [] v1 3->2 [] v1 2->1 [] v1 1->0 [] []"},
      {2, 0, 1, "v1 2->1, v2 0->1 [] v1 1->0, v2 1->2 []"},
      {4, 0, "100%", "v1 4->0, v2 0->4 [] [] [] []"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.replicas << ' ' << printed(row.surge) << ' ' << printed(row.unavailable)) {
      Running world(with_limits(deployment_of(row.replicas), row.surge, row.unavailable));
      world.apply(with_limits(deployment_of(row.replicas, "v2"), row.surge, row.unavailable));
      BOOST_TEST(world.scaled_until_ready("v2") == row.operations);
      BOOST_TEST(world.size("v2") == row.replicas);
      BOOST_TEST(world.size("v1") == 0);
      BOOST_TEST(world.progressing() == "True NewReplicaSetAvailable");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_revision_that_never_gets_ready_stops_its_own_rollout) {
  Running three(deployment_of(3));
  three.apply(deployment_of(3, "v2"));
  three.advance(seconds(10'000));
  BOOST_TEST(three.scaled() == "v2 0->1");
  BOOST_TEST(three.ready("v1") == 3u);
  Running ten(deployment_of(10));
  ten.apply(deployment_of(10, "v2"));
  ten.advance(seconds(10'000));
  BOOST_TEST(ten.scaled() == "v2 0->3, v1 10->8, v2 3->5");
  BOOST_TEST(ten.ready("v1") == 8u);
}

BOOST_AUTO_TEST_CASE(a_new_deployment_starts_all_its_pods_at_once) {
  Rollout world;
  world.apply(deployment_of(10));
  BOOST_TEST(world.scaled() == "v1 0->10");
  BOOST_TEST(world.revisions() == "1");
  const ReplicaSet& set = *world.deployment().newest();
  BOOST_TEST(set.annotations().at(annotation::desired_replicas) == "10");
  BOOST_TEST(set.annotations().at(annotation::max_replicas) == "13");
  BOOST_TEST(set.annotations().at(annotation::revision) == "1");
  BOOST_TEST(set.labels().at("pod-template-hash") == set.hash());
  BOOST_TEST(set.name().name == "web-" + set.hash());
  BOOST_TEST(world.pods("v1")[0]->owner().value().name == set.name().name);
}

// --- The manifests that this project was asked to run. ---

namespace {

DeploymentObject manifest(const std::string& name) {
  const std::string text = config::read_text("tests/data/rollout/" + name);
  const config::Source sources[] = {{"images", "[images]\n\"*\" = \"/\"\n", config::Format::toml},
                                    {name, text, config::Format::yaml}};
  const config::Loaded loaded = config::parse(sources);
  BOOST_REQUIRE_MESSAGE(loaded.has_value(), config::first_message(loaded));
  return std::get<DeploymentObject>(loaded->objects.at(0).object);
}

// The program of app.v1 makes its file after ten seconds, those of the others never do.
class App : public Script {
 public:
  App() {
    probe = [this](const StartProbe& effect, Instant at) {
      const bool makes_file = effect.container->args[2].find("touch") != std::string::npos;
      const Pod& pod = *pod_of(effect.instance);
      const bool works = makes_file && at >= pod.created() + seconds(10);
      return ProbeOutcome{works ? ProbeResult::success : ProbeResult::failure, ""};
    };
  }
  const Deployment& deployment() const { return *supervisor.deployments().begin()->second; }
  std::vector<std::string> scaling() const {
    std::vector<std::string> texts;
    for (const Event& each : events) {
      if (each.reason == "ScalingReplicaSet") texts.push_back(each.message);
    }
    return texts;
  }
  std::vector<PodId> ready_pods() const {
    std::vector<PodId> found;
    for (const Pod* each : supervisor.pods()) {
      if (each->is_ready() && each->is_active()) found.push_back(each->id());
    }
    return found;
  }

 private:
  const Pod* pod_of(InstanceId instance) const {
    for (const Pod* each : supervisor.pods()) {
      if (each->containers()[0].live_instance() == instance) return each;
    }
    return nullptr;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(app_v2_stops_at_13_pods_and_undo_brings_ten_back_without_one_leaving) {
  App app;
  app.tell(ObjectApplied{manifest("app.v1.yml")});
  app.advance(seconds(9));
  BOOST_TEST(app.ready_pods().empty());
  app.advance(seconds(2));
  BOOST_TEST(app.ready_pods().size() == 10u);
  BOOST_TEST(app.supervisor.pods().size() == 10u);
  const std::string v1 = app.deployment().newest()->name().name;
  app.tell(ObjectApplied{manifest("app.v2.yml")});
  const std::string v2 = app.deployment().newest()->name().name;
  app.advance(seconds(300));
  const std::vector<std::string> told{
      "Scaled up replica set " + v1 + " from 0 to 10", "Scaled up replica set " + v2 + " from 0 to 3",
      "Scaled down replica set " + v1 + " from 10 to 8", "Scaled up replica set " + v2 + " from 3 to 5"};
  BOOST_TEST(app.scaling() == told, boost::test_tools::per_element());
  BOOST_CHECK((app.deployment().counts() == rollout::Counts{13, 5, 8, 8, 5, 0}));
  BOOST_TEST(app.deployment().revision() == 2);
  const std::vector<PodId> healthy = app.ready_pods();
  BOOST_TEST(healthy.size() == 8u);
  app.tell(ObjectApplied{manifest("app.v1.yml")});  // what undo does: the template of revision 1 again
  for (int second = 0; second < 30; ++second) {
    const std::vector<PodId> now = app.ready_pods();
    BOOST_TEST(std::ranges::includes(now, healthy));
    app.advance(seconds(1));
  }
  BOOST_TEST(app.ready_pods().size() == 10u);
  BOOST_CHECK((app.deployment().counts() == rollout::Counts{10, 10, 10, 10, 0, 0}));
  BOOST_TEST(app.deployment().revision() == 3);
}

BOOST_AUTO_TEST_CASE(app_35_stops_at_14_pods_with_7_available) {
  App app;
  app.tell(ObjectApplied{manifest("app.v1.yml")});
  app.advance(seconds(11));
  app.tell(ObjectApplied{manifest("app.35.yml")});
  app.advance(seconds(300));
  BOOST_CHECK((app.deployment().counts() == rollout::Counts{14, 7, 7, 7, 7, 0}));
}

// --- Revisions. ---

BOOST_AUTO_TEST_CASE(undo_moves_a_revision_to_the_end_of_the_history) {
  Running world(deployment_of(1, "v1"));
  for (const char* each : {"v2", "v3"}) {
    world.apply(deployment_of(1, each));
    world.all_ready(each);
  }
  BOOST_TEST(world.revisions() == "1,2,3");
  world.apply(deployment_of(1, "v2"));
  world.all_ready("v2");
  BOOST_TEST(world.revisions() == "1,3,4");
  BOOST_TEST(world.set("v2")->annotations().at(annotation::revision_history) == "2");
  world.apply(deployment_of(1, "v3"));
  world.all_ready("v3");
  BOOST_TEST(world.revisions() == "1,4,5");
  world.apply(deployment_of(1, "v2"));
  BOOST_TEST(world.revisions() == "1,5,6");
  BOOST_TEST(world.set("v2")->annotations().at(annotation::revision_history) == "2,4");
  BOOST_TEST(world.deployment().revision() == 6);
}

BOOST_AUTO_TEST_CASE(a_long_history_loses_its_oldest_numbers) {
  Running world(deployment_of(0, "v1"));
  for (int i = 0; i < 1200; ++i) world.apply(deployment_of(0, i % 2 == 0 ? "v2" : "v1"));
  const std::string history = world.set("v1")->annotations().at(annotation::revision_history);
  BOOST_TEST(history.size() <= 2000u);
  BOOST_TEST(history.size() > 1990u);
  BOOST_TEST(history.ends_with(",1197,1199"));
  BOOST_TEST(world.revisions() == "1200,1201");
}

BOOST_AUTO_TEST_CASE(only_the_template_makes_a_revision) {
  Running world(deployment_of(2));
  DeploymentObject object = deployment_of(3);
  object.spec.strategy.rolling_update->max_surge = 2;
  object.spec.min_ready = seconds(1);
  object.spec.progress_deadline = seconds(60);
  object.metadata.annotations["note"] = "x";
  world.apply(object);
  BOOST_TEST(world.revisions() == "1");
  BOOST_TEST(world.deployment().generation() == 2);
  BOOST_TEST(world.deployment().observed_generation() == 2);
  world.apply(object);
  BOOST_TEST(world.deployment().generation() == 2);
  object.spec.pod_template.metadata.annotations["kubectl.kubernetes.io/restartedAt"] = "2026-11-22T00:00:00Z";
  world.apply(object);
  BOOST_TEST(world.revisions() == "1,2");
}

BOOST_AUTO_TEST_CASE(the_change_cause_follows_the_deployment_and_stays_with_the_revision) {
  DeploymentObject object = deployment_of(1);
  object.metadata.annotations = {{annotation::change_cause, "first"},
                                 {"kubectl.kubernetes.io/last-applied-configuration", "{}"},
                                 {annotation::revision, "77"}};
  Running world(object);
  BOOST_TEST(world.set("v1")->annotations().at(annotation::change_cause) == "first");
  BOOST_TEST(!world.set("v1")->annotations().contains("kubectl.kubernetes.io/last-applied-configuration"));
  BOOST_TEST(world.revisions() == "1");
  object.metadata.annotations[annotation::change_cause] = "first, said better";
  world.apply(object);
  BOOST_TEST(world.set("v1")->annotations().at(annotation::change_cause) == "first, said better");
  object.spec.pod_template = deployment_of(1, "v2").spec.pod_template;
  object.metadata.annotations[annotation::change_cause] = "second";
  world.apply(object);
  BOOST_TEST(world.set("v1")->annotations().at(annotation::change_cause) == "first, said better");
  BOOST_TEST(world.set("v2")->annotations().at(annotation::change_cause) == "second");
}

BOOST_AUTO_TEST_CASE(old_revisions_beyond_the_limit_go_when_the_rollout_is_complete) {
  DeploymentObject object = deployment_of(1);
  object.spec.revision_history_limit = 2;
  Running world(object);
  const auto update_to = [&](const std::string& version) {
    object.spec.pod_template = deployment_of(1, version).spec.pod_template;
    world.apply(object);
  };
  for (const char* each : {"v2", "v3"}) {
    update_to(each);
    world.all_ready(each);
  }
  BOOST_TEST(world.revisions() == "1,2,3");
  update_to("v4");
  BOOST_TEST(world.revisions() == "1,2,3,4");
  world.all_ready("v4");
  BOOST_TEST(world.revisions() == "2,3,4");
  object.spec.revision_history_limit = 0;
  world.apply(object);
  BOOST_TEST(world.revisions() == "4");
  object.spec.revision_history_limit = unlimited;
  for (int i = 5; i < 40; ++i) {
    update_to("v" + std::to_string(i));
    world.all_ready("v" + std::to_string(i));
  }
  BOOST_TEST(world.deployment().replica_sets().size() == 36u);
}

BOOST_AUTO_TEST_CASE(a_revision_that_still_has_pods_is_not_cleaned_up_and_no_other_in_its_place) {
  DeploymentObject object = deployment_of(1);
  object.spec.revision_history_limit = 1;
  Running world(object);
  for (const char* each : {"v2", "v3"}) {
    object.spec.pod_template = deployment_of(1, each).spec.pod_template;
    world.apply(object);
  }
  BOOST_TEST(world.size("v1") == 1);
  object.spec.paused = true;  // history is cleaned up while paused; the old ones are 1, with its pod, and 2
  world.apply(object);
  BOOST_TEST(world.revisions() == "1,2,3");
}

BOOST_AUTO_TEST_CASE(templates_with_the_same_hash_get_different_names) {
  std::map<std::string, std::string> seen;
  std::string one, other;
  for (int i = -2; one.empty(); ++i) {
    const int number = i == -2 ? 25679 : i == -1 ? 852984 : i;  // these two it was, when last searched for
    const std::string version = "v" + std::to_string(number);
    const auto [found, is_new] = seen.emplace(template_hash(deployment_of(0, version).spec.pod_template), version);
    if (is_new) continue;
    one = found->second;
    other = version;
  }
  Rollout world;
  world.apply(deployment_of(0, one));
  world.apply(deployment_of(0, other));
  BOOST_TEST(world.deployment().replica_sets().size() == 2u);
  BOOST_TEST(world.deployment().collision_count() == 1);
  BOOST_TEST(world.set(one)->name().name != world.set(other)->name().name);
  world.apply(deployment_of(0, one));
  BOOST_TEST(world.deployment().replica_sets().size() == 2u);
}

// --- On the way. ---

BOOST_AUTO_TEST_CASE(a_third_revision_takes_from_what_does_not_work_and_then_from_the_oldest) {
  Running world(deployment_of(10));
  world.apply(deployment_of(10, "v2"));
  world.scaled();
  world.apply(deployment_of(10, "v3"));
  BOOST_TEST(world.scaled() == "v2 5->0, v3 0->5");
  BOOST_TEST(world.size("v1") == 8);
  BOOST_TEST(world.size("v2") == 0);
  world.all_ready("v3");
  BOOST_TEST(world.size("v3") == 10);
  BOOST_TEST(world.size("v1") == 0);
  BOOST_TEST(world.revisions() == "1,2,3");
}

BOOST_AUTO_TEST_CASE(scaling_in_mid_rollout_is_shared_in_proportion) {
  Running world(deployment_of(10));
  world.apply(deployment_of(10, "v2"));
  world.scaled();
  world.apply(deployment_of(20, "v2"));
  BOOST_TEST(world.scaled() == "v1 8->15, v2 5->10");  // 25 at most
  world.apply(deployment_of(4, "v2"));
  BOOST_TEST(world.scaled() == "v1 15->3, v2 10->2");
  BOOST_TEST(world.set("v1")->desired_replicas() == 4);
  world.all_ready("v2");
  BOOST_TEST(world.size("v2") == 4);
  BOOST_TEST(world.size("v1") == 0);
}

BOOST_AUTO_TEST_CASE(scaling_alone_changes_the_one_replica_set_there_is) {
  Running world(deployment_of(3));
  world.apply(deployment_of(5));
  BOOST_TEST(world.scaled() == "v1 3->5");
  world.apply(deployment_of(0));
  BOOST_TEST(world.scaled() == "v1 5->0");
  world.apply(deployment_of(2));
  BOOST_TEST(world.scaled() == "v1 0->2");
  BOOST_TEST(world.progressing() == "True NewReplicaSetAvailable");
}

BOOST_AUTO_TEST_CASE(scaling_and_updating_at_once_ends_where_both_want) {
  Running world(deployment_of(3));
  world.apply(deployment_of(6, "v2"));
  BOOST_TEST(world.scaled() == "v1 3->6, v2 0->2, v1 6->5, v2 2->3");
  world.all_ready("v1");
  world.all_ready("v2");
  BOOST_TEST(world.size("v2") == 6);
  BOOST_TEST(world.size("v1") == 0);
}

BOOST_AUTO_TEST_CASE(recreate_with_scaling_in_the_middle_of_a_rolling_update_is_not_stuck) {
  Running world(deployment_of(10));
  world.apply(deployment_of(10, "v2"));
  world.apply(recreating(deployment_of(12, "v2")));
  world.all_ready("v2");
  BOOST_TEST(world.size("v2") == 12);
  BOOST_TEST(world.size("v1") == 0);
}

BOOST_AUTO_TEST_CASE(a_pod_that_is_deleted_is_replaced_in_its_own_revision) {
  Running world(deployment_of(3));
  world.tell(ObjectDeleted{{Kind::pod, "default", world.pods("v1")[0]->metadata().name}, std::nullopt});
  BOOST_TEST(world.pods("v1").size() == 3u);
  BOOST_TEST(world.scaled().empty());
  world.apply(deployment_of(3, "v2"));
  BOOST_TEST(world.scaled() == "v2 0->1");  // two ready old ones are not enough to take one
  world.all_ready("v1");
  world.all_ready("v2");
  BOOST_TEST(world.size("v2") == 3);
}

// --- Pause. ---

BOOST_AUTO_TEST_CASE(while_paused_templates_wait_and_scaling_goes_on) {
  Running world(deployment_of(4));
  world.apply(paused(deployment_of(4, "v2")));
  world.apply(paused(deployment_of(4, "v3")));
  BOOST_TEST(world.revisions() == "1");
  BOOST_TEST(world.scaled().empty());
  BOOST_TEST((world.deployment().newest() == nullptr));
  world.apply(paused(deployment_of(8, "v3")));
  BOOST_TEST(world.scaled() == "v1 4->8");
  world.all_ready("v1");
  world.apply(deployment_of(8, "v3"));
  BOOST_TEST(world.revisions() == "1,2");
  BOOST_TEST(world.deployment().revision() == 2);
  world.all_ready("v3");
  BOOST_TEST(world.size("v3") == 8);
}

BOOST_AUTO_TEST_CASE(a_rollout_that_is_paused_holds_and_scales_in_proportion) {
  Running world(deployment_of(10));
  world.apply(deployment_of(10, "v2"));
  world.apply(paused(deployment_of(10, "v2")));
  world.scaled();
  world.all_ready("v2");
  BOOST_TEST(world.scaled().empty());
  world.apply(paused(deployment_of(20, "v2")));
  BOOST_TEST(world.scaled() == "v1 8->15, v2 5->10");
  world.apply(deployment_of(20, "v2"));
  world.all_ready("v1");
  world.all_ready("v2");
  BOOST_TEST(world.size("v2") == 20);
}

// --- Recreate. ---

BOOST_AUTO_TEST_CASE(recreate_waits_until_the_last_old_pod_is_gone) {
  Running world(recreating(deployment_of(3)));
  world.stops_at_once = false;
  world.apply(recreating(deployment_of(3, "v2")));
  BOOST_TEST(world.scaled() == "v1 3->0");
  BOOST_TEST(world.deployment().counts().terminating == 3);
  world.let_stop();
  BOOST_TEST(world.scaled() == "v2 0->3");
  BOOST_TEST(world.supervisor.pods().size() == 3u);
  world.all_ready("v2");
  BOOST_TEST(world.progressing() == "True NewReplicaSetAvailable");
  BOOST_TEST(world.revisions() == "1,2");
}

BOOST_AUTO_TEST_CASE(recreate_goes_back_to_an_old_revision_too) {
  Running world(recreating(deployment_of(2)));
  world.apply(recreating(deployment_of(2, "v2")));
  world.all_ready("v2");
  world.scaled();
  world.stops_at_once = false;
  world.apply(recreating(deployment_of(2, "v1")));
  BOOST_TEST(world.scaled() == "v2 2->0");
  world.let_stop();
  BOOST_TEST(world.scaled() == "v1 0->2");
  BOOST_TEST(world.revisions() == "2,3");
}

// --- minReadySeconds. ---

BOOST_AUTO_TEST_CASE(a_pod_is_available_once_it_was_ready_for_long_enough) {
  DeploymentObject object = deployment_of(3);
  object.spec.min_ready = seconds(30);
  Rollout world;
  world.apply(object);
  world.one_ready("v1");
  world.advance(seconds(10));
  world.all_ready("v1");
  BOOST_TEST(world.deployment().counts().ready == 3);
  BOOST_TEST(world.deployment().counts().available == 0);
  world.advance(seconds(20));
  BOOST_TEST(world.deployment().counts().available == 1);
  world.one_unready("v1");
  BOOST_TEST(world.deployment().counts().available == 0);
  world.advance(seconds(10));
  BOOST_TEST(world.deployment().counts().available == 2);
  BOOST_TEST(world.condition(DeploymentConditionType::available) == "False MinimumReplicasUnavailable");
  world.all_ready("v1");
  world.advance(seconds(30));
  BOOST_TEST(world.progressing() == "True NewReplicaSetAvailable");
  object.spec.pod_template = deployment_of(3, "v2").spec.pod_template;
  world.scaled();
  world.apply(object);
  world.one_ready("v2");
  BOOST_TEST(world.scaled() == "v2 0->1");
  world.advance(seconds(29));
  BOOST_TEST(world.scaled().empty());
  world.advance(seconds(1));
  BOOST_TEST(world.scaled() == "v1 3->2, v2 1->2");
  object.spec.min_ready = Duration{0};  // of the newest revision, at once
  world.one_ready("v2");
  BOOST_TEST(world.scaled().empty());
  world.apply(object);
  BOOST_TEST(world.scaled() == "v1 2->1, v2 2->3");
}

// --- One port number, several pods. ---

namespace {

std::vector<std::optional<Network>> networks(const Rollout& world, const std::string& version) {
  std::vector<std::optional<Network>> all;
  for (const Pod* each : world.pods(version)) all.push_back(each->spec()->network);
  return all;
}

DeploymentObject with_port(DeploymentObject object) {
  object.spec.pod_template.spec.containers[0].ports.push_back({"", 3000, Protocol::tcp});
  return object;
}

using Networks = std::vector<std::optional<Network>>;

}  // namespace

BOOST_AUTO_TEST_CASE(copies_that_need_one_port_get_isolated_networks_and_that_is_told_once) {
  Running world(with_port(deployment_of(1)));
  BOOST_CHECK((networks(world, "v1") == Networks{Network::isolated}));  // there may be two while it is updated
  BOOST_CHECK(!world.set("v1")->pod_template().spec.network);
  world.apply(with_port(deployment_of(3)));
  BOOST_CHECK((networks(world, "v1") == Networks(3, Network::isolated)));
  std::vector<std::string> told;
  for (const Event& each : world.events) {
    if (each.reason == "NetworkIsolated") told.push_back(each.message);
  }
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_TEST(told[0] == "Each pod of replica set " + world.set("v1")->name().name +
                            " gets an isolated network: there may be 2 at a time, and only one can listen on "
                            "containerPort 3000 of container \"main\" in the host's network");
}

BOOST_AUTO_TEST_CASE(pods_that_cannot_collide_keep_the_network_they_have) {
  BOOST_CHECK((networks(Running(deployment_of(3)), "v1") == Networks(3)));
  BOOST_CHECK((networks(Running(recreating(with_port(deployment_of(1)))), "v1") == Networks(1)));
  DeploymentObject named = with_port(deployment_of(2));
  named.spec.pod_template.spec.network = Network::nat;
  BOOST_CHECK((networks(Running(named), "v1") == Networks(2, Network::nat)));
}

// Inside an ordinary container: nothing can be isolated.
BOOST_AUTO_TEST_CASE(copies_without_isolation_share_the_network_and_that_is_warned_of_once) {
  const SupervisorOptions none{.default_isolation = Isolation::none};
  Running world(with_port(deployment_of(2)), none);
  BOOST_CHECK((networks(world, "v1") == Networks(2)));
  world.apply(with_port(deployment_of(1)));
  world.apply(with_port(deployment_of(3)));
  BOOST_CHECK((networks(world, "v1") == Networks(3)));
  std::vector<Event> told;
  std::ranges::copy_if(world.events, std::back_inserter(told), [](const Event& each) {
    return each.reason == "NetworkShared" || each.reason == "NetworkIsolated";
  });
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_CHECK((told[0].type == EventType::warning));
  BOOST_TEST(
      told[0].message ==
      "Pods of replica set " + world.set("v1")->name().name +
          " without isolation share one network: there may be 3 at a time, and only one can listen on "
          "containerPort 3000 of container \"main\" in the host's network; write containerPort = 0 and let the "
          "program listen on the port that it finds in PORT or PORT_<NAME>, or let one run at a time: replicas = "
          "1 and maxSurge = 0");
  world.apply(with_port(deployment_of(3, "v2")));
  BOOST_TEST(std::ranges::count(world.events, "NetworkShared", &Event::reason) == 2);
}

BOOST_AUTO_TEST_CASE(pods_that_ask_for_isolation_get_it_whatever_the_default_is) {
  DeploymentObject object = with_port(deployment_of(2));
  object.spec.pod_template.spec.isolation = Isolation::private_namespaces;
  const SupervisorOptions none{.default_isolation = Isolation::none};
  BOOST_CHECK((networks(Running(object, none), "v1") == Networks(2, Network::isolated)));
}

BOOST_AUTO_TEST_CASE(a_default_isolation_that_changes_holds_for_new_pods) {
  Running world(with_port(deployment_of(2)));
  world.supervisor.set_default_isolation(Isolation::none);
  world.apply(with_port(deployment_of(3)));
  BOOST_CHECK((networks(world, "v1") == Networks{Network::isolated, Network::isolated, std::nullopt}));
}

// --- Leaving. ---

BOOST_AUTO_TEST_CASE(a_deleted_deployment_takes_all_its_replica_sets_and_pods_with_it) {
  Running world(deployment_of(4));
  world.supervisor.keep_changes();
  world.apply(deployment_of(4, "v2"));
  world.supervisor.take_changes();
  world.stops_at_once = false;
  const std::string v1 = world.set("v1")->name().name;
  world.tell(ObjectDeleted{{Kind::deployment, "default", "web"}, std::nullopt});
  BOOST_TEST(std::ranges::none_of(world.supervisor.pods(), &Pod::is_active));
  BOOST_TEST((world.supervisor.find_replica_set("default", v1) == nullptr));
  int sets = 0;
  for (const Change& each : world.supervisor.take_changes()) {
    if (each.resource != Resource::replica_sets || each.type != ChangeType::deleted) continue;
    BOOST_TEST((std::get<std::shared_ptr<const ReplicaSet>>(each.last_seen)->name().name == each.name));
    sets += 1;
  }
  BOOST_TEST(sets == 2);
  world.apply(deployment_of(2));  // one of the same name may come before the old pods are gone
  world.let_stop();
  BOOST_TEST(world.supervisor.pods().size() == 2u);
}

BOOST_AUTO_TEST_CASE(two_that_select_each_others_pods_are_told_so) {
  Running world(deployment_of(1));
  DeploymentObject other = deployment_of(1, "v2");
  other.metadata.name = "other";
  world.apply(other);
  BOOST_TEST(world.events.size() > 0u);
  const auto told = std::ranges::count_if(world.events, [](const Event& each) {
    return each.reason == "SelectorOverlap" && each.type == EventType::warning && each.object.name == "other";
  });
  BOOST_TEST(told == 1);
  BOOST_TEST(world.pods("v1").size() == 1u);  // and each keeps its own
  BOOST_TEST(world.pods("v2").size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
