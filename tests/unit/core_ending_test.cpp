// When reeve ends by itself, and with which exit code.
#include <support/hand.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;
using namespace reeve::test;

namespace {

PodObject job(const std::string& name) {
  PodObject pod = pod_named(name, {container_named(name)});
  pod.spec.restart_policy = RestartPolicy::never;
  return pod;
}

PodObject daemon(const std::string& name) { return pod_named(name, {container_named(name)}); }

struct Ending : Hand {
  explicit Ending(std::string exit_code_from = {}) {
    supervisor.set_end_rule({OnPodsFinished::exit, std::move(exit_code_from)});
  }
  void apply(const PodObject& pod) { tell(ObjectApplied{pod}); }
  void start(const PodObject& pod) {
    apply(pod);
    started(pod.metadata.name);
  }
  // The exit code, or -1 while it runs.
  int code() const {
    const auto exits = of<Exit>(all);
    BOOST_TEST(exits.size() <= 1u);
    return exits.empty() ? -1 : exits.front().code;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(ending)

BOOST_AUTO_TEST_CASE(unless_it_is_told_so_reeve_runs_on) {
  Hand hand;
  hand.tell(ObjectApplied{job("job")});
  hand.started("job");
  hand.exits("job", 3);
  hand.tell(Ticked{});
  BOOST_TEST(Hand::of<Exit>(hand.all).empty());
  hand.supervisor.set_end_rule({OnPodsFinished::exit, {}});
  hand.tell(Ticked{});
  BOOST_TEST(Hand::of<Exit>(hand.all).size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_last_that_failed_decides) {
  Ending reeve;
  for (const char* name : {"one", "two", "three"}) reeve.start(job(name));
  reeve.exits("two", 5);
  reeve.now += seconds(1);
  reeve.exits("one", 4);
  reeve.now += seconds(1);
  BOOST_TEST(reeve.code() == -1);
  reeve.exits("three", 0);
  BOOST_TEST(reeve.code() == 4);
}

BOOST_AUTO_TEST_CASE(where_none_failed_it_is_0) {
  Ending reeve;
  reeve.start(job("one"));
  reeve.exits("one", 0);
  BOOST_TEST(reeve.code() == 0);
}

BOOST_AUTO_TEST_CASE(a_signal_is_128_and_its_number) {
  Ending reeve;
  reeve.start(job("one"));
  reeve.dies("one", 9);
  BOOST_TEST(reeve.code() == 137);
}

BOOST_AUTO_TEST_CASE(a_program_that_is_not_there_is_a_failure) {
  Ending reeve;
  reeve.apply(job("one"));
  reeve.tell(ContainerStartFailed{Hand::of<StartContainer>(reeve.all).back().instance, "cannot execute /one"});
  BOOST_TEST(reeve.code() == 128);
}

BOOST_AUTO_TEST_CASE(a_pod_that_its_deadline_ended_has_failed_however_its_program_took_it) {
  Ending reeve;
  PodObject pod = daemon("one");
  pod.spec.active_deadline = seconds(10);
  reeve.start(pod);
  reeve.now += seconds(10);
  reeve.tell(Ticked{});
  reeve.exits("one", 0);
  BOOST_TEST(reeve.code() == 1);
}

BOOST_AUTO_TEST_CASE(what_failed_before_and_succeeded_then_has_not_failed) {
  Ending reeve;
  PodObject pod = job("one");
  pod.spec.restart_policy = RestartPolicy::on_failure;
  reeve.start(pod);
  reeve.exits("one", 7);
  BOOST_TEST(reeve.code() == -1);
  reeve.now += seconds(30);
  reeve.tell(Ticked{});
  reeve.started("one");
  reeve.exits("one", 0);
  BOOST_TEST(reeve.code() == 0);
}

BOOST_AUTO_TEST_CASE(of_several_containers_the_last_that_failed_counts_and_no_sidecar) {
  Ending reeve;
  PodObject pod = pod_named("pod", {container_named("first"), container_named("second")}, {sidecar_named("side")});
  pod.spec.restart_policy = RestartPolicy::never;
  reeve.apply(pod);
  for (const char* name : {"side", "first", "second"}) reeve.started(name);
  reeve.exits("first", 6);
  reeve.now += seconds(1);
  reeve.exits("second", 0);
  BOOST_TEST(reeve.code() == -1);
  reeve.dies("side", 15);
  BOOST_TEST(reeve.code() == 6);
}

BOOST_AUTO_TEST_CASE(while_one_runs_or_a_deployment_is_there_nothing_ends) {
  Ending reeve;
  reeve.start(job("one"));
  DeploymentObject deployment;
  deployment.metadata.name = "web";
  deployment.spec.replicas = 0;
  deployment.spec.selector.match_labels["app"] = "web";
  deployment.spec.pod_template.metadata.labels["app"] = "web";
  deployment.spec.pod_template.spec.containers.push_back(container_named("web"));
  reeve.tell(ObjectApplied{deployment});
  reeve.exits("one", 3);
  BOOST_TEST(reeve.code() == -1);
  reeve.tell(ObjectDeleted{{Kind::deployment, "default", "web"}, std::nullopt});
  BOOST_TEST(reeve.code() == 3);
}

BOOST_AUTO_TEST_CASE(nothing_to_run_is_no_end) {
  Ending reeve;
  reeve.tell(Ticked{});
  BOOST_TEST(reeve.code() == -1);
  reeve.start(job("one"));
  reeve.tell(ObjectDeleted{{Kind::pod, "default", "one"}, std::nullopt});
  reeve.dies("one", 15);
  BOOST_TEST(reeve.supervisor.pods().empty());
  BOOST_TEST(reeve.code() == -1);
}

BOOST_AUTO_TEST_CASE(a_changed_pod_is_waited_for) {
  Ending reeve;
  reeve.start(job("one"));
  PodObject changed = job("one");
  changed.spec.containers[0].command.push_back("again");
  reeve.apply(changed);
  reeve.dies("one", 15);
  BOOST_TEST(reeve.code() == -1);
  reeve.started("one");
  reeve.exits("one", 2);
  BOOST_TEST(reeve.code() == 2);
}

BOOST_AUTO_TEST_CASE(the_pod_that_is_named_decides_at_once_and_the_others_stop_in_order) {
  Ending reeve("app");
  reeve.start(daemon("db"));
  PodObject app = job("app");
  app.spec.depends_on = {"db"};
  reeve.start(app);
  reeve.start(job("other"));
  reeve.exits("other", 9);
  BOOST_TEST(reeve.code() == -1);
  reeve.exits("app", 42);
  BOOST_TEST(reeve.code() == -1);
  BOOST_TEST(reeve.supervisor.is_shutting_down());
  BOOST_TEST(reeve.signalled("db"));
  reeve.dies("db", 15);
  BOOST_TEST(reeve.code() == 42);
}

BOOST_AUTO_TEST_CASE(what_was_asked_for_ends_with_0) {
  Ending reeve("app");
  reeve.start(job("app"));
  reeve.tell(ShutdownRequested{});
  reeve.dies("app", 15);
  BOOST_TEST(reeve.code() == 0);
}

BOOST_AUTO_TEST_CASE(it_says_who_decided) {
  Ending reeve;
  reeve.start(job("one"));
  reeve.exits("one", 3);
  const auto events = Hand::of<ReportEvent>(reeve.all);
  BOOST_REQUIRE(!events.empty());
  const auto said = std::ranges::find(events, "PodsFinished", [](const auto& each) { return each.event.reason; });
  BOOST_REQUIRE((said != events.end()));
  BOOST_TEST(said->event.message == "every pod has finished, and the last that failed is pod/one: its exit code is 3");
}

BOOST_AUTO_TEST_SUITE_END()
