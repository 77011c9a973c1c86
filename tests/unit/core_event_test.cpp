// Events: counting alike ones, folding many similar ones, forgetting old ones (section 9.2).
#include <reeve/core/event.hpp>

#include <boost/test/unit_test.hpp>

using namespace reeve;

namespace {

Event event(std::string message, std::string field_path = "spec.containers{main}",
            std::string_view reason = "Unhealthy") {
  return {.object = {Kind::pod, "default", "web"},
          .field_path = std::move(field_path),
          .type = EventType::warning,
          .reason = reason,
          .message = std::move(message),
          .source = source::kubelet};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(event_log)

BOOST_AUTO_TEST_CASE(alike_events_are_one_that_is_counted) {
  EventLog log;
  Instant now{};
  for (int i = 0; i < 3; ++i, now += seconds(5)) log.record(event("no"), now);
  BOOST_REQUIRE(log.events().size() == 1u);
  const Event& stored = log.events().front();
  BOOST_TEST(stored.count == 3);
  BOOST_CHECK(stored.first == Instant{});
  BOOST_CHECK(stored.last == Instant{} + seconds(10));
}

BOOST_AUTO_TEST_CASE(another_message_container_or_reason_is_another_event) {
  EventLog log;
  log.record(event("no"), {});
  log.record(event("yes"), {});
  log.record(event("no", "spec.containers{other}"), {});
  log.record(event("no", "spec.containers{main}", "Killing"), {});
  BOOST_TEST(log.events().size() == 4u);
}

BOOST_AUTO_TEST_CASE(from_the_tenth_different_message_on_they_are_folded_into_one) {
  EventLog log;
  for (int i = 1; i <= 9; ++i)
    BOOST_TEST(log.record(event("m" + std::to_string(i)), {}).message == "m" + std::to_string(i));
  BOOST_TEST(log.record(event("m10"), {}).message == "(combined from similar events): m10");
  const Event& folded = log.record(event("m11"), {});
  BOOST_TEST(folded.message == "(combined from similar events): m11");
  BOOST_TEST(folded.count == 2);
  BOOST_TEST(log.events().size() == 10u);
}

BOOST_AUTO_TEST_CASE(a_gap_of_more_than_ten_minutes_ends_the_folding) {
  EventLog log;
  for (int i = 1; i <= 12; ++i) log.record(event("m" + std::to_string(i)), {});
  BOOST_TEST(log.record(event("x"), Instant{} + seconds(600)).message == "(combined from similar events): x");
  BOOST_TEST(log.record(event("y"), Instant{} + seconds(1201)).message == "y");
}

BOOST_AUTO_TEST_CASE(an_event_lives_one_hour_after_its_last_time) {
  EventLog log;
  log.record(event("old"), {});
  log.record(event("kept"), {});
  log.record(event("kept"), Instant{} + seconds(10));
  log.record(event("new"), Instant{} + seconds(3605));
  BOOST_TEST(log.events().size() == 2u);
  BOOST_TEST(log.events().front().message == "kept");
  BOOST_TEST(log.record(event("old"), Instant{} + seconds(3605)).count == 1);
}

BOOST_AUTO_TEST_CASE(of_too_many_events_the_one_not_seen_for_longest_goes) {
  EventLog log(3);
  for (const char* message : {"a", "b", "c"}) log.record(event(message), {});
  log.record(event("d"), {});
  BOOST_TEST(log.events().size() == 3u);
  BOOST_TEST(log.events().front().message == "b");
  BOOST_TEST(log.about({Kind::pod, "default", "web"}).size() == 3u);
  BOOST_TEST(log.about({Kind::pod, "other", "web"}).empty());
}

// A full log must not lose its oldest event to a repetition of one that it holds.
BOOST_AUTO_TEST_CASE(counting_an_event_in_a_full_log_drops_no_other) {
  EventLog log(3);
  for (const char* message : {"a", "b", "c"}) log.record(event(message), {});
  BOOST_TEST(log.record(event("a"), {}).count == 2);
  BOOST_TEST(log.events().size() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
