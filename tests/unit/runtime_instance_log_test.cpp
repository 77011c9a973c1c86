// Records and positions: no line torn, each once, losses counted.
#include <reeve/runtime/instance_log.hpp>

#include <boost/test/unit_test.hpp>

namespace reeve::runtime {
namespace {

std::string record(int number) {
  std::string text;
  append_record(text, {std::chrono::system_clock::time_point(std::chrono::nanoseconds(number)),
                       number % 2 == 0 ? LogSource::out : LogSource::err, false, "line " + std::to_string(number)});
  return text;
}

BOOST_AUTO_TEST_SUITE(runtime_instance_log)

BOOST_AUTO_TEST_CASE(records_are_read_back) {
  std::string text = record(255) + record(2);
  BOOST_TEST(text.substr(0, 26) ==
             "00000000000000ff"
             "e line 255");
  std::string_view rest = text;
  LogRecord read;
  BOOST_REQUIRE(take_record(rest, read));
  BOOST_TEST(read.when.time_since_epoch().count() == 255);
  BOOST_TEST((read.source == LogSource::err));
  BOOST_TEST(read.text == "line 255");
  BOOST_REQUIRE(take_record(rest, read));
  BOOST_TEST(!take_record(rest, read));
}

BOOST_AUTO_TEST_CASE(a_reader_sees_each_line_once_or_a_count_of_what_it_lost) {
  for (const int reads_each : {1, 3, 40}) {
    InstanceLog log(1000);
    std::uint64_t position = 0, dropped = 0, read_bytes = 0, written = 0;
    int last = -1;
    for (int i = 0; i < 500; ++i) {
      const std::string text = record(i);
      written += text.size();
      log.append(text);
      if (i % reads_each != 0 && i != 499) continue;
      for (;;) {
        const auto piece = log.read(position, 300);
        if (piece.next == position) break;
        dropped += piece.bytes_dropped;
        read_bytes += piece.records.size();
        position = piece.next;
        std::string_view rest = piece.records;
        for (LogRecord each; take_record(rest, each);) {
          const int number = static_cast<int>(each.when.time_since_epoch().count());
          BOOST_TEST(number > last);
          BOOST_TEST(each.text == "line " + std::to_string(number));
          last = number;
        }
        BOOST_TEST(rest.empty());
      }
    }
    BOOST_TEST(last == 499);
    BOOST_TEST(read_bytes + dropped == written);
    BOOST_TEST((dropped == 0) == (reads_each < 40));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace reeve::runtime
