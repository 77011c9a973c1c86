// Where an answer ends, however it comes.
#include <reeve/proxy/answers.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

namespace reeve::proxy::test {
namespace {

// Whether it is within an answer after each byte but the last, and between two after that.
void check_ends_with_its_last_byte(const std::string& answer) {
  for (std::size_t first = 1; first < answer.size(); ++first) {
    Answers answers;
    answers.asked("GET / HTTP/1.1\r\n\r\n");
    answers.take(answer.substr(0, first));
    BOOST_TEST(answers.is_within(), answer << ": " << first);
    answers.take(answer.substr(first));
    BOOST_TEST(!answers.is_within(), answer << ": " << first);
    answers.take(answer);
    BOOST_TEST(!answers.is_within());
  }
  Answers bytewise;
  for (const char each : answer) bytewise.take({&each, 1});
  BOOST_TEST(!bytewise.is_within());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(answers)

BOOST_AUTO_TEST_CASE(an_answer_ends_where_it_says) {
  check_ends_with_its_last_byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  check_ends_with_its_last_byte("HTTP/1.1 200 OK\r\ncontent-length:  0 \r\nX: y\r\n\r\n");
  check_ends_with_its_last_byte("HTTP/1.1 204 No Content\r\nX: y\r\n\r\n");
  check_ends_with_its_last_byte("HTTP/1.1 304 Not Modified\r\nContent-Length: 700\r\n\r\n");
  check_ends_with_its_last_byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(one_without_a_length_ends_with_its_connection) {
  Answers answers;
  answers.take("HTTP/1.0 200 OK\r\n\r\nwhole?");
  BOOST_TEST(answers.is_within());
}

BOOST_AUTO_TEST_CASE(head_is_answered_without_a_body) {
  Answers answers;
  answers.asked("HEAD / HTTP/1.1\r\n\r\n");
  answers.take("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  BOOST_TEST(!answers.is_within());
  answers.asked("GET / HTTP/1.1\r\n\r\n");
  answers.take("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  BOOST_TEST(answers.is_within());
}

BOOST_AUTO_TEST_CASE(several_in_one_read_and_what_nobody_looked_at) {
  const std::string one = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  Answers answers;
  answers.take("HTTP/1.1 103 Early Hints\r\n\r\n" + one + one + "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhel");
  BOOST_TEST(answers.is_within());
  answers.skip(46);
  BOOST_TEST(answers.is_within());
  answers.skip(1);
  BOOST_TEST(!answers.is_within());
  answers.take("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  answers.skip(100);  // its end may be in there
  BOOST_TEST(!answers.is_within());
  answers.take(one.substr(0, one.size() - 1));
  BOOST_TEST(answers.is_within());
}

BOOST_AUTO_TEST_CASE(what_is_not_http_tells_nothing) {
  Answers answers;
  for (const char* each : {"+PONG\r\n", "HTTP/2.0 200\r\n", "SSH-2.0-x\r\n"}) {
    answers.take(each);
    BOOST_TEST(!answers.is_within(), each);
  }
  answers.take("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x05hello");
  BOOST_TEST(!answers.is_within());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::proxy::test
