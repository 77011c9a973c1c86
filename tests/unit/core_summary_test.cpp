// How things stand in one line, and when a start is over.
#include <reeve/core/start_watch.hpp>
#include <reeve/core/summary.hpp>
#include <support/rollout.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::test;

BOOST_AUTO_TEST_SUITE(core_summary)

BOOST_AUTO_TEST_CASE(counts_ready_pods_and_names_what_is_updated) {
  Rollout world;
  BOOST_TEST(summary(world.supervisor) == "0/0 pods ready");
  world.apply(deployment_of(3));
  BOOST_TEST(summary(world.supervisor) == "0/3 pods ready");
  world.all_ready("v1");
  BOOST_TEST(summary(world.supervisor) == "3/3 pods ready");
  world.apply(deployment_of(3, "v2"));
  BOOST_TEST(summary(world.supervisor) == "3/4 pods ready, web rolling 1/3");
  world.one_ready("v2");
  BOOST_TEST(summary(world.supervisor) == "3/4 pods ready, web rolling 2/3");
}

BOOST_AUTO_TEST_CASE(says_of_an_update_that_it_is_stuck) {
  Rollout world;
  world.apply(deployment_of(1));
  world.all_ready("v1");
  world.apply(deployment_of(1, "v2"));
  world.advance(seconds(601));
  BOOST_TEST(summary(world.supervisor) == "1/2 pods ready, web stuck at 1/1");
}

BOOST_AUTO_TEST_CASE(a_stop_is_in_time_until_grace_and_kill_are_over) {
  Rollout world;
  world.stops_at_once = false;
  world.apply(deployment_of(1));
  world.all_ready("v1");
  world.tell(ShutdownRequested{});
  BOOST_TEST(summary(world.supervisor) == "stopping: 1 pod left");
  BOOST_TEST(stops_in_time(world.supervisor, world.now));
  BOOST_TEST(stops_in_time(world.supervisor, world.now + seconds(39)));
  BOOST_TEST(!stops_in_time(world.supervisor, world.now + seconds(41)));
}

BOOST_AUTO_TEST_CASE(a_start_is_over_when_every_first_start_was_answered) {
  StartWatch watch;
  BOOST_TEST(watch.is_over());
  const auto pod = std::make_shared<const PodIdentity>(PodIdentity{PodId{1}, "default", "web", "uid"});
  watch.note(Effect(StartSandbox{pod, nullptr, "", {}, 0}));
  BOOST_TEST(!watch.is_over());
  watch.note(Input(SandboxStarted{PodId{1}, {}}));
  watch.note(Effect(StartContainer{InstanceId{7}, pod, nullptr, nullptr, nullptr}));
  BOOST_TEST(!watch.is_over());
  watch.note(Input(ContainerStartFailed{InstanceId{7}, "no such file"}));
  BOOST_TEST(watch.is_over());
  watch.note(Effect(StartSandbox{pod, nullptr, "", {}, 0}));
  watch.note(Input(SandboxFailed{PodId{1}, "no namespaces"}));
  BOOST_TEST(watch.is_over());
}

BOOST_AUTO_TEST_SUITE_END()
