#include <linux/support.hpp>

#include <reeve/linux/clock.hpp>
#include <reeve/linux/log_ring.hpp>

using namespace reeve::linux;

BOOST_AUTO_TEST_SUITE(log_ring)

BOOST_AUTO_TEST_CASE(a_silent_ring_has_no_descriptor) {
  const int before = test::count_descriptors();
  LogRing ring;
  BOOST_TEST(ring.read_all().value() == "");
  BOOST_TEST(test::count_descriptors() == before);
  BOOST_TEST(ring.append(std::string_view("x")).has_value());
  BOOST_TEST(test::count_descriptors() == before + 1);
}

BOOST_AUTO_TEST_CASE(all_is_kept_while_it_fits) {
  LogRing ring(10);
  BOOST_TEST(ring.append(std::string_view("no newline")).has_value());
  BOOST_TEST(ring.read_all().value() == "no newline");
  BOOST_TEST(ring.bytes_dropped() == 0u);
}

BOOST_AUTO_TEST_CASE(a_full_ring_starts_at_a_line) {
  LogRing ring(12);
  BOOST_TEST(ring.append(std::string_view("one\ntwo\nthree\n")).has_value());  // 14 bytes: "on" goes
  BOOST_TEST(ring.read_all().value() == "two\nthree\n");
  BOOST_TEST(ring.bytes_dropped() == 2u);
  BOOST_TEST(ring.append(std::string_view("four\n")).has_value());  // exactly "three\nfour\n" and one byte more
  BOOST_TEST(ring.read_all().value() == "three\nfour\n");
}

BOOST_AUTO_TEST_CASE(a_line_that_just_fits_is_not_lost) {
  LogRing ring(8);
  BOOST_TEST(ring.append(std::string_view("gone\n1234567\n")).has_value());
  BOOST_TEST(ring.read_all().value() == "1234567\n");
}

BOOST_AUTO_TEST_CASE(a_line_longer_than_the_ring_keeps_its_end) {
  LogRing ring(4);
  BOOST_TEST(ring.append(std::string_view("0123456789")).has_value());
  BOOST_TEST(ring.read_all().value() == "6789");
  BOOST_TEST(ring.bytes_dropped() == 6u);
}

// Whatever the sizes of the pieces, what is read is a tail of what was written that begins a line.
BOOST_AUTO_TEST_CASE(any_pieces_give_the_same_tail) {
  std::string written;
  LogRing ring(100);
  for (int line = 0; line < 500; ++line) {
    const std::string text = std::string(static_cast<std::size_t>(line * 7 % 23), 'a') + std::to_string(line) + "\n";
    const std::size_t half = text.size() / 2;
    BOOST_TEST(ring.append(std::string_view(text).substr(0, half)).has_value());
    BOOST_TEST(ring.append(std::string_view(text).substr(half)).has_value());
    written += text;
    const std::string kept = ring.read_all().value();
    BOOST_TEST(written.ends_with(kept));
    const bool at_line = kept.size() == written.size() || written[written.size() - kept.size() - 1] == '\n';
    BOOST_TEST(at_line);
    const bool no_more_would_fit = kept.size() == written.size() || kept.size() + 27 > 100;
    BOOST_TEST(no_more_would_fit);
  }
  BOOST_TEST(ring.bytes_dropped() == written.size() - 100);
}

BOOST_AUTO_TEST_CASE(clocks_and_chance) {
  const auto before = monotonic_now();
  BOOST_TEST((monotonic_now() >= before));
  BOOST_TEST((wall_now().time_since_epoch() > std::chrono::hours(24 * 365 * 50)));
  BOOST_TEST(entropy_seed() != entropy_seed());
}

BOOST_AUTO_TEST_SUITE_END()
