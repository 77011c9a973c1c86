#include <reeve/core/expand.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;

BOOST_AUTO_TEST_CASE(variables_are_replaced_as_kubernetes_does) {
  const std::vector<NameValue> variables{{"A", "1"}, {"B", "two"}, {"A", "last"}};
  struct Case {
    std::string text, wanted;
  };
  for (const Case& each : std::vector<Case>{{"$(A)", "last"},
                                            {"x$(B)y$(B)", "xtwoytwo"},
                                            {"$(UNKNOWN)", "$(UNKNOWN)"},
                                            {"$$(A)", "$(A)"},
                                            {"$$$(A)", "$last"},
                                            {"$A $", "$A $"},
                                            {"$(A", "$(A"},
                                            {"$()", "$()"},
                                            {"", ""}}) {
    BOOST_TEST(expand(each.text, variables) == each.wanted, each.text);
  }
}

BOOST_AUTO_TEST_CASE(a_variable_sees_those_before_it_and_replaces_its_namesake) {
  const auto all = expand_environment({{"PATH", "/bin"}}, {{"B", "$(A)"}, {"A", "1"}, {"PATH", "/opt:$(PATH)"}});
  BOOST_TEST(all.size() == 3u);
  BOOST_TEST(all[0].value == "/opt:/bin");
  BOOST_TEST(all[1].value == "$(A)");
}
