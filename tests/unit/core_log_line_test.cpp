// Lines as JSON: whatever programs print.
#include <reeve/core/log_line.hpp>
#include <reeve/core/utf8.hpp>
#include <runtime/log_stream.hpp>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

using namespace reeve;

namespace {

LogLine line_of(std::string_view message) {
  return {.time = WallTime(std::chrono::nanoseconds(1'767'323'045'123'456'789)),
          .pod = "web",
          .container = "main",
          .stream = "stdout",
          .message = message};
}

// What a reader of the JSON gets back.
std::string read_back(std::string_view message) {
  const auto value = boost::json::parse(json_line(line_of(message)));
  return std::string(value.at("message").as_string());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(core_log_line)

BOOST_AUTO_TEST_CASE(a_line_is_one_object) {
  BOOST_TEST(json_line(line_of("a \"b\"\t\\")) ==
             "{\"time\":\"2026-01-02T03:04:05.123456789Z\",\"level\":\"info\",\"pod\":\"web\",\"container\":\"main\","
             "\"stream\":\"stdout\",\"message\":\"a \\\"b\\\"\\t\\\\\"}\n");
  BOOST_TEST(json_line({.time = {}, .level = "warning", .message = ""}) ==
             "{\"time\":\"1970-01-01T00:00:00.000000000Z\",\"level\":\"warning\",\"message\":\"\"}\n");
}

BOOST_AUTO_TEST_CASE(any_bytes_make_json_on_one_line) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = std::string("a") + static_cast<char>(byte) + "b";
    const std::string json = json_line(line_of(text));
    BOOST_TEST(json.find('\n') == json.size() - 1);
    BOOST_TEST(read_back(text) == (byte < 0x80 ? text
                                               : "a\xef\xbf\xbd"
                                                 "b"));
  }
  BOOST_TEST(read_back("h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80") == "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
  BOOST_TEST(read_back("\xed\xa0\x80") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

BOOST_AUTO_TEST_CASE(a_cut_line_says_so) {
  LogLine line = line_of("x");
  line.is_partial = true;
  BOOST_TEST(boost::json::parse(json_line(line)).at("partial").as_bool());
}

BOOST_AUTO_TEST_CASE(a_character_that_is_not_whole_yet_is_known) {
  BOOST_TEST(unfinished_utf8("") == 0u);
  BOOST_TEST(unfinished_utf8("abc") == 0u);
  BOOST_TEST(unfinished_utf8("a\xc3\xa9") == 0u);
  BOOST_TEST(unfinished_utf8("a\xc3") == 1u);
  BOOST_TEST(unfinished_utf8("a\xe2\x82") == 2u);
  BOOST_TEST(unfinished_utf8("a\xf0\x9f\x98") == 3u);
  BOOST_TEST(unfinished_utf8("\x98\x98\x98\x98") == 0u);
  BOOST_TEST(unfinished_utf8("\xff") == 0u);
}

BOOST_AUTO_TEST_CASE(a_huge_line_is_cut_between_characters_and_nothing_is_lost) {
  using runtime::LineSplitter;
  std::string text;
  while (text.size() < 5 * LineSplitter::line_bytes_max) text += "a\xe2\x82\xac\xf0\x9f\x98\x80";
  std::string joined;
  std::size_t pieces = 0;
  LineSplitter splitter;
  const auto take = [&](std::string_view line, LineSplitter::LineEnd end) {
    BOOST_TEST(line.size() <= LineSplitter::line_bytes_max);
    BOOST_TEST((valid_utf8(line) == line));
    BOOST_TEST((end == (joined.size() + line.size() == text.size() ? LineSplitter::LineEnd::newline
                                                                   : LineSplitter::LineEnd::cut)));
    joined += line;
    pieces += 1;
  };
  splitter.feed(text + "\n", take);
  splitter.finish(take);
  BOOST_TEST((joined == text));
  BOOST_TEST(pieces >= 5u);
}

BOOST_AUTO_TEST_SUITE_END()
