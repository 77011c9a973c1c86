// Host names as hosts(5) gives them, and what a machine's signals ask for.
#include <reeve/linux/hosts.hpp>
#include <reeve/linux/machine.hpp>

#include <boost/test/unit_test.hpp>

#include <csignal>

using namespace reeve::linux;

BOOST_AUTO_TEST_SUITE(hosts)

BOOST_AUTO_TEST_CASE(the_first_line_that_holds_the_name_counts) {
  const std::string text =
      "# 192.0.2.1 web\n"
      "127.0.0.1\tlocalhost\n"
      "   192.0.2.2 web.example  Web # a comment api\r\n"
      "2001:db8::1 web db\n"
      "192.0.2.3 last";
  BOOST_TEST(address_in(text, "localhost").value_or("") == "127.0.0.1");
  BOOST_TEST(address_in(text, "web").value_or("") == "192.0.2.2");
  BOOST_TEST(address_in(text, "WEB.example").value_or("") == "192.0.2.2");
  BOOST_TEST(address_in(text, "db").value_or("") == "2001:db8::1");
  BOOST_TEST(address_in(text, "last").value_or("") == "192.0.2.3");
  for (const char* none : {"api", "192.0.2.2", "we", "webs", "", "#"}) BOOST_TEST(!address_in(text, none), none);
  BOOST_TEST(!address_in("", "web"));
}

BOOST_AUTO_TEST_CASE(localhost_is_known_everywhere) {
  BOOST_TEST(find_address("localhost").has_value());
  BOOST_TEST(!find_address("no-such-host.example").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(machine)

BOOST_AUTO_TEST_CASE(a_program_among_others_is_no_machines_init) { BOOST_TEST(!is_machine_init()); }

BOOST_AUTO_TEST_CASE(signals_mean_what_they_mean_to_systemd) {
  for (const int each : {SIGTERM, SIGQUIT, SIGPWR, SIGRTMIN + 4}) {
    BOOST_TEST((machine_end_of(each) == MachineEnd::power_off), each);
  }
  for (const int each : {SIGINT, SIGRTMIN + 5}) BOOST_TEST((machine_end_of(each) == MachineEnd::reboot), each);
  BOOST_TEST((machine_end_of(SIGRTMIN + 3) == MachineEnd::halt));
}

BOOST_AUTO_TEST_SUITE_END()
