// What a host gives, in words.
#include <reeve/linux/host_trial.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve::linux;

BOOST_AUTO_TEST_SUITE(host_trial)

BOOST_AUTO_TEST_CASE(capabilities_that_lack_one_say_which) {
  constexpr std::uint64_t all = 0x1ffffffffff;
  constexpr std::uint64_t sys_resource = 1 << 24;
  BOOST_TEST(capability_words(all, all) == "all");
  BOOST_TEST(capability_words(0, all) == "none");
  BOOST_TEST(capability_words(all & ~sys_resource, all) == "all but " + capability_words(sys_resource, all));
  BOOST_TEST(capability_words(sys_resource, all).find("all") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
