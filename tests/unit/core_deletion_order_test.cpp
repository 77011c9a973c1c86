// Which pods go first when a replica set shrinks.
#include <support/rollout.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::test;

namespace {

// The pods of a deployment by the order of their creation, and which of them are left.
class Shrinking : public Rollout {
 public:
  explicit Shrinking(DeploymentObject object) : object_(std::move(object)) { apply(object_); }

  void resize(std::int32_t replicas) {
    object_.spec.replicas = replicas;
    apply(object_);
  }
  void ready(std::size_t index) { answer(*pod(index), true); }
  const Pod* pod(std::size_t index) const { return pods("v1").at(index); }
  std::vector<PodId> ids() const {
    std::vector<PodId> all;
    for (const Pod* each : pods("v1")) all.push_back(each->id());
    return all;
  }

 private:
  DeploymentObject object_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(core_deletion_order)

BOOST_AUTO_TEST_CASE(unready_before_ready) {
  Shrinking world(deployment_of(4));
  for (const std::size_t each : {0u, 1u, 3u}) world.ready(each);
  const auto before = world.ids();
  world.resize(3);
  BOOST_TEST((world.ids() == std::vector{before[0], before[1], before[3]}));
}

BOOST_AUTO_TEST_CASE(ready_for_less_long_before_ready_for_longer) {
  Shrinking world(deployment_of(3));
  for (const std::size_t each : {1u, 0u, 2u}) {
    world.ready(each);
    world.advance(seconds(100));
  }
  const auto before = world.ids();
  world.resize(2);
  BOOST_TEST((world.ids() == std::vector{before[0], before[1]}));
  world.resize(1);
  BOOST_TEST((world.ids() == std::vector{before[1]}));
}

BOOST_AUTO_TEST_CASE(ages_within_a_power_of_two_are_equal_and_the_uid_decides) {
  Shrinking world(deployment_of(2));
  world.ready(0);
  world.advance(seconds(1));
  world.ready(1);
  world.advance(seconds(1'000'000));
  const Pod* first = world.pod(0);
  const Pod* second = world.pod(1);
  const PodId stays = first->identity().uid < second->identity().uid ? second->id() : first->id();
  world.resize(1);
  BOOST_TEST((world.ids() == std::vector{stays}));
}

BOOST_AUTO_TEST_CASE(a_lower_deletion_cost_before_a_higher_one) {
  constexpr const char* cost = "controller.kubernetes.io/pod-deletion-cost";
  const auto pod = [](std::uint64_t id, const char* value) {
    ObjectMeta metadata;
    metadata.annotations[cost] = value;
    return Pod(PodId{id}, "u" + std::to_string(id), metadata, std::make_shared<const PodSpec>(), std::nullopt,
               "127.0.0.1", {});
  };
  const Pod dear = pod(1, "10"), plain = pod(2, "no number"), cheap = pod(3, "-7");
  DeletionOrder order;
  for (const Pod* each : {&dear, &plain, &cheap}) order.put(*each, false, {});
  BOOST_TEST((order.first(9, {}) == std::vector{PodId{3}, PodId{2}, PodId{1}}));
  order.erase(PodId{2});
  BOOST_TEST((order.first(2, {}) == std::vector{PodId{3}, PodId{1}}));
}

BOOST_AUTO_TEST_CASE(more_restarts_before_fewer) {
  Shrinking world(deployment_of(3));
  world.tell(ContainerExited{*world.pod(1)->containers()[0].live_instance(), {1, 0}});
  BOOST_TEST(world.pod(1)->restart_count() == 1);
  const auto before = world.ids();
  world.resize(2);
  BOOST_TEST((world.ids() == std::vector{before[0], before[2]}));
}

BOOST_AUTO_TEST_CASE(newer_before_older) {
  Shrinking world(deployment_of(1));
  world.advance(seconds(100));
  world.resize(2);
  const PodId oldest = world.ids()[0];
  world.resize(1);
  BOOST_TEST((world.ids() == std::vector{oldest}));
}

// Kubernetes leaves this open; the limits of a rolling update would not hold without it.
BOOST_AUTO_TEST_CASE(ready_and_not_yet_available_before_available) {
  DeploymentObject object = deployment_of(2);
  object.spec.min_ready = seconds(60);
  Shrinking world(object);
  world.ready(0);
  world.advance(seconds(1));
  world.ready(1);
  world.advance(seconds(59) + milliseconds(500));
  BOOST_TEST(world.deployment().counts().available == 1);
  const auto before = world.ids();
  world.resize(1);
  BOOST_TEST((world.ids() == std::vector{before[0]}));
}

BOOST_AUTO_TEST_CASE(the_order_holds_as_pods_change_while_some_go) {
  Shrinking world(deployment_of(6));
  for (std::size_t i = 0; i < 5; ++i) world.ready(i);
  const auto before = world.ids();
  world.resize(5);  // the unready one
  world.resize(6);
  world.one_unready("v1");
  world.resize(4);  // the new one, and the one that failed meanwhile
  BOOST_TEST((world.ids() == std::vector{before[1], before[2], before[3], before[4]}));
}

BOOST_AUTO_TEST_SUITE_END()
