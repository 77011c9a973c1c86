#include <reeve/core/backoff.hpp>

#include <support/hand.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;

namespace {

// The waits before each start of a container that lives for `life` and then ends by itself.
std::vector<std::int64_t> waits(const RestartBackoff& policy, Duration life, int count) {
  Backoff backoff(policy);
  Instant now{};
  std::vector<std::int64_t> all;
  for (int i = 0; i < count; ++i) {
    now += life;
    const Instant ended = now;
    now = std::max(now, backoff.start_allowed_at(ended, now));
    all.push_back(whole_seconds(now - ended));
    backoff.count_start(ended, now);
  }
  return all;
}

void check_waits(const RestartBackoff& policy, Duration life, std::vector<std::int64_t> wanted) {
  const auto found = waits(policy, life, static_cast<int>(wanted.size()));
  BOOST_TEST(found == wanted, boost::test_tools::per_element());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(back_off)

BOOST_AUTO_TEST_CASE(the_first_restart_is_at_once_and_each_wait_doubles_up_to_the_cap) {
  check_waits({}, Duration{0}, {0, 10, 20, 40, 80, 160, 300, 300, 300});
}

BOOST_AUTO_TEST_CASE(a_run_up_to_the_reset_time_does_not_reset) {
  check_waits({}, seconds(600), {0, 10, 20, 40, 80, 160, 300, 300});
}

BOOST_AUTO_TEST_CASE(a_run_longer_than_the_reset_time_starts_the_waits_anew) {
  check_waits({}, seconds(600) + Duration{1}, {0, 0, 0, 0});
}

BOOST_AUTO_TEST_CASE(time_spent_waiting_does_not_reset) {
  check_waits({.initial = seconds(700), .factor = 2, .max = seconds(700), .reset = seconds(600)}, seconds(1),
              {0, 700, 700, 700});
}

BOOST_AUTO_TEST_CASE(the_policy_may_be_overridden) {
  check_waits({.initial = seconds(1), .factor = 3, .max = seconds(20), .reset = seconds(60)}, Duration{0},
              {0, 1, 3, 9, 20, 20});
  check_waits({.initial = seconds(10), .factor = 1, .max = seconds(300), .reset = seconds(60)}, Duration{0},
              {0, 10, 10, 10});
  check_waits({.initial = Duration{0}, .factor = 2, .max = seconds(300), .reset = seconds(60)}, Duration{0},
              {0, 0, 0, 0});
}

BOOST_AUTO_TEST_CASE(no_wait_is_longer_than_the_cap_not_even_the_first) {
  check_waits({.initial = seconds(50), .factor = 2, .max = seconds(7), .reset = seconds(60)}, Duration{0}, {0, 7, 7});
}

BOOST_AUTO_TEST_CASE(a_huge_factor_or_cap_does_not_overflow) {
  const RestartBackoff policy{.initial = seconds(10), .factor = 1e300, .max = Duration::max(), .reset = seconds(600)};
  Backoff backoff(policy);
  const Instant now = Instant{} + seconds(5);
  backoff.count_start(now, now);
  backoff.count_start(now, now);
  BOOST_CHECK(backoff.delay() == Duration::max());
  BOOST_CHECK(backoff.start_allowed_at(now, now) == Instant::max());
}

BOOST_AUTO_TEST_CASE(a_start_is_allowed_at_the_very_end_of_the_wait) {
  const RestartBackoff policy;
  Backoff backoff(policy);
  const Instant ended = Instant{} + seconds(5);
  BOOST_CHECK(!backoff.delay());
  backoff.count_start(ended, ended);
  BOOST_CHECK(backoff.delay() == seconds(10));
  BOOST_CHECK(backoff.start_allowed_at(ended + seconds(3), ended + seconds(3)) == ended + seconds(13));
}

BOOST_AUTO_TEST_SUITE_END()
