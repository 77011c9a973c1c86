// Other labels and annotations of a pod that runs; what objects ask for in vain.
#include <support/hand.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::test;

namespace {

ServiceObject service() {
  ServiceObject object;
  object.metadata.name = "web";
  object.spec.selector["app"] = "web";
  object.spec.ports.push_back({"http", Protocol::tcp, 80, std::nullopt, std::nullopt});
  return object;
}

struct Running : Hand {
  PodObject object = pod_named("web", {container_named("main")});
  Running() {
    tell(ObjectApplied{service()});
    tell(ObjectApplied{object});
    started("main");
    supervisor.keep_changes();
    supervisor.take_changes();
  }
  void label(Labels labels) {
    object.metadata.labels = std::move(labels);
    tell(ObjectApplied{object});
  }
  bool changed(Resource resource) {
    return std::ranges::any_of(changes, [&](const Change& each) { return each.resource == resource; });
  }
  std::vector<Change> changes;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(core_relabel)

BOOST_AUTO_TEST_CASE(labels_change_while_the_pod_goes_on_running) {
  Running world;
  const std::uint64_t version = world.supervisor.version_of(world.pod("web")), saved = world.supervisor.saved_version();
  const PodId before = world.pod("web").id();
  world.object.metadata.annotations["note"] = "here";
  world.label({{"app", "web"}, {"tier", "front"}});
  world.changes = world.supervisor.take_changes();
  BOOST_TEST((world.pod("web").id() == before));
  BOOST_TEST(!world.pod("web").is_terminating());
  BOOST_TEST(world.pod("web").metadata().annotations.at("note") == "here");
  BOOST_TEST(world.supervisor.version_of(world.pod("web")) > version);
  BOOST_TEST(world.supervisor.saved_version() > saved);
  BOOST_TEST(world.changed(Resource::pods));
  BOOST_TEST(world.supervisor.save().pods.at(0).object.metadata.labels.at("tier") == "front");
  world.tell(ObjectApplied{world.object});
  BOOST_TEST(world.supervisor.take_changes().empty());
}

BOOST_AUTO_TEST_CASE(services_cease_and_begin_to_select_it) {
  Running world;
  world.label({{"app", "other"}});
  world.changes = world.supervisor.take_changes();
  BOOST_TEST(world.count<RemoveEndpoint>() == 1u);
  BOOST_TEST(world.changed(Resource::endpoints));
  world.label({{"app", "web"}});
  world.changes = world.supervisor.take_changes();
  BOOST_REQUIRE(world.count<SetEndpoint>() == 1u);
  BOOST_TEST(Hand::of<SetEndpoint>(world.last)[0].ready);
  BOOST_TEST(world.changed(Resource::endpoints));
}

BOOST_AUTO_TEST_CASE(a_pod_that_no_service_knew_is_found) {
  Hand hand;
  hand.tell(ObjectApplied{service()});
  PodObject pod = pod_named("late", {container_named("main")});
  hand.tell(ObjectApplied{pod});
  hand.started("main");
  BOOST_TEST(Hand::of<SetEndpoint>(hand.all).empty());
  pod.metadata.labels["app"] = "web";
  hand.tell(ObjectApplied{pod});
  BOOST_TEST(hand.count<SetEndpoint>() == 1u);
  hand.remove("late");
  BOOST_TEST(hand.count<DrainEndpoint>() == 1u);
}

BOOST_AUTO_TEST_CASE(another_spec_replaces_it_still) {
  Running world;
  world.object.spec.containers[0].command = {"/bin/other"};
  world.tell(ObjectApplied{world.object});
  BOOST_TEST(world.pod("web").is_terminating());
}

BOOST_AUTO_TEST_CASE(what_is_asked_for_in_vain_is_an_event) {
  Hand hand;
  hand.tell(ObjectApplied{pod_named("web", {container_named("main")}), {"spec.x: kept without effect"}});
  BOOST_TEST(hand.told("FieldNotServed: spec.x: kept without effect"));
}

BOOST_AUTO_TEST_SUITE_END()
