#include <reeve/core/time.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;

BOOST_AUTO_TEST_SUITE(time_texts)

BOOST_AUTO_TEST_CASE(durations_read_as_go_prints_them) {
  const std::pair<Duration, const char*> table[] = {
      {Duration{0}, "0s"},
      {Duration{1}, "1ns"},
      {Duration{1'500}, "1.5µs"},
      {milliseconds(250), "250ms"},
      {Duration{999'999'999}, "999.999999ms"},
      {seconds(1), "1s"},
      {milliseconds(1'500), "1.5s"},
      {milliseconds(1'050), "1.05s"},
      {seconds(10), "10s"},
      {seconds(60), "1m0s"},
      {seconds(80), "1m20s"},
      {seconds(160), "2m40s"},
      {seconds(300), "5m0s"},
      {seconds(3600), "1h0m0s"},
      {seconds(90061), "25h1m1s"},
      {-milliseconds(1'500), "-1.5s"},
  };
  for (const auto& [duration, text] : table) BOOST_TEST(go_duration(duration) == text);
}

BOOST_AUTO_TEST_CASE(ages_read_as_kubectl_prints_them) {
  constexpr std::int64_t minute = 60, hour = 3600, day = 24 * hour, year = 365 * day;
  const std::pair<std::int64_t, const char*> table[] = {
      {-2, "<invalid>"},
      {-1, "0s"},
      {0, "0s"},
      {119, "119s"},
      {120, "2m"},
      {190, "3m10s"},
      {9 * minute, "9m"},
      {10 * minute - 1, "9m59s"},
      {10 * minute, "10m"},
      {70 * minute, "70m"},
      {180 * minute - 1, "179m"},
      {180 * minute, "3h"},
      {181 * minute, "3h1m"},
      {8 * hour, "8h"},
      {47 * hour, "47h"},
      {48 * hour, "2d"},
      {2 * day + hour, "2d1h"},
      {8 * day, "8d"},
      {367 * day, "367d"},
      {2 * year, "2y"},
      {2 * year + day, "2y1d"},
      {8 * year, "8y"},
      {9 * year + 5 * day, "9y"},
  };
  for (const auto& [age, text] : table) BOOST_TEST(human_duration(seconds(age)) == text);
  BOOST_TEST(human_duration(milliseconds(-1'999)) == "0s");
}

BOOST_AUTO_TEST_CASE(an_instant_too_far_away_is_the_last_one) {
  const Instant now = Instant{} + seconds(100);
  BOOST_CHECK(later(now, seconds(5)) == now + seconds(5));
  BOOST_CHECK(later(now, Duration::max()) == Instant::max());
  BOOST_CHECK(later(now, seconds(-5)) == now - seconds(5));
}

BOOST_AUTO_TEST_SUITE_END()
