// Which deployments select each other's pods.
#include <reeve/core/selector_index.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;

namespace {

DeploymentObject named(const std::string& name, Labels selector, Labels labels) {
  DeploymentObject object;
  object.metadata.name = name;
  object.spec.selector.match_labels = std::move(selector);
  object.spec.pod_template.metadata.labels = std::move(labels);
  return object;
}

std::string names(const SelectorIndex& index, const DeploymentObject& object) {
  std::string text;
  for (const ObjectRef& each : index.overlapping(object)) text += (text.empty() ? "" : " ") + each.name;
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(core_selector_index)

BOOST_AUTO_TEST_CASE(either_may_select_the_others_pods) {
  SelectorIndex index;
  const DeploymentObject wide = named("wide", {{"app", "web"}}, {{"app", "web"}, {"tier", "a"}});
  const DeploymentObject narrow = named("narrow", {{"app", "web"}, {"tier", "a"}}, {{"app", "web"}, {"tier", "a"}});
  const DeploymentObject other = named("other", {{"app", "web"}, {"tier", "b"}}, {{"app", "web"}, {"tier", "b"}});
  for (const auto* each : {&wide, &narrow, &other}) index.put(*each);
  BOOST_TEST(names(index, wide) == "narrow other");
  BOOST_TEST(names(index, narrow) == "wide");
  BOOST_TEST(names(index, other) == "wide");
  BOOST_TEST(names(index, named("late", {{"tier", "b"}}, {{"tier", "b"}})) == "other");
}

BOOST_AUTO_TEST_CASE(what_changed_or_went_is_not_found_as_it_was) {
  SelectorIndex index;
  const DeploymentObject one = named("one", {{"app", "web"}}, {{"app", "web"}});
  const DeploymentObject two = named("two", {{"app", "web"}}, {{"app", "web"}});
  index.put(one);
  BOOST_TEST(names(index, two) == "one");
  index.put(named("one", {{"app", "db"}}, {{"app", "db"}}));
  BOOST_TEST(names(index, two) == "");
  index.put(one);
  index.erase({Kind::deployment, "default", "one"});
  BOOST_TEST(names(index, two) == "");
}

BOOST_AUTO_TEST_CASE(another_namespace_is_another_world) {
  SelectorIndex index;
  DeploymentObject one = named("one", {{"app", "web"}}, {{"app", "web"}});
  index.put(one);
  one.metadata.name_space = "other";
  BOOST_TEST(names(index, one) == "");
}

BOOST_AUTO_TEST_SUITE_END()
