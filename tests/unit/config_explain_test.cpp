#include <reeve/config/explain.hpp>

#include <boost/test/unit_test.hpp>

namespace reeve::config {
namespace {

std::string explained(std::string_view path) {
  const auto text = explain(path);
  return text ? *text : text.error().message();
}

// Every field of every kind can be asked for by its path.
void walk(const std::string& path, const std::vector<FieldInfo>& fields, int& count) {
  for (const FieldInfo& field : fields) {
    const std::string here = path + '.' + field.name;
    BOOST_TEST_CONTEXT(here) {
      BOOST_CHECK(explain(here).has_value());
      BOOST_CHECK(!field.doc.empty());
      BOOST_CHECK(!field.type.empty());
    }
    ++count;
    if (field.fields != nullptr) walk(here, field.fields(), count);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config_explain)

BOOST_AUTO_TEST_CASE(a_field_tells_its_type_default_and_bounds) {
  BOOST_CHECK_EQUAL(explained("pod.spec.containers.livenessProbe.periodSeconds"),
                    "KIND:     pod\n"
                    "FIELD:    spec.containers.livenessProbe.periodSeconds\n"
                    "TYPE:     seconds, whole or a fraction\n"
                    "DEFAULT:  10\n"
                    "BOUNDS:   0 or more\n"
                    "\n"
                    "Seconds from one run to the next (0: the default).\n");
  BOOST_CHECK_EQUAL(
      explained("pod.restartPolicy").find("ALLOWED:  \"Always\", \"OnFailure\", \"Never\"\n") != std::string::npos,
      true);
}

BOOST_AUTO_TEST_CASE(a_table_lists_its_fields) {
  BOOST_CHECK_EQUAL(
      explained("deployment.readinessProbe.tcpSocket"),
      "KIND:     deployment\n"
      "FIELD:    readinessProbe.tcpSocket\n"
      "TYPE:     table\n"
      "\n"
      "Open a TCP connection, then close it.\n"
      "\n"
      "FIELDS:\n"
      "  port  <integer or string>  required  1 to 65535\n"
      "      Port number, or the name of one of the container's ports.\n"
      "  host  <string>\n"
      "      Host to connect to, an address or a name of /etc/hosts; the pod's own address unless set.\n");
}

BOOST_AUTO_TEST_CASE(all_that_is_below_is_told_too) {
  const auto text = explain_recursively("deployment.readinessProbe");
  BOOST_REQUIRE(text);
  BOOST_TEST(text->starts_with("KIND:     deployment\nFIELD:    readinessProbe\nTYPE:     table\n"));
  BOOST_TEST(text->find("\n  tcpSocket  <table>\n      Open a TCP connection, then close it.\n"
                        "    port  <integer or string>  required  1 to 65535\n") != std::string::npos);
  BOOST_TEST(!explain_recursively("deployment.readynessProbe"));
  for (const FieldInfo& kind : explained_kinds()) BOOST_TEST(explain_recursively(kind.name).has_value());
}

BOOST_AUTO_TEST_CASE(an_unknown_field_names_a_near_one) {
  BOOST_CHECK_EQUAL(explained("pod.livenesProbe"),
                    "cannot explain \"livenesProbe\": pod has no such field, did you mean \"livenessProbe\"?");
  BOOST_CHECK_EQUAL(explained("pods"),
                    "cannot explain \"pods\", did you mean \"pod\"? (there are \"pod\", "
                    "\"deployment\", \"service\", \"image\", \"simulate\", \"supervisor\")");
  BOOST_CHECK(!explain("").has_value());
  BOOST_CHECK(!explain("pod..spec").has_value());
  BOOST_CHECK(!explain("pod.").has_value());
}

BOOST_AUTO_TEST_CASE(every_field_can_be_explained) {
  int count = 0;
  for (const FieldInfo& kind : explained_kinds()) {
    BOOST_CHECK(explain(kind.name).has_value());
    walk(kind.name, kind.fields(), count);
  }
  BOOST_CHECK_GT(count, 200);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::config
