#include <reeve/core/address_pool.hpp>

#include <boost/test/unit_test.hpp>

#include <set>

using namespace reeve;

BOOST_AUTO_TEST_SUITE(core_address_pool)

BOOST_AUTO_TEST_CASE(a_name_has_the_same_address_again) {
  AddressPool one("127.78"), other("127.78");
  const std::string address = one.hold("default/web");
  BOOST_TEST(address.starts_with("127.78."));
  BOOST_TEST(other.hold("default/web") == address);
  one.release("default/web");
  BOOST_TEST(one.hold("default/web") == address);
}

BOOST_AUTO_TEST_CASE(who_holds_a_name_too_has_its_address) {
  AddressPool pool("127.77");
  const std::string address = pool.hold("a/db");
  BOOST_TEST(pool.hold("a/db") == address);
  pool.release("a/db");
  BOOST_TEST(pool.of("a/db") == address);
}

BOOST_AUTO_TEST_CASE(a_taken_address_is_stepped_over_until_it_is_free) {
  AddressPool probe("127.77"), pool("127.77");
  const std::string address = probe.hold("default/web");
  pool.occupy(address);
  pool.occupy(address);
  BOOST_TEST(pool.hold("default/web") != address);
  pool.release("default/web");
  pool.vacate(address);
  BOOST_TEST(pool.hold("default/web") != address);
  pool.release("default/web");
  pool.vacate(address);
  BOOST_TEST(pool.hold("default/web") == address);
}

BOOST_AUTO_TEST_CASE(twenty_thousand_names_have_as_many_addresses_none_of_them_reserved) {
  AddressPool pool("127.77");
  std::set<std::string> addresses;
  for (int i = 0; i < 20'000; ++i) addresses.insert(pool.hold("default/" + std::to_string(i)));
  BOOST_TEST(addresses.size() == 20'000u);
  for (const std::string& each : addresses) {
    if (each.ends_with(".0") || each.ends_with(".255") || each.starts_with("127.77.255.")) BOOST_ERROR(each);
  }
}

BOOST_AUTO_TEST_SUITE_END()
