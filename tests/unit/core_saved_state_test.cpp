// What outlives reeve: saved, and there again in a supervisor that begins with it.
#include <support/rollout.hpp>

#include <reeve/core/hash.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::test;

namespace {

// What a rollout is after its reeve was killed: everything that was saved, and nothing that ran.
std::unique_ptr<Rollout> after_crash(const Rollout& before) {
  auto fresh = std::make_unique<Rollout>(SupervisorOptions{.seed = 99});
  fresh->restore(before.supervisor.save());
  return fresh;
}

PodObject pod_named(const std::string& name, std::optional<Network> network = {}) {
  PodObject object;
  object.metadata.name = name;
  object.spec.network = network;
  object.spec.containers.emplace_back().name = "main";
  object.spec.containers[0].command = {"/bin/app", "pod"};
  return object;
}

ServiceObject service_named(const std::string& name, ServiceType type = ServiceType::cluster_ip) {
  ServiceObject object;
  object.metadata.name = name;
  object.spec.type = type;
  object.spec.selector["app"] = "web";
  object.spec.ports.push_back({"http", Protocol::tcp, 80, std::nullopt, std::nullopt});
  return object;
}

std::string names(const SavedState& state) {
  std::string text;
  for (const auto& each : state.pods) text += each.object.metadata.name + ' ';
  for (const auto& each : state.deployments) text += each.object.metadata.name + ' ';
  for (const auto& each : state.services) text += each.object.metadata.name + ' ';
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(saved_state)

BOOST_AUTO_TEST_CASE(a_rollout_goes_on_where_it_was) {
  Rollout before;
  before.apply(deployment_of(4));
  before.all_ready("v1");
  before.apply(deployment_of(4, "v2"));
  before.one_ready("v2");
  const std::int64_t old_size = before.size("v1"), new_size = before.size("v2");
  BOOST_REQUIRE(old_size > 0);
  BOOST_REQUIRE(new_size > 0);
  const auto after = after_crash(before);
  BOOST_TEST(after->size("v1") == old_size);
  BOOST_TEST(after->size("v2") == new_size);
  BOOST_TEST(std::int64_t(after->pods("v1").size()) == old_size);
  BOOST_TEST(std::int64_t(after->pods("v2").size()) == new_size);
  BOOST_TEST(after->revisions() == "1,2");
  after->all_ready("v1");
  after->all_ready("v2");
  BOOST_TEST(after->size("v1") == 0);
  BOOST_TEST(after->size("v2") == 4);
  BOOST_TEST(after->progressing() == "True NewReplicaSetAvailable");
}

BOOST_AUTO_TEST_CASE(scale_pause_and_revisions_are_as_they_were) {
  Rollout before;
  before.apply(deployment_of(2));
  before.apply(deployment_of(2, "v2"));
  before.all_ready("v2");
  DeploymentObject object = deployment_of(5, "v3");
  object.spec.paused = true;
  object.metadata.annotations["kubernetes.io/change-cause"] = "because";
  before.apply(object);
  const auto after = after_crash(before);
  BOOST_TEST((after->deployment().object() == object));
  BOOST_TEST(after->deployment().generation() == before.deployment().generation());
  BOOST_TEST(after->deployment().revision() == 2);
  BOOST_TEST(after->revisions() == "1,2");
  BOOST_TEST(after->size("v2") == before.size("v2"));
  BOOST_TEST(after->set("v3") == nullptr);
  BOOST_TEST(after->progressing() == "Unknown DeploymentPaused");
}

BOOST_AUTO_TEST_CASE(what_was_undone_by_itself_is_not_tried_again) {
  Rollout before;
  DeploymentObject good = deployment_of(1), bad = deployment_of(1, "v2");
  good.spec.auto_rollback = bad.spec.auto_rollback = true;
  good.spec.progress_deadline = bad.spec.progress_deadline = seconds(60);
  before.apply(good);
  before.all_ready("v1");
  before.apply(bad);
  before.advance(seconds(61));
  BOOST_REQUIRE((before.deployment().object() == good));
  const SavedState saved = before.supervisor.save();
  BOOST_TEST(!saved.deployments[0].rolled_back_from.empty());
  const auto after = after_crash(before);
  BOOST_TEST((after->supervisor.save() == saved));
}

BOOST_AUTO_TEST_CASE(addresses_and_node_ports_are_those_that_were_given) {
  Rollout before;
  ServiceObject taken = service_named("taken");
  taken.spec.cluster_ip = "127.77.1.1";
  before.tell(ObjectApplied{taken});
  before.tell(ObjectApplied{service_named("web", ServiceType::node_port)});
  before.tell(ObjectApplied{pod_named("own", Network::isolated)});
  before.tell(ObjectApplied{pod_named("shared")});
  SavedState saved = before.supervisor.save();
  BOOST_TEST(names(saved) == "own shared taken web ");
  saved.services[1].cluster_ip = "127.77.9.9";  // not what the name alone would give
  saved.services[1].node_ports = {31999};
  saved.pods[0].address = "127.78.9.9";
  Rollout after;
  after.restore(saved);
  BOOST_TEST((after.supervisor.save() == saved));
  BOOST_TEST(after.supervisor.find_pod("default", "own")->pod_ip() == "127.78.9.9");
  BOOST_TEST(after.supervisor.find_pod("default", "shared")->pod_ip() == "127.0.0.1");
  const Service& web = *after.supervisor.services().at({Kind::service, "default", "web"});
  BOOST_TEST(web.addresses(0)[0] == "127.77.9.9:80");
  BOOST_TEST(web.addresses(0)[1] == "0.0.0.0:31999");
}

BOOST_AUTO_TEST_CASE(pods_that_leave_are_not_kept_and_those_that_replace_them_are) {
  Rollout world;
  world.stops_at_once = false;
  world.tell(ObjectApplied{pod_named("gone")});
  world.tell(ObjectApplied{pod_named("changed")});
  world.tell(ObjectDeleted{{Kind::pod, "default", "gone"}, {}});
  PodObject other = pod_named("changed");
  other.spec.containers[0].command = {"/bin/other"};
  world.tell(ObjectApplied{other});
  const SavedState saved = world.supervisor.save();
  BOOST_TEST(names(saved) == "changed ");
  BOOST_TEST((saved.pods[0].object == other));
}

BOOST_AUTO_TEST_CASE(a_shutdown_takes_nothing_away_but_what_is_deleted_in_it) {
  Rollout world;
  world.stops_at_once = false;
  world.tell(ObjectApplied{pod_named("one")});
  world.tell(ObjectApplied{pod_named("two")});
  world.apply(deployment_of(2));
  const SavedState before = world.supervisor.save();
  world.tell(ShutdownRequested{});
  BOOST_TEST((world.supervisor.save() == before));
  const std::uint64_t version = world.supervisor.saved_version();
  world.tell(ObjectDeleted{{Kind::pod, "default", "one"}, {}});
  BOOST_TEST(names(world.supervisor.save()) == "two web ");
  BOOST_TEST(world.supervisor.saved_version() > version);
  world.let_stop();
  BOOST_TEST(world.supervisor.pods().empty());
  BOOST_TEST(names(world.supervisor.save()) == "two web ");
}

BOOST_AUTO_TEST_CASE(the_version_moves_with_what_is_kept_and_with_nothing_else) {
  Rollout world;
  std::uint64_t version = world.supervisor.saved_version();
  const auto moved = [&] { return std::exchange(version, world.supervisor.saved_version()) != version; };
  world.apply(deployment_of(2));
  BOOST_TEST(moved());
  world.all_ready("v1");
  BOOST_TEST(!moved());
  world.apply(deployment_of(2));
  BOOST_TEST(!moved());
  world.apply(deployment_of(2, "v2"));
  BOOST_TEST(moved());
  world.one_ready("v2");
  BOOST_TEST(moved());
  world.all_ready("v2");
  moved();
  world.one_unready("v2");
  world.advance(seconds(100));
  BOOST_TEST(!moved());
}

BOOST_AUTO_TEST_CASE(the_file_wins_where_it_changed_and_what_commands_did_stays_where_it_did_not) {
  const Object web = deployment_of(2), changed = deployment_of(3), pod = pod_named("p"), service = service_named("s");
  const FileChanges first = compare_with_files({}, {&web, &pod, &service});
  BOOST_TEST(first.gone.empty());
  BOOST_REQUIRE(first.changed.size() == 3u);
  BOOST_TEST(first.changed[0] == &service);
  const FileChanges none = compare_with_files(first.written, {&web, &pod, &service});
  BOOST_TEST((none.gone.empty() && none.changed.empty()));
  const FileChanges second = compare_with_files(first.written, {&changed, &pod});
  BOOST_TEST((second.gone == std::vector{ref_of(service)}));
  BOOST_TEST((second.changed == std::vector{&changed}));
  BOOST_TEST(second.written.at(ref_of(web)) == object_hash(changed));
}

BOOST_AUTO_TEST_CASE(what_has_to_end_before_it_is_as_written_does_not_begin) {
  Rollout before;
  before.apply(deployment_of(2));
  DeploymentObject moved = deployment_of(1);
  moved.metadata.name = "moved";
  before.apply(moved);
  for (const char* each : {"same", "changed", "gone"}) before.tell(ObjectApplied{pod_named(each)});
  SavedState state = before.supervisor.save();
  FileChanges changes;
  changes.gone = {{Kind::pod, "default", "gone"}};
  const Object pod = pod_named("changed", Network::isolated), scaled = deployment_of(7);
  moved.spec.selector.match_labels["tier"] = "front";
  moved.spec.pod_template.metadata.labels["tier"] = "front";
  const Object selecting = moved;
  changes.changed = {&pod, &scaled, &selecting};
  leave_out(changes, state);
  BOOST_TEST(names(state) == "same web ");
}

BOOST_AUTO_TEST_CASE(that_nothing_can_be_kept_is_an_event_of_the_node) {
  Rollout world;
  world.tell(StateNotKept{"cannot write /x: No space left on device"});
  BOOST_REQUIRE(world.events.size() == 1u);
  BOOST_TEST((world.events[0].object == ObjectRef{Kind::node, "default", "localhost"}));
  BOOST_TEST((world.events[0].type == EventType::warning));
  world.tell(StateKeptAgain{});
  BOOST_TEST(world.events.back().reason == "StateKept");
}

BOOST_AUTO_TEST_CASE(a_uid_ends_as_it_is_told_to) {
  Rollout world(SupervisorOptions{.uid_ending = "0123456789ab"});
  world.tell(ObjectApplied{pod_named("one")});
  const std::string uid = world.supervisor.pods()[0]->identity().uid;
  BOOST_TEST(uid.size() == 36u);
  BOOST_TEST(uid.ends_with("-0123456789ab"));
}

BOOST_AUTO_TEST_SUITE_END()
